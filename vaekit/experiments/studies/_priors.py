"""Two moons under one VAE and each prior: how far codes are from the prior, and the bound."""

from vaekit import VAE
from vaekit.datasets import make_two_moons
from vaekit.evaluation import symmetric_kl
from vaekit.experiments._claims import Claim, is_lower
from vaekit.experiments._study import Data, Study, StudyRun
from vaekit.experiments._tables import Table
from vaekit.likelihoods import Normal

LEARNED = ("elementwise_flow", "decoupled", "mixture", "vamp", "flow_matching", "post_hoc")
OF_ZUKO = ("maf", "neural_spline")


def runs(scale):
    """Priors and seeds; "paper" has those of zuko, too."""
    n_rows = 100 if scale == "smoke" else 2000
    priors = ("normal", "decoupled") if scale == "smoke" else ("normal", *LEARNED)
    return [
        StudyRun({"prior": prior}, model(scale, prior), {"n_rows": n_rows, "seed": seed}, seed)
        for prior in (*priors, *(OF_ZUKO if scale == "paper" else ()))
        for seed in range({"smoke": 1, "small": 3, "paper": 10}[scale])
    ]  # fmt: skip


def model(scale, prior):
    """A VAE of two latents."""
    how = {"hidden_layer_sizes": (100, 50), "max_epochs": 100, "batch_size": 200}
    quick = {"hidden_layer_sizes": (8,), "max_epochs": 1} if scale == "smoke" else {}
    return VAE(**{"prior": prior, "n_components": 2, "likelihood": Normal(scale=0.15), **how, **quick})


def load(data, folder):
    """Moons, drawn anew for each seed."""
    return Data(make_two_moons(data["n_rows"], random_state=data["seed"]).data)


def measure(model, data, run):
    """Of training rows."""
    return {
        "skl": symmetric_kl(model, data.X, random_state=run.seed).value,
        "elbo": model.score(data.X),
    }


STUDY = Study(
    name="priors",
    title="How far codes are from each prior",
    source="our own protocol",
    runs=runs,
    load=load,
    measure=measure,
    claims=[
        Claim(f"codes lie nearer to the prior {prior!r} than to N(0, I)", "docs/priors.md",
              is_lower("skl", {"prior": prior}, {"prior": "normal"})) for prior in LEARNED
    ],
    tables=[Table("Two moons, 2000 rows, 100 epochs", ["prior"], {"skl": "symmetric KL:.2f", "elbo": "bound:.2f"})],
    differs="`paper` has ten seeds, and the autoregressive flows of zuko (`vaekit[flows]`).",
)  # fmt: skip
