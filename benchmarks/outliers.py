"""Outliers of fifteen small tables by density, beside isolation forest, principal components and neighbours.

The protocol of V. Livernoche et al., "On Diffusion Modeling for Anomaly Detection", ICLR 2024,
https://arxiv.org/abs/2305.18593, semi-supervised: tables below 1000 rows are resampled with replacement to 1000; the
first half of the normal rows trains, standardised; the others and all outliers are told apart. Areas under the curve in
percent, means over seeds. Resampling puts copies of training rows among the normal rows of the test, which is worth two
to five points to whatever remembers: --as-they-are leaves it out.

OMP_NUM_THREADS=1 VAEKIT_DATA=FOLDER python benchmarks/outliers.py [--seeds 0 1 2] [--as-they-are]
"""

import argparse
import os
import warnings
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from vaekit import VAE
from vaekit.outlier import VAEOutlierDetector

FEWEST_ROWS = 1000


def protocol(file, seed, as_they_are):
    """Training rows, rows of the test, and which of these are outliers."""
    data = np.load(file)
    X, y = data["X"].astype(float), data["y"].astype(int)
    if len(X) < FEWEST_ROWS and not as_they_are:
        drawn = np.random.RandomState(seed).choice(len(X), FEWEST_ROWS, replace=True)
        X, y = X[drawn], y[drawn]
    normal = np.flatnonzero(y == 0)
    train, rest = np.split(normal, [len(normal) // 2])
    test = np.concatenate([rest, np.flatnonzero(y == 1)])
    scaler = StandardScaler().fit(X[train])
    return scaler.transform(X[train]), scaler.transform(X[test]), y[test]


def by_forest(train, test, seed):
    return IsolationForest(random_state=seed).fit(train).score_samples(test)


def by_components(train, test, seed):
    pca = PCA().fit(train)
    scale = np.sqrt(np.maximum(pca.explained_variance_, 1e-10))
    return -np.sum((pca.transform(test) / scale) ** 2, axis=1)


def by_neighbours(train, test, seed):
    return -NearestNeighbors(n_neighbors=5).fit(train).kneighbors(test)[0][:, -1]


def by_vae(train, test, seed):
    return VAEOutlierDetector(VAE(), random_state=seed).fit(train).score_samples(test)


def by_default(train, test, seed):
    return VAEOutlierDetector(random_state=seed).fit(train).score_samples(test)


METHODS = {
    "isolation forest": by_forest,
    "PCA": by_components,
    "kNN": by_neighbours,
    "`VAE()`": by_vae,
    "default": by_default,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    parser.add_argument("--as-they-are", action="store_true", help="no resampling")
    arguments = parser.parse_args()
    if "VAEKIT_DATA" not in os.environ:
        parser.error("set VAEKIT_DATA to a folder that holds adbench/ with the tables")
    warnings.simplefilter("ignore")
    print("| table | " + " | ".join(METHODS) + " |\n|---|" + "---|" * len(METHODS))
    areas = []
    for file in sorted((Path(os.environ["VAEKIT_DATA"]) / "adbench").glob("*.npz")):
        worlds = [(seed, *protocol(file, seed, arguments.as_they_are)) for seed in arguments.seeds]
        areas.append(
            [
                np.mean([100 * roc_auc_score(y, -method(train, test, seed)) for seed, train, test, y in worlds])
                for method in METHODS.values()
            ]
        )
        print(f"| {file.stem.split('_', 1)[1]} | " + " | ".join(f"{area:.1f}" for area in areas[-1]) + " |", flush=True)
    print("| **mean** | " + " | ".join(f"**{area:.2f}**" for area in np.mean(areas, axis=0)) + " |")


if __name__ == "__main__":
    main()
