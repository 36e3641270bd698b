"""Six ways to codes of dSprites, by what their codes tell of the factors: short runs on small images."""

from sklearn.base import clone

from vaekit import PCL, VAE, BetaTCVAE, FactorVAE, SlowVAE, TripodVAE
from vaekit.datasets import make_transitions
from vaekit.experiments._claims import Claim, Finding, per_seed
from vaekit.experiments._study import Data, Study, StudyRun
from vaekit.experiments._tables import Table
from vaekit.experiments._words import spread
from vaekit.experiments.studies._images import information_scores, load_sprites, rows_to_score
from vaekit.metrics import factor_vae_score, mig_score
from vaekit.nn import ConvNet

METHODS = {
    "VAE": VAE(),
    "FactorVAE (10)": FactorVAE(
        gamma=10, discriminator_layer_sizes=(256, 256, 256), discriminator_learning_rate=1e-3
    ),
    "β-TCVAE (6)": BetaTCVAE(beta=6),
    "Slow-VAE": SlowVAE(),
    "PCL": PCL(),
    "Tripod": TripodVAE(),
}  # fmt: skip
OF_PAIRS = ("Slow-VAE", "PCL")
SIZES = {
    "smoke": ({"grid": (3, 2, 2, 3, 3), "n_rows": 60, "size": 32, "n_train": 40, "n_test": 20}, 2, 2, 1),
    "small": ({"grid": (3, 6, 10, 16, 16), "n_rows": 46_080, "size": 32, "n_train": 4000, "n_test": 2000}, 16, 1500, 3),
    "paper": ({"grid": (3, 6, 40, 32, 32), "n_rows": 737_280, "size": 64, "n_train": 10_000, "n_test": 5000},
              32, 300_000, 5),
}  # fmt: skip
NUMBERS = {
    "factor_vae": "FactorVAE metric:.2f",
    "mig": "MIG:.2f",
    "info_modularity": "InfoM:.2f",
    "info_compactness": "InfoC:.2f",
    "info_explicitness": "InfoE:.2f",
}


def runs(scale):
    """Every method, seed by seed."""
    data, channels, n_steps, n_seeds = SIZES[scale]
    shared = {
        "n_components": 6 if scale != "paper" else 10, "batch_size": 64, "warmup": 0,
        "network": ConvNet(channels=channels, hidden_layer_sizes=(128,), activation="silu"),
        "learning_rate": 1e-3 if scale != "paper" else 1e-4, "max_steps": n_steps, "max_epochs": 10_000,
    }  # fmt: skip
    return [
        StudyRun({"method": name}, clone(model).set_params(**shared), {**data, "in_pairs": name in OF_PAIRS}, seed)
        for seed in range(n_seeds) for name, model in METHODS.items()
    ]  # fmt: skip


def load(data, folder):
    """Images and factors; for models of sequences pairs that follow each other in time."""
    sprites = load_sprites(data)
    more = {"images": sprites.images, "factors": sprites.factors}
    if not data["in_pairs"]:
        return Data(sprites.images, more=more)
    pairs = make_transitions(sprites.factors, min(30_000, len(sprites.images)), random_state=0)
    return Data(sprites.images[pairs.rows], groups=pairs.groups, more=more)


def measure(model, data, run):
    """Of codes of rows drawn from all."""
    rows = rows_to_score(len(data["factors"]), run.data, run.seed)
    factors, codes = data["factors"][rows], model.transform(data["images"][rows])
    how = {"n_train": run.data["n_train"], "n_test": run.data["n_test"], "random_state": run.seed}
    return {
        "factor_vae": factor_vae_score(factors, codes, **how),
        "mig": mig_score(factors, codes),
        **information_scores(factors, codes, run.seed),
    }


def is_above(number, method, other):
    """Test that the mean over seeds is higher."""

    def test(frame):
        one, two = (per_seed(frame, number, method=name) for name in (method, other))
        if one is None or two is None:
            return None
        said = f"{spread(one)} beside {spread(two)} ({min(len(one), len(two))} seeds)"
        return Finding(bool(one.mean() > two.mean()), said)

    return test


STUDY = Study(
    name="sprites",
    title="Six methods on dSprites, in short",
    source="the methods' own papers; no table of theirs has these networks and lengths",
    runs=runs,
    load=load,
    measure=measure,
    claims=[
        Claim("FactorVAE is above the VAE in the FactorVAE metric", "Kim and Mnih 2018",
              is_above("factor_vae", "FactorVAE (10)", "VAE")),
        Claim("β-TCVAE is above the VAE in MIG", "Chen et al. 2018", is_above("mig", "β-TCVAE (6)", "VAE")),
        Claim("Slow-VAE is above the VAE in the FactorVAE metric", "Klindt et al. 2021",
              is_above("factor_vae", "Slow-VAE", "VAE")),
        Claim("Tripod is above the VAE in InfoM", "Hsu et al. 2024", is_above("info_modularity", "Tripod", "VAE")),
    ],
    tables=[Table("Codes beside factors", ["method"], NUMBERS)],
    differs="`small` is 32 x 32 pixels, a grid of 46,080 images, a narrow net, and 1500 steps at ten times the usual "
    "learning rate: hundreds of times shorter than the papers' runs. It tells how methods begin, not how they end. All "
    "networks are smooth (SiLU), as Tripod's penalty wants them.",
)  # fmt: skip
