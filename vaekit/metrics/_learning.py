"""Learning factors from codes: disjoint rows, seeded copies, and classifiers that survive a single class."""

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.preprocessing import StandardScaler

from vaekit.tables._validation import check_counts
from vaekit.utils._random import random_state_names

MOST_DEVIATIONS = 1e6  # further out, rows would overflow the single precision of trees and stall linear solvers


def split_rows(n_samples, n_train, n_test, rng):
    """Draw disjoint rows to learn from and to score on: `n_train` and `n_test`, or of fewer rows the same shares."""
    check_counts(n_train=n_train, n_test=n_test)
    n = min(n_samples, n_train + n_test)
    n_test = min(n - 1, max(1, round(n * n_test / (n_train + n_test))))
    rows = rng.permutation(n_samples)[:n]
    return rows[n_test:], rows[:n_test]


def standardize(codes, train):
    """Give codes mean 0 and deviation 1 over the rows `train`; what lies a million deviations out lies there."""
    scaler = StandardScaler().set_output(transform="default").fit(codes[train])  # an array, whatever the user's setting
    return scaler.transform(codes).clip(-MOST_DEVIATIONS, MOST_DEVIATIONS)


def draw_seeds(n_seeds, rng):
    """Draw one seed per task, before the tasks run in any order."""
    return rng.randint(np.iinfo(np.int32).max, size=n_seeds)


def seeded_clone(estimator, seed):
    """Clone an estimator; every open `random_state`, of the steps inside it too, gets the seed."""
    estimator = clone(estimator)
    params = estimator.get_params()
    unseeded = [name for name in random_state_names(estimator) if params[name] is None]
    return estimator.set_params(**dict.fromkeys(unseeded, seed))


def fit_classifier(classifier, codes, labels):
    """Fit a classifier, or where the labels are all the same one that says just that."""
    if len(np.unique(labels)) == 1:
        classifier = DummyClassifier(strategy="most_frequent")
    return classifier.fit(codes, labels)
