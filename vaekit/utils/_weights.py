"""Weights of rows: checked, and turned into rows that count once each."""

import numpy as np
from sklearn import get_config

from vaekit.utils._sklearn import check_sample_weight
from vaekit.utils._told import about, told

__all__ = ["checked_weights", "fitted_with", "in_proportion", "mean"]

SMALLEST_SUM = 1e-290  # of weights that a number of draws can be divided by


def checked_weights(sample_weight, n_rows):
    """Weights as float64 of mean 1 over the rows that have one; None where all are the same.

    Raises
    ------
    ValueError
        If there are not as many as rows, if one is negative, infinite or NaN, or if all are 0.
    """
    if sample_weight is None:
        return None
    rows = np.broadcast_to(0.0, (n_rows, 1))
    with about("sample_weight"):
        own = told(sample_weight, "sample_weight")
        weights = check_sample_weight(own, rows, dtype=np.float64, ensure_non_negative=True)
    if not weights.any():
        raise ValueError("The 'sample_weight' holds zeros only: at least one weight must not be zero.")
    if (weights == weights[0]).all():
        return None
    weights = weights / weights.max()
    return weights / weights[weights > 0].mean()


def in_proportion(weights, n_draws):
    """Numbers of rows in increasing order, each as often as its share of so many draws, rounded up or down.

    >>> in_proportion(np.array([1.0, 0.0, 2.0]), 6)
    array([0, 0, 2, 2, 2, 2])
    """
    if weights.sum() < SMALLEST_SUM:
        weights = weights / weights.max()
    ends = np.cumsum(weights)
    places = np.searchsorted(ends * (n_draws / ends[-1]), np.arange(n_draws) + 0.5, side="right")
    return np.minimum(places, np.flatnonzero(weights)[-1])


def mean(values, sample_weight):
    """Mean of a value for each row, weighted where there are weights."""
    return float(np.average(values, weights=checked_weights(sample_weight, len(values))))


def fitted_with(model, X, y, sample_weight):
    """Fit a model, its last step if it is a pipeline, with weights where there are any; return it."""
    given = (X,) if y is None else (X, y)
    if sample_weight is None:
        return model.fit(*given)
    if hasattr(model, "steps") and not get_config()["enable_metadata_routing"]:
        return model.fit(*given, **{f"{model.steps[-1][0]}__sample_weight": sample_weight})
    return model.fit(*given, sample_weight=sample_weight)
