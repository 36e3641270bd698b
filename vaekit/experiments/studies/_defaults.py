"""What default parameters do on data they must survive, and what their alternatives do."""

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler

import vaekit.estimators
from vaekit import DPVAE, VAE, BetaDPVAE, BetaVAE
from vaekit.datasets import make_two_moons
from vaekit.experiments._study import Data, Study, StudyRun
from vaekit.experiments.studies._defaults_claims import AWKWARD, CLAIMS, FAMILY, SHOWN
from vaekit.likelihoods import Normal

TABLES = {"iris": load_iris, "wine": load_wine, "breast cancer": load_breast_cancer, "diabetes": load_diabetes}
ALTERNATIVES = {
    "learned scale": {"likelihood": Normal(scale="learned")},
    "learned scale from 1": {"likelihood": Normal(scale="learned", initial_scale=1)},
    "a scale per column": {"likelihood": Normal(scale="per_feature")},
    "Laplace": {"likelihood": "laplace"},
    "standardised by column": {"standardize": "column"},
    "no warm-up": {"warmup": 0},
    "no warm-up, learned scale": {"warmup": 0, "likelihood": Normal(scale="learned")},
}
CLASSES = {"VAE": VAE, "DPVAE": DPVAE, "BetaVAE": BetaVAE, "BetaDPVAE": BetaDPVAE}
QUICK = {"n_components": 2, "hidden_layer_sizes": (8,), "max_epochs": 1}


def runs(scale):
    """Worlds and models; three seeds at "small", ten at "paper"."""
    if scale == "smoke":
        return [
            run("density", "iris", "PCA", PCA(2), 0, fold=0),
            run("density", "iris", "VAE", VAE(**QUICK), 0, fold=0),
            run("columns", "wide", "VAE", VAE(**QUICK), 0),
            run("codes", "digits", "VAE", VAE(**QUICK), 0, fold=0),
        ]
    if scale == "small":
        return [one for seed in range(3) for one in densities(seed)]
    return [one for seed in range(10) for one in (*densities(seed), *others(seed))]


def densities(seed):
    """Held-out densities, fold by fold."""
    for world in (*TABLES, "digits"):
        k = 10 if world == "digits" else 2
        models = {"PCA": PCA(k), "VAE": VAE(n_components=k), "DPVAE": DPVAE(n_components=k)}
        yield from (run("density", world, n, m, seed, fold=f) for f in range(3) for n, m in models.items())


def others(seed):
    """All other questions, once."""
    changed = {f"VAE, {name}": VAE(**how) for name, how in ALTERNATIVES.items()}
    models = {name: make() for name, make in CLASSES.items()} | changed
    yield from (run("active", "two moons", name, model, seed) for name, model in models.items())
    for name in FAMILY:
        for world in AWKWARD:
            yield run("columns", world, name, getattr(vaekit.estimators, name)(), seed)
    yield from (run("columns", "wide", name, model, seed) for name, model in changed.items())
    for name, model in models.items():
        yield from (
            run("codes", "digits", name, clone(model).set_params(max_epochs=60), seed, fold=f) for f in range(3)
        )


def run(question, world, name, model, seed, **fold):
    """One fit."""
    return StudyRun({"question": question, "world": world, "model": name}, model,
                    {"question": question, "world": world, "seed": seed, **fold}, seed)  # fmt: skip


def load(data, folder):
    """A world: moons and awkward tables are drawn anew for each seed, folds are always the same."""
    world, seed = data["world"], data["seed"]
    if world == "two moons":
        return Data(make_two_moons(random_state=seed).data)
    if world in AWKWARD:
        X = factor_table(seed)
        return Data(X * np.logspace(-3, 6, 12) if world == "wide" else X + 1e5)
    X, y = (load_digits if world == "digits" else TABLES[world])(return_X_y=True)
    folds = StratifiedKFold(3) if data["question"] == "codes" else KFold(3, shuffle=True, random_state=0)
    train, test = list(folds.split(X, y))[data["fold"]]
    scaler = StandardScaler(with_mean=world != "digits", with_std=world != "digits").fit(X[train])
    X = scaler.transform(X) / (16 if world == "digits" else 1)
    return Data(X[train], more={"test": X[test], "y": y[train], "y_test": y[test]})


def factor_table(seed, n_rows=1500):
    """Twelve columns driven by three factors, signal to noise 9 to 1."""
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal((n_rows, 3)) @ rng.standard_normal((3, 12))
    return 3 * signal / signal.std(axis=0) + rng.standard_normal((n_rows, 12))


def measure(model, data, run):
    """The number that the question asks for."""
    question = run.labels["question"]
    if question == "density":
        return {"density": model.score(data["test"])}
    if question == "active":
        return {"active": model.active_components_.sum()}
    if question == "columns":
        error = np.mean((data.X - model.inverse_transform(model.transform(data.X))) ** 2, axis=0)
        return {"worst_column": (1 - error / data.X.var(axis=0)).min()}
    trees = HistGradientBoostingClassifier(random_state=0).fit(model.transform(data.X), data["y"])
    return {"accuracy": trees.score(model.transform(data["test"]), data["y_test"])}


STUDY = Study(
    name="defaults",
    title="What defaults do",
    source="our own questions",
    runs=runs,
    load=load,
    measure=measure,
    claims=CLAIMS,
    tables=SHOWN,
    differs="[The page on defaults](../defaults.md) reports an earlier script of the same questions; draws of tables "
    "are in the study `tables`. `paper` has ten seeds, `small` has three, and densities "
    "alone. Spread is over seeds and folds.",
)  # fmt: skip
