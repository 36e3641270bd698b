"""Regularised autoencoders with a plain and with a decoupled prior, each pair trained alike: samples and divergences.

Pairs of runs differ in the prior alone. Two moons need no files.
"""

import numpy as np
from sklearn.base import clone

from vaekit import VAE, AnnealedVAE, BetaTCVAE, BetaVAE, FactorVAE, InfoVAE
from vaekit.datasets import make_two_moons
from vaekit.evaluation import (
    AggregatePosterior,
    importance_nll,
    leakage_curve,
    low_posterior_frechet_distance,
    nearest_neighbours,
    reconstruction_error,
    standard_normal_thresholds,
    symmetric_kl,
)
from vaekit.experiments._claims import Claim, Finding, is_lower
from vaekit.experiments._study import Data, Study, StudyRun
from vaekit.experiments._tables import Table
from vaekit.experiments.studies._images import told
from vaekit.experiments.studies._pictures import load_pictures, needs
from vaekit.nn import MLP
from vaekit.presets import PRESETS, preset

PRIORS = {"plain": "normal", "decoupled": "decoupled"}
OF_TABLE_1 = {"VAE": "VAE", "bH": "BetaVAE", "bB": "AnnealedVAE", "TC": "BetaTCVAE", "Factor": "FactorVAE",
              "Info": "InfoVAE"}  # fmt: skip
MNIST = {  # the strengths of docs/mnist.md
    "VAE": VAE(),
    "bH": BetaVAE(beta=4),
    "bB": AnnealedVAE(max_capacity=25),
    "TC": BetaTCVAE(alpha=1, beta=4, gamma=1),
    "Factor": FactorVAE(gamma=10),
    "Info": InfoVAE(alpha=0, lam=1000),
}
ON_MOONS = ("VAE", "bH", "bB", "TC", "Info")
SIZES = {
    "small": {"name": "mnist", "n_rows": 10_000, "features": "classifier", "n_samples": 2000, "n_nll": 100,
              "n_importance": 200},
    "smoke": {"name": "digits", "n_rows": 300, "features": "classifier", "n_samples": 100, "n_nll": 10,
              "n_importance": 10},
    "paper": {"n_rows": 60_000, "features": "inception", "n_samples": 10_000, "n_nll": 250, "n_importance": 21_000},
}  # fmt: skip
MOONS = {"name": "moons", "n_rows": 2000, "n_samples": 5000}
THRESHOLD = -3.0  # of the base density, in nats


def runs(scale):
    """Images, and two moons at the size at which they are cheap."""
    if scale == "smoke":
        network = MLP(hidden_layer_sizes=(8,))
        few = {"n_components": 2, "network": network, "max_epochs": 1, "max_steps": None}
        on_moons = pairs_on_moons([0], {**few, "batch_size": 50}, {**MOONS, "n_rows": 150, "n_samples": 100})
        methods = {name: MNIST[name] for name in ("VAE", "bH")}
        return on_moons + pairs_of_images(methods, SIZES[scale], [0], **few)
    if scale == "small":
        how = {"n_components": 8, "network": MLP(hidden_layer_sizes=(256, 128)), "max_epochs": 6}
        return pairs_on_moons(range(3), {"max_steps": 1500}) + pairs_of_images(MNIST, SIZES[scale], range(3), **how)
    return pairs_on_moons(range(10)) + [
        run(method, prior, published(method, prior, data), {**SIZES[scale], "name": data}, seed)
        for data in ("mnist", "svhn", "celeba") for seed in range(3) for method in OF_TABLE_1 for prior in PRIORS
    ]  # fmt: skip


def run(method, prior, model, data, seed):
    """One fit; its labels are those of tables."""
    return StudyRun({"data": data["name"], "method": method, "prior": prior}, model, data, seed)


def published(method, prior, data):
    """The preset of the source; its decoupled TC has the weights that have a lower bound."""
    name = OF_TABLE_1[method] if prior == "plain" else OF_TABLE_1[method].replace("VAE", "DPVAE")
    return preset(f"dpvae/{name}/{data}")


def pairs_of_images(methods, data, seeds, **how):
    """Both priors of every method, alike otherwise."""
    return [
        run(method, prior, clone(model).set_params(**how, prior=word), data, seed)
        for seed in seeds for method, model in methods.items() for prior, word in PRIORS.items()
    ]  # fmt: skip


def pairs_on_moons(seeds, smaller=None, data=MOONS):
    """Both priors of every method that has a preset of that size."""
    return [
        run(method, prior, preset(moons_preset(method, prior), **(smaller or {})), {**data, "seed": seed}, seed)
        for seed in seeds for method in ON_MOONS for prior in PRIORS
    ]  # fmt: skip


def moons_preset(method, prior):
    """Its name."""
    return f"two_moons/{OF_TABLE_1[method] if prior == 'plain' else OF_TABLE_1[method].replace('VAE', 'DPVAE')}"


def load(data, folder):
    """Two moons, drawn anew for each seed, or images."""
    if data["name"] == "moons":
        return Data(make_two_moons(data["n_rows"], random_state=data["seed"]).data)
    return load_pictures(data, folder)


def measure(model, data, run):
    """Divergences of training rows; samples and likelihoods beside test images."""
    q = AggregatePosterior.from_estimator(model, data.X)
    draws = {"random_state": run.seed, "aggregate_posterior": q}
    n_samples = run.data["n_samples"]
    found = {"skl": symmetric_kl(model, data.X, n_samples, **draws).value}
    if run.data["name"] == "moons":
        samples = model.sample(1000, random_state=run.seed)
        leakage = leakage_curve(model, data.X, [THRESHOLD], n_samples=n_samples, **draws)
        return found | {"leakage": leakage.value[0], "distance": nearest_neighbours(samples, data.X).distance.mean()}
    threshold = standard_normal_thresholds(0.1, q.n_components)  # 10% of N(0, I) lie below
    frechet = low_posterior_frechet_distance(model, data["test"], data["features"], n_samples, **draws)
    nll = importance_nll(model, data["test"][: run.data["n_nll"]], run.data["n_importance"], random_state=run.seed)
    return found | {
        "fid": frechet.plain,
        "fid_lp": frechet.value,
        "nll": nll.value,
        "effective_sample_size": np.median(nll.effective_sample_size),
        "leakage": leakage_curve(model, data.X, [threshold], n_samples=n_samples, **draws).value[0],
        "reconstruction": reconstruction_error(model, data["test"], random_state=run.seed).value,
    }


def lower_in_all(number, data, methods=tuple(OF_TABLE_1)):
    """Test that the decoupled twin of every method has the lower mean."""

    def test(frame):
        rows = frame[frame.data == data]
        if rows.empty or number not in rows:
            return None
        means = rows.groupby(["method", "prior"])[number].mean().unstack()
        if not {*methods} <= {*means.dropna().index}:
            return None
        gain = (means.plain - means.decoupled)[list(methods)]
        n_seeds = rows.seed.nunique()
        return Finding(bool((gain > 0).all()), f"lower by {told(gain)} ({n_seeds} seeds)")

    return test


def on_moons(number, method):
    """Test one pair on two moons."""
    of = {"data": "moons", "method": method}
    return is_lower(number, {**of, "prior": "decoupled"}, {**of, "prior": "plain"})


PUBLISHED = """
VAE    plain     137.4 165.0 1.26 3.56 | 78.9 83.8 53.67 .386 | 81.4 79.0 59.3 9.26
VAE    decoupled 129.0 153.1 .88 3.53  | 50.8 55.2 13.02 .318 | 71.5 74.3 10.4 4.91
bH     plain     144.2 163.1 4.49 4.12 | 96.7 97.6 10.35 .611 | 80.3 79.9 39.7 6.93
bH     decoupled 127.1 127.4 1.07 2.98 | 65.2 67.7 4.05 .592  | 67.2 72.5 33.5 10.6
bB     plain     130.8 163.6 2.74 3.11 | 61.7 68.5 2.62 .606  | 75.7 79.6 25.8 12.5
bB     decoupled 113.3 114.1 1.32 2.80 | 51.1 50.3 2.47 .550  | 67.9 72.0 19.1 10.4
TC     plain     149.8 200.3 4.48 2.91 | 69.2 70.5 7.76 9.86  | 83.8 83.0 93.6 9.33
TC     decoupled 133.3 133.1 2.07 2.70 | 50.3 53.8 2.94 4.52  | 80.3 81.4 90.3 10.0
Factor plain     130.5 191.2 1.04 3.50 | 97.2 108.5 1.91 2.13 | 82.6 86.8 71.3 9.89
Factor decoupled 120.8 121.3 .85 3.60  | 86.3 86.9 1.57 2.36  | 65.0 73.4 51.3 12.2
Info   plain     128.7 133.2 2.89 2.88 | 81.3 83.2 4.91 1.55  | 76.5 79.1 30.6 11.1
Info   decoupled 110.1 110.5 1.70 2.81 | 62.9 67.7 2.67 1.56  | 68.9 72.9 20.3 12.1
"""
COLUMNS = {"fid": "FID:.1f", "fid_lp": "FID-LP:.1f", "skl": "sKL:.2f", "nll": "NLL:.1f"}


def published_table(place):
    """Table 1 for one data set, by method and prior; its NLL is in thousands."""
    table = {}
    for line in PUBLISHED.strip().splitlines():
        (method, prior, *first), *others = (part.split() for part in line.split("|"))
        numbers = [first, *others][place]
        table[method, prior] = dict(zip(COLUMNS, [*numbers[:3], f"{numbers[3]} (thousands)"]))
    return table


OURS = {"leakage": "leakage:.3f", "reconstruction": "reconstruction:.1f"}
ABOVE = "table 1"
STUDY = Study(
    name="dpvae",
    title="Decoupled priors: samples of regularised autoencoders",
    source=f'{PRESETS["dpvae/VAE/mnist"].reference}, https://arxiv.org/abs/1911.10506',
    runs=runs,
    load=load,
    measure=measure,
    claims=[
        *(Claim(f"{data}: the decoupled twin of every method has the lower {COLUMNS[number].partition(':')[0]}",
                ABOVE, lower_in_all(number, data, tuple(m for m in OF_TABLE_1 if (number, m) != ("nll", "Factor"))))
          for data in ("mnist", "svhn", "celeba") for number in COLUMNS),
        *(Claim(f"two moons: {method} has the lower {said} with a decoupled prior", source, on_moons(number, method))
          for number, said, source, methods in (
              ("skl", "symmetric KL", "table 1 on other data; figure 1", ("VAE", "bH", "TC")),
              ("distance", "distance of samples to the data", "figures 1 and 3", ("VAE", "bH")),
              ("leakage", "leakage below a base density of e^-3", "figure 4, section 4", ("VAE", "bH")))
          for method in methods),
        Claim("the FactorVAE metric on MNIST is the same with both priors", "supplement, table 2",
              why_not="the metric fixes a factor for each vote, and MNIST has labels alone"),
        Claim("faces and house numbers of low posterior density look better", "figure 6",
              why_not="a judgement of pictures; FID-LP is its number"),
    ],
    tables=[
        *(Table(f"Table 1, {data}", ["method", "prior"], COLUMNS | OURS, published_table(place), {"data": data})
          for place, data in enumerate(("mnist", "svhn", "celeba"))),
        Table("Two moons", ["method", "prior"], {"skl": "sKL", "distance": "distance of samples", "leakage": "leakage"},
              only={"data": "moons"}),
    ],
    needs=needs("mnist") + "; for `paper` also " + needs("svhn", "celeba", "inception"),
    differs="The published NLL of Factor rises with the decoupled prior, and is left out of that claim; published "
    "TC weights (1, 4, 15) have no lower bound under a decoupled prior, so that its twin has (1, 15, 4), at `small` "
    "both have (1, 4, 1). FID at `small` is that of features of a classifier of digits, on a scale of its own; NLL is "
    "in nats per image there and in thousands in the source, whose unit is not known. `small` has 10,000 images, a "
    "net 784-256-128, 8 latents, 474 steps and FactorVAE's gamma 10 for 1000; two moons have 1500 steps of the "
    "preset's 4000. `paper` trains "
    "on the first 60,000 images of each data set; which runs have no files is told, and the others are done.",
)  # fmt: skip
