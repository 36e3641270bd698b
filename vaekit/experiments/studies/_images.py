"""What studies of images share: sprites, rows to score on, scores of codes, and how claims about them are judged."""

import math

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from vaekit.datasets import make_dsprites
from vaekit.experiments._claims import Finding
from vaekit.experiments._words import number, spread
from vaekit.metrics import (
    beta_vae_score,
    dci_scores,
    downstream_study,
    factor_vae_score,
    infomec_scores,
    mig_score,
    sap_score,
)

GRID = ("shapes", "scales", "orientations", "positions_x", "positions_y")
MOST_NEIGHBOURS = 5000  # rows whose nearest neighbours estimate information


def load_sprites(data):
    """dSprites of a grid: all of them, or so many drawn from it."""
    n_rows = None if data["n_rows"] >= math.prod(data["grid"]) else data["n_rows"]
    return make_dsprites(n_rows, size=data["size"], random_state=0, **dict(zip(GRID, data["grid"])))


def rows_to_score(n_rows, data, seed):
    """Row numbers, as many as the metrics learn from and are tested on."""
    n_scored = min(n_rows, data["n_train"] + data["n_test"])
    return np.random.RandomState(seed).permutation(n_rows)[:n_scored]


def scores(factors, codes, data, seed):
    """Metrics of codes beside their factors, by the numbers of rows and trees that a run's data name."""
    how = {"n_train": data["n_train"], "n_test": data["n_test"], "random_state": seed}
    dci = dci_scores(factors, codes, estimator=GradientBoostingClassifier(n_estimators=data["trees"]), **how)
    return {
        "beta_vae": beta_vae_score(factors, codes, **how),
        "factor_vae": factor_vae_score(factors, codes, **how),
        "mig": mig_score(factors, codes),
        "sap": sap_score(factors, codes, **how),
        "dci_disentanglement": dci.disentanglement,
        "dci_completeness": dci.completeness,
        "accuracy": dci.informativeness,
    }


def information_scores(factors, codes, seed):
    """InfoM, InfoE and InfoC, of at most so many rows."""
    factors, codes = factors[:MOST_NEIGHBOURS], codes[:MOST_NEIGHBOURS]
    n_train = 2 * len(codes) // 3
    found = infomec_scores(factors, codes, n_train=n_train, n_test=len(codes) - n_train, random_state=seed)
    return {
        "info_modularity": found.modularity,
        "info_explicitness": found.explicitness,
        "info_compactness": found.compactness,
    }


def accuracy_of_few(factors, codes, data, seed):
    """Accuracy of trees on the codes, given few labels; "accuracy" is that of many."""
    few, n_train = data["few"], data["n_train"]
    study = downstream_study(
        factors[:n_train], codes[:n_train], factors[n_train:], codes[n_train:], train_sizes=(few,),
        classifier=GradientBoostingClassifier(n_estimators=data["trees"]), random_state=seed,
    )  # fmt: skip
    return float(study.mean_accuracy[0])


# ---------------------------------------------------------------------- claims


def told(values, form=""):
    """Numbers by name, as a claim says them; those of several seeds with their spread."""
    return ", ".join(f"{name} {_told(value, form)}" for name, value in values.items())


def _told(value, form):
    if hasattr(value, "dropna"):
        return spread(value, form)
    return format(float(value), form) if form else number(float(value))


def rises(name, by, **labels):
    """Test that the mean of a number over seeds never falls as a label grows."""

    def test(frame):
        if name not in frame or by not in frame:
            return None
        for label, value in labels.items():
            frame = frame[frame[label] == value]
        of_labels = frame.dropna(subset=[name]).groupby(by)[name]
        if of_labels.ngroups < 2:
            return None
        said = ", ".join(f"{spread(values)} at {label:g}" for label, values in of_labels)
        return Finding(bool((np.diff(of_labels.mean()) >= 0).all()), f"{said} ({frame.seed.nunique()} seeds)")

    return test
