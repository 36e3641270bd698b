"""Rows of data, a block at a time and as flat float64."""

import math

import numpy as np
from sklearn.utils import gen_batches

from vaekit.utils._containers import as_array, take_rows
from vaekit.utils._on_disk import opened_lazily

VALUES_AT_ONCE = 2**20  # 8 MiB of float64


def count_rows(X):
    """Return the number of rows of an array or a data frame."""
    return X.shape[0]


def rows_at_once(X):
    """Return how many rows hold a limited number of values, at least one."""
    return max(1, VALUES_AT_ONCE // max(1, math.prod(X.shape[1:])))


def row_blocks(X):
    """Return slices of so many rows."""
    return gen_batches(count_rows(X), rows_at_once(X))


def in_blocks(function, X):
    """Return function(flat float64 rows) of all rows, a block at a time, so that their float64 copy stays small."""
    X = opened_lazily(X)
    return np.concatenate([function(flat_rows(take_rows(X, rows))) for rows in row_blocks(X)])


def evenly_spaced(X, n_most):
    """Return positions of at most so many rows, from the first to the last."""
    return np.linspace(0, count_rows(X) - 1, min(count_rows(X), n_most)).astype(int)


def floats(values):
    """Return what an object's method gave as a float64 array."""
    return as_array(values).astype(np.float64, copy=False)


def flat_rows(X):
    """Return data, images too, as a float64 array of shape (n_rows, n_values)."""
    X = floats(X)
    return X.reshape(len(X), -1)
