"""Autoencoders whose prior is learned, with less and less weight on it for the encoder: samples, spaces, paths.

What is asked of codes z is asked of the prior's own space z0 too, where there is one.
"""

import numpy as np
from sklearn.base import clone

from vaekit import VAE, BetaVAE, ConditionalVAE, FlowPriorVAE, LearnedPriorAAE
from vaekit.evaluation import ClassifierFeatures, sample_frechet_distance
from vaekit.experiments._study import Study, StudyRun
from vaekit.experiments.studies._learned_priors_claims import CLAIMS, SHOWN, draw_distances
from vaekit.experiments.studies._pictures import load_pictures, needs
from vaekit.metrics import frechet_distance, linear_separability_loss
from vaekit.nn import MLP
from vaekit.presets import preset

BETAS = {"smoke": (0.01, 1.0), "small": (0.0, 0.1, 1.0), "paper": (0.0, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0)}
LEARNED = {"FP-VAE": FlowPriorVAE(), "Prior-AAE": LearnedPriorAAE()}
GIVEN = {"VAE": VAE(), "beta-VAE": BetaVAE(beta=4)}
CONDITIONAL = {
    "conditional, normal prior": ConditionalVAE(prior="normal"),
    "conditional, learned prior": ConditionalVAE(prior="conditional_flow"),
}
DATA = {
    "smoke": {"digits": {"n_rows": 200, "features": "classifier", "n_samples": 60}},
    "small": {
        "mnist": {"n_rows": 8000, "features": "classifier", "n_samples": 2000},
        "cifar10_sample": {"n_rows": 3500, "features": "pca", "n_samples": 500},
    },
    "paper": {name: {"n_rows": 60_000, "features": "inception", "n_samples": 10_000}
              for name in ("mnist", "fashion_mnist", "cifar10")},
}  # fmt: skip
HOW = {
    "smoke": {"n_components": 3, "network": MLP(hidden_layer_sizes=(8,)), "max_epochs": 1},
    "small": {"n_components": 8, "network": MLP(hidden_layer_sizes=(256, 128)), "max_epochs": 6},
}
WIDER = {"cifar10_sample": {"n_components": 64, "max_epochs": 5}}
N_SEEDS = {"smoke": 1, "small": 3, "paper": 3}


def runs(scale):
    """Learned priors at each beta, given priors once, conditional models where there are labels."""
    found = []
    for name, how in DATA[scale].items():
        data = {"name": name, **how}
        learned = [(method, beta) for method in LEARNED for beta in BETAS[scale]]
        found += [run(scale, data, *setting, seed) for setting in learned for seed in range(N_SEEDS[scale])]
        found += [run(scale, data, method, None, seed) for method in GIVEN for seed in range(N_SEEDS[scale])]
        if "cifar" not in name:
            told_labels = {**data, "is_told": True}
            found += [run(scale, told_labels, m, None, seed) for m in CONDITIONAL for seed in range(N_SEEDS[scale])]
    return found


def run(scale, data, method, beta, seed):
    """One fit."""
    labels = {"data": data["name"], "method": method, "beta": "" if beta is None else beta}
    return StudyRun(labels, model(scale, data["name"], method, beta), data, seed)


def model(scale, name, method, beta):
    """As the preset of the data has it, or smaller."""
    strength = {} if beta is None else {"beta": beta}
    start = {**LEARNED, **GIVEN, **CONDITIONAL}[method]
    if scale != "paper":
        return clone(start).set_params(**HOW[scale], **strength).set_params(**WIDER.get(name, {}))
    source = preset(f"learned_priors/FlowPriorVAE/{'cifar10' if name == 'cifar10' else 'mnist'}")
    shared = ("n_components", "likelihood", "network", "standardize", "max_steps", "max_epochs")
    how = {parameter: getattr(source, parameter) for parameter in shared}
    warmup = {"warmup": source.warmup} if method == "FP-VAE" else {}
    return clone(start).set_params(**how, **strength, **warmup)


def load(data, folder):
    """Images; with labels in the place of y for conditional models."""
    return load_pictures(data, folder)


def measure(model, data, run):
    """Samples beside test images; how far labels lie apart in both spaces; what lies between two images' codes."""
    n_samples, seed = min(run.data["n_samples"], len(data["test"])), run.seed
    if data.y is not None:
        return diversity(model, data, n_samples, seed)
    found = {"fid": sample_frechet_distance(model, data["test"], data["features"], n_samples, random_state=seed)}
    codes = model.transform(data["test"])
    spaces = {"z": (codes, lambda Z: Z)}
    if hasattr(model, "to_generation_space"):
        spaces["z0"] = model.to_generation_space(codes), model.to_representation_space
    for space, (points, back) in spaces.items():
        if data["test_labels"] is not None:
            loss = linear_separability_loss(data["test_labels"], points, multi_valued="one_vs_rest")
            found[f"separability_{space}"] = loss
        found[f"fid_between_{space}"] = distance_between(model, data, points, back, n_samples, seed)
    return found


def distance_between(model, data, points, back, n_samples, seed):
    """Frechet distance of images decoded half-way between two codes."""
    pairs = np.random.RandomState(seed).randint(len(points), size=(2, n_samples))
    halfway = model.inverse_transform(back(points[pairs].mean(axis=0)))
    return frechet_distance(data["features"].transform(data["test"]), data["features"].transform(halfway))


def diversity(model, data, n_samples, seed):
    """Distance in features of two samples of one label, and how often a sample shows its label."""
    labels = np.random.RandomState(seed).choice(data["labels"], n_samples)
    one, other = (model.sample(n_samples, y=labels, random_state=s) for s in (seed, seed + 1))
    features = data["features"]
    apart = [features.transform(X) for X in (one, other)]
    found = {"diversity": np.linalg.norm(apart[0] - apart[1], axis=1).mean()}
    found["fid"] = frechet_distance(features.transform(data["test"]), apart[0])
    if isinstance(features, ClassifierFeatures):
        shown = features.classes_[features.predict_proba(one).argmax(axis=1)]
        found["label_shown"] = np.mean(shown == labels)
    return found


SOURCE = '"Empirical observations pertaining to learned priors for deep latent variable models"'
STUDY = Study(
    name="learned_priors",
    title="Learned priors: samples, separability, interpolation, diversity",
    source=SOURCE,
    runs=runs,
    load=load,
    measure=measure,
    claims=CLAIMS,
    tables=SHOWN,
    figures={"distances": draw_distances},
    needs=needs("mnist", "cifar10_sample") + "; for `paper` " + needs("mnist", "fashion_mnist", "cifar10", "inception"),
    differs="Published numbers are of CelebA; the curves over beta are figures without a table. `small` has 8000 "
    "images of MNIST, a net 784-256-128, 8 latents and 6 epochs, 3500 of CIFAR-10 with 64 latents and 5 epochs, and "
    "distances of features of a classifier (MNIST) and of pixels (CIFAR-10's, in principal components for samples), on "
    "scales of their own. The attributes are the labels, each against the rest. FP-VAE with beta 0 has a deterministic "
    "encoder.",
)  # fmt: skip
