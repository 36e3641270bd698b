"""Outliers of fifteen small tables by density, beside isolation forest, principal components and neighbours.

Tables below 1000 rows are resampled with replacement to 1000, as the source does; that puts copies of training rows
among the normal rows of the test, which is worth two to five points to whatever remembers. ``resampled=False`` is the
same without.
"""

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from vaekit import VAE
from vaekit.experiments._study import Data, Study, StudyRun
from vaekit.experiments.studies._outliers_claims import CLAIMS, SHOWN, TABLES
from vaekit.outlier import VAEOutlierDetector

FEWEST_ROWS = 1000


class ComponentDistance(OutlierMixin, BaseEstimator):
    """Squared distance to the mean in units of the components' deviations."""

    def fit(self, X, y=None):
        """Find the components."""
        self.pca_ = PCA().fit(X)
        return self

    def score_samples(self, X):
        """Minus the distance."""
        scale = np.sqrt(np.maximum(self.pca_.explained_variance_, 1e-10))
        return -np.sum((self.pca_.transform(X) / scale) ** 2, axis=1)


class NeighbourDistance(OutlierMixin, BaseEstimator):
    """Distance to the fifth nearest row of training."""

    def fit(self, X, y=None):
        """Keep the rows."""
        self.neighbours_ = NearestNeighbors(n_neighbors=5).fit(X)
        return self

    def score_samples(self, X):
        """Minus the distance."""
        return -self.neighbours_.kneighbors(X)[0][:, -1]


METHODS = {
    "isolation forest": IsolationForest(),
    "PCA": ComponentDistance(),
    "kNN": NeighbourDistance(),
    "VAE()": VAEOutlierDetector(VAE()),
    "VAEOutlierDetector()": VAEOutlierDetector(),
}
QUICK = METHODS | {
    "VAE()": VAEOutlierDetector(VAE(max_epochs=2)),
    "VAEOutlierDetector()": VAEOutlierDetector(VAE(n_components=4, max_epochs=2)),
}


def runs(scale):
    """Every method on every table, with three seeds; the source's size is small."""
    methods, tables, seeds = (QUICK, ["bundled"], [0]) if scale == "smoke" else (METHODS, TABLES, range(3))
    how = (True,) if scale != "paper" else (True, False)
    return [
        StudyRun({"method": method, "table": table, "resampled": resampled}, model,
            {"table": table, "resampled": resampled, "seed": seed}, seed)
        for table in tables for resampled in how for seed in seeds for method, model in methods.items()
    ]  # fmt: skip


def load(data, folder):
    """Half of the normal rows, standardised; what is told apart is the rest."""
    X, y = _bundled() if data["table"] == "bundled" else _read(data["table"], folder)
    if data["resampled"] and len(X) < FEWEST_ROWS:
        drawn = np.random.RandomState(data["seed"]).choice(len(X), FEWEST_ROWS, replace=True)
        X, y = X[drawn], y[drawn]
    normal = np.flatnonzero(y == 0)
    train, rest = np.split(normal, [len(normal) // 2])
    test = np.concatenate([rest, np.flatnonzero(y == 1)])
    scaler = StandardScaler().fit(X[train])
    return Data(scaler.transform(X[train]), more={"test": scaler.transform(X[test]), "is_outlier": y[test]})


def _bundled():
    """A table that is always there: malignant rows are the outliers."""
    X, y = load_breast_cancer(return_X_y=True)
    return X, 1 - y


def _read(table, folder):
    if folder is None:
        raise ValueError("The study 'outliers' needs its tables; pass data=, a folder that holds adbench/.")
    with np.load(folder / "adbench" / f"{table}.npz") as file:
        return file["X"].astype(float), file["y"].astype(int)


def measure(model, data, run):
    """Area under the curve, in percent."""
    return {"auc": 100 * roc_auc_score(data["is_outlier"], -model.score_samples(data["test"]))}


STUDY = Study(
    name="outliers",
    title="Outliers of small tables",
    source='V. Livernoche et al., "On Diffusion Modeling for Anomaly Detection", ICLR 2024, '
    "https://arxiv.org/abs/2305.18593 (protocol and published columns)",
    runs=runs,
    load=load,
    measure=measure,
    claims=CLAIMS,
    tables=SHOWN,
    needs="`adbench/`, fifteen of the tables of ADBench",
    differs="Fifteen of the source's fifty-seven tables, the small ones, and three seeds of five. Spread is over "
    "seeds. The number of epochs of the detector's default was chosen on these tables.",
)  # fmt: skip
