"""One ConditionalVAE: its likelihood beside a model for each class, and whether its samples are of the class asked."""

import math

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from vaekit import DPVAE, VAE, ConditionalVAE
from vaekit.datasets import make_two_moons
from vaekit.experiments._claims import Claim, in_every_run, is_lower
from vaekit.experiments._study import Data, Study, StudyRun
from vaekit.experiments._tables import Table


class ForEachClass(BaseEstimator):
    """A model of its own for each class, of the rows of that class.

    Parameters
    ----------
    estimator : estimator
        What is fitted to each.
    """

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y):
        """Fit a clone to the rows of each class."""
        self.models_ = {label: clone(self.estimator).fit(X[y == label]) for label in np.unique(y)}
        return self

    def score_samples(self, X, y, n_importance_samples):
        """Bounds on log p(x | y) by the model of each row's class."""
        scores = np.empty(len(X))
        for label, model in self.models_.items():
            scores[y == label] = model.score_samples(X[y == label], n_importance_samples=n_importance_samples)
        return scores


ONE = "one ConditionalVAE"
FAMILY = {
    ONE: ConditionalVAE(),
    "a VAE for each class": ForEachClass(VAE()),
    "a DPVAE for each class": ForEachClass(DPVAE()),
}
N_ROWS = {"smoke": (60,), "small": (200, 2000), "paper": (200, 2000, 20_000)}
N_SEEDS = {"smoke": 1, "small": 3, "paper": 10}
N_EPOCHS = {"smoke": 1, "small": 100, "paper": 100}
BATCH = 128
K = 100  # importance samples
N_TEST = {"smoke": 50, "small": 2000, "paper": 2000}  # held-out rows, and samples
OF_DIGITS = {"n_components": 8, "learning_rate": 3e-3}


def runs(scale):
    """Two moons of several sizes under all models, digits under one."""
    of_moons = [
        StudyRun({"data": "moons", "n_rows": n_rows, "model": name}, model(name, n_rows, N_EPOCHS[scale]),
                 {"name": "moons", "n_rows": n_rows, "n_test": N_TEST[scale], "seed": seed}, seed)
        for n_rows in N_ROWS[scale] for seed in range(N_SEEDS[scale]) for name in FAMILY
    ]  # fmt: skip
    n_rows = 100 if scale == "smoke" else 1797
    drawn = ConditionalVAE(**OF_DIGITS, max_epochs=1 if scale == "smoke" else 60)
    return of_moons + [
        StudyRun({"data": "digits", "n_rows": n_rows, "model": ONE}, drawn,
                 {"name": "digits", "n_rows": n_rows, "n_test": N_TEST[scale]}, seed)
        for seed in range(N_SEEDS[scale])
    ]  # fmt: skip


def model(name, n_rows, n_epochs):
    """Each takes as many steps, those of a class on its rows alone."""
    of_each = "" if name == ONE else "estimator__"
    how = {"n_components": 2, "learning_rate": 3e-3, "batch_size": BATCH, "max_epochs": 10 * n_epochs,
           "max_steps": n_epochs * math.ceil(n_rows / BATCH)}  # fmt: skip
    return clone(FAMILY[name]).set_params(**{of_each + option: value for option, value in how.items()})


def load(data, folder):
    """Moons, drawn anew for each seed, and as many again to test; digits."""
    if data["name"] == "digits":
        digits = load_digits()
        return Data(digits.data[: data["n_rows"]] / 16, digits.target[: data["n_rows"]])
    (X, y), (X_test, y_test) = (
        moons(n, data["seed"] + more) for n, more in ((data["n_rows"], 0), (data["n_test"], 100))
    )
    return Data(X, y, more={"test": X_test, "labels": y_test})


def moons(n_rows, seed):
    """Rows, and which moon each lies on."""
    made = make_two_moons(n_rows, random_state=seed)
    return made.data, made.factors[:, 0].astype(int)


def measure(model, data, run):
    """Held-out bounds on log p(x | y), nats per row; which class samples are taken for."""
    if run.labels["data"] == "digits":
        return {"recognised": recognised(RandomForestClassifier(100, random_state=run.seed), model, data, run)}
    X, y = data["test"], data["labels"]
    found = {"density": model.score_samples(X, y, n_importance_samples=K).mean()}
    if run.labels["model"] == ONE:
        found["recognised"] = recognised(KNeighborsClassifier(1), model, data, run)
    return found


def recognised(classifier, model, data, run):
    """Share of samples that a classifier of the rows takes for what they were asked to be."""
    asked = np.resize(np.unique(data.y), run.data["n_test"])
    return classifier.fit(data.X, data.y).score(model.sample(len(asked), y=asked, random_state=run.seed), asked)


def is_above(n_rows, model):
    """Test that one model for all has the higher density."""
    of = {"data": "moons", "n_rows": n_rows}
    return is_lower("density", {**of, "model": model}, {**of, "model": ONE})


STUDY = Study(
    name="conditional",
    title="One model for all conditions, or one for each",
    source="our own protocol; the model is that of Sohn, Lee and Yan, NeurIPS 2015, eq. 4",
    runs=runs,
    load=load,
    measure=measure,
    claims=[
        *(Claim(f"moons, {n_rows} rows: held-out rows are less likely under {model} than under {ONE}", "docs/priors.md",
                is_above(n_rows, model)) for n_rows in N_ROWS["small"] for model in FAMILY if model != ONE),
        *(Claim(f"moons, {n_rows} rows: at least .99 of samples lie on the moon asked for", "docs/priors.md",
                in_every_run("recognised", least=0.99, data="moons", model=ONE, n_rows=n_rows))
          for n_rows in N_ROWS["small"]),
        Claim("digits: a forest recognises the class of at least .9 of samples", "docs/priors.md",
              in_every_run("recognised", least=0.9, data="digits")),
    ],
    tables=[
        Table("Two moons: log p(x given y) of 2000 held-out rows, bounds of 100 importance samples, nats per row",
              ["n_rows", "model"], {"density": "bound:.2f"}, only={"data": "moons"}),
        Table("Samples that are recognised as what was asked for", ["data", "n_rows"], {"recognised": "share:.3f"},
              only={"model": ONE}),
    ],
    differs="Each model of a class has the network of the conditional one and takes as many steps. Moons are told by "
    "the nearest row, digits by a forest of 100 trees.",
)  # fmt: skip
