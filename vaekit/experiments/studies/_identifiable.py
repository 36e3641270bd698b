"""Sources of nonlinear mixtures: found by a VAE that is told the segment of each row, not by one that is told nothing.

Sources are normal in each segment, with means and scales of their own. Without the segments they cannot be told from
other independent ones; what a VAE finds then is right by a part.
"""

from vaekit import VAE, ConditionalVAE
from vaekit.datasets import make_nonlinear_ica
from vaekit.experiments._claims import Claim, in_every_run
from vaekit.experiments._study import Data, Study, StudyRun
from vaekit.experiments._tables import Table
from vaekit.likelihoods import Normal
from vaekit.metrics import mean_correlation_coefficient

TOLD, UNTOLD = "told the segment", "told nothing"
MIXTURES = {
    "five sources, two layers": {"n_components": 5, "n_layers": 2},
    "four sources, three layers": {"n_components": 4, "n_layers": 3},
}
SIZES = {  # mixtures, rows, seeds, and how long nets are trained
    "smoke": (1, 200, 1, {"hidden_layer_sizes": (8,), "max_epochs": 1}),
    "small": (1, 20_000, 3, {"hidden_layer_sizes": (64, 64), "max_epochs": 100}),
    "paper": (2, 100_000, 10, {"hidden_layer_sizes": (64, 64), "max_epochs": 100}),
}
N_SEGMENTS = 20
FOUND, LOST = 0.95, 0.8


def runs(scale):
    """Mixtures, a new one of each kind for every seed; models."""
    n_mixtures, n_rows, n_seeds, how = SIZES[scale]
    return [
        StudyRun({"mixture": name, "model": known}, model(known, mixture["n_components"], how),
                 {**mixture, "n_rows": n_rows, "seed": seed}, seed)
        for name, mixture in list(MIXTURES.items())[:n_mixtures] for seed in range(n_seeds) for known in (TOLD, UNTOLD)
    ]  # fmt: skip


def model(known, n_components, how):
    """Alike but for what they are told; the decoder of neither is told the segment."""
    shared = {"n_components": n_components, "activation": "leaky_relu", "likelihood": Normal(scale=0.05),
              "posterior_family": "full_normal", "warmup": 0, "learning_rate": 3e-3, **how}  # fmt: skip
    if known == UNTOLD:
        return VAE(**shared)
    return ConditionalVAE(prior="conditional_normal", condition_decoder=False, **shared)


def load(data, folder):
    """Rows, their segments and their sources."""
    world = make_nonlinear_ica(
        data["n_rows"], n_components=data["n_components"], n_layers=data["n_layers"], n_segments=N_SEGMENTS,
        random_state=data["seed"],
    )  # fmt: skip
    return Data(world.data, world.segments, more={"sources": world.factors})


def measure(model, data, run):
    """How well each source correlates with a code of its own, in the mean; and the bound, which knows no sources."""
    codes = model.transform(data.X, data.y) if run.labels["model"] == TOLD else model.transform(data.X)
    return {
        "mcc": mean_correlation_coefficient(data["sources"], codes),
        "bound": model.score(data.X, data.y),
    }


STUDY = Study(
    name="identifiable",
    title="Sources of nonlinear mixtures",
    source='Khemakhem, Kingma, Monti and Hyvarinen, "Variational Autoencoders and Nonlinear ICA: A Unifying '
    'Framework", AISTATS 2020, https://arxiv.org/abs/1907.04809, section 5.1',
    runs=runs,
    load=load,
    measure=measure,
    claims=[
        *(Claim(f"{name}: told the segment, a VAE reaches a mean correlation of {FOUND}", "section 5.1",
                in_every_run("mcc", least=FOUND, mixture=name, model=TOLD)) for name in MIXTURES),
        *(Claim(f"{name}: told nothing, it stays below {LOST}", "section 5.1, theorem 1",
                in_every_run("mcc", most=LOST, mixture=name, model=UNTOLD)) for name in MIXTURES),
    ],
    tables=[Table("Mean correlation of sources and codes", ["mixture", "model"], {"mcc": "MCC", "bound": "bound:.2f"})],
    differs="The mixture bends its sources smoothly, where the source has leaky layers; `small` has one kind of it. "
    "Posteriors have full covariances, those of both models: independent ones pull towards decoders whose columns of "
    "derivatives are orthogonal, however little noise there is, and so away from the sources. There is no warm-up: "
    "without its prior a model first turns its codes as it likes, and mostly stays there. The data have no noise; "
    "that of the likelihood is .05, where columns deviate by .37.",
)  # fmt: skip
