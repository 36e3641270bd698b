"""Held-out likelihood of a VAE on binarised MNIST, by importance samples, in the protocol of pythae's table."""

import numpy as np

from vaekit import VAE
from vaekit.evaluation import importance_nll
from vaekit.experiments._claims import Claim, Finding
from vaekit.experiments._study import Data, Study, StudyRun
from vaekit.experiments._tables import Table
from vaekit.experiments.studies._pictures import load_pictures, needs
from vaekit.nn import MLP

PUBLISHED = 89.78
ONE_LAYER = {"n_components": 40, "network": MLP(hidden_layer_sizes=(400,)), "batch_size": 100, "warmup": 0,
             "likelihood": "bernoulli"}  # fmt: skip
DATA = {  # how often images are binarised anew, and how long all of these copies are trained on
    "paper": ({"name": "mnist", "n_rows": 60_000, "n_copies": 10, "n_test": 10_000, "n_draws": 200}, 50),
    "small": ({"name": "mnist", "n_rows": 30_000, "n_copies": 2, "n_test": 300, "n_draws": 200}, 8),
    "smoke": ({"name": "digits", "n_rows": 200, "n_copies": 2, "n_test": 20, "n_draws": 5}, 1),
}
METHODS = {"VAE": "normal", "DPVAE": "decoupled"}


def runs(scale):
    """The source's model, and its twin with a decoupled prior."""
    data, n_epochs = DATA[scale]
    tiny = {"network": MLP(hidden_layer_sizes=(8,)), "n_components": 3} if scale == "smoke" else {}
    return [
        StudyRun({"method": method}, VAE(**{**ONE_LAYER, **tiny, "prior": prior, "max_epochs": n_epochs}), data, seed)
        for method, prior in METHODS.items() for seed in range(1 if scale == "smoke" else 3)
    ]  # fmt: skip


def load(data, folder):
    """Copies of the images, each pixel drawn by its grey value; test images drawn once."""
    pictures, rng = load_pictures(data, folder), np.random.default_rng(0)
    copies = [binarised(pictures.X, rng) for _ in range(data["n_copies"])]
    return Data(np.concatenate(copies), more={"test": binarised(pictures["test"][: data["n_test"]], rng)})


def binarised(images, rng):
    """Zeros and ones."""
    white = 255 if images.dtype == np.uint8 else 1
    return (rng.random(images.shape, dtype=np.float32) * white < images).astype(np.uint8)


def measure(model, data, run):
    """Nats per image."""
    nll = importance_nll(model, data["test"], run.data["n_draws"], random_state=run.seed)
    return {"nll": nll.value, "of_rows": nll.standard_error, "elbo": model.score(data["test"]), "bias": nll.bias}


def reaches(frame):
    """Test that the VAE is as good as published, within a nat."""
    ours = frame[frame.method == "VAE"].nll
    if ours.empty:
        return None
    said = f"{', '.join(f'{one:.2f}' for one in ours)} ({len(ours)} seeds)"
    return Finding(bool(abs(ours.mean() - PUBLISHED) <= 1), said)


STUDY = Study(
    name="mnist_likelihood",
    title="Likelihood of binarised MNIST",
    source='C. Chadebec, L. Vincent, S. Allassonnière, "Pythae", NeurIPS 2022, https://arxiv.org/abs/2206.08309, table '
    "of reproduced results",
    runs=runs,
    load=load,
    measure=measure,
    claims=[Claim(f"negative log-likelihood of a VAE is {PUBLISHED}, within a nat", "table of reproduced results",
                  reaches)],
    tables=[Table("Nats per test image", ["method"], {"nll": "negative log-likelihood:.2f", "elbo": "bound:.2f",
                  "of_rows": "standard error over rows:.2f", "bias": "bias of so few draws:.2f"},
                  {("VAE",): {"nll": f"{PUBLISHED} (paper 89.9)"}})],
    needs=needs("mnist"),
    differs="The source's images are binarised once, and its file is not here: these are drawn anew, which gives "
    "another number. Training sees ten such draws of each image, in turn, 500 passes in all (`small`: two draws of "
    "half of the images, 16 passes). Adam's rate is 1e-3. Test images: all (`small`: the first 300). The "
    "bias stays empty where a few draws outweigh the others: it cannot be told then.",
)  # fmt: skip
