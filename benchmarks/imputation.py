"""Half of the cells of scikit-learn's breast cancer table, missing at random, filled by several imputers.

The protocol of P.-A. Mattei, J. Frellsen, "MIWAE", ICML 2019, https://arxiv.org/abs/1812.02633, as in its authors'
notebook: standardised columns, the mask of `np.random.seed(1234)`, mean squared error of the missing cells.

OMP_NUM_THREADS=1 python benchmarks/imputation.py [--seeds 0 1 2]
"""

import argparse
import time
import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

from vaekit.impute import VAEImputer

MASK_SEED = 1234


def table_with_gaps():
    X = load_breast_cancer().data
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    missing = np.random.RandomState(MASK_SEED).choice(X.size, X.size // 2, replace=False)
    rows = X.ravel().copy()
    rows[missing] = np.nan
    return X, rows.reshape(X.shape)


def measure(imputer, X, rows):
    start, missing = time.perf_counter(), np.isnan(rows)
    filled = imputer.fit_transform(rows)
    return np.mean((filled[missing] - X[missing]) ** 2), time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    X, rows = table_with_gaps()
    imputers = {
        "column means": [SimpleImputer()],
        "nearest neighbours": [KNNImputer()],
        "iterative, Bayesian ridge": [IterativeImputer(random_state=0)],
        "`VAEImputer()`": [VAEImputer(random_state=seed) for seed in arguments.seeds],
    }
    print("| imputer | mean squared error | seconds |\n|---|---|---|")
    for name, candidates in imputers.items():
        errors, seconds = np.transpose([measure(imputer, X, rows) for imputer in candidates])
        each = ", ".join(f"{error:.4f}" for error in errors)
        print(f"| {name} | {each} | {seconds.mean():.0f} |", flush=True)


if __name__ == "__main__":
    main()
