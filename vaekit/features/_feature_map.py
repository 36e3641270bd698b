"""From rows to the features in which they are compared: all at once, or as they are needed."""

import math

import numpy as np

from vaekit.utils._containers import as_array, take_rows
from vaekit.utils._rows import count_rows, rows_at_once

__all__ = ["FeatureMap", "FeaturesOfRows"]

MOST_VALUES_KEPT = 2**24  # 128 MiB of float64


class FeatureMap:
    """From rows to features.

    Parameters
    ----------
    function : callable
        From rows to features.
    is_by_row : bool
        Whether it gives a row the same features whatever stands beside it.
    """

    def __init__(self, function, is_by_row):
        self.function, self.is_by_row = function, is_by_row

    def __call__(self, rows):
        return self.function(rows)

    def of(self, X):
        """The features of all rows: an array, or where these are many `FeaturesOfRows`, which are made as needed.

        A function that must see all rows at once sees those of a disk some at a time all the same: memory may not hold
        them.
        """
        stays = getattr(X, "stays_on_disk", False)
        if not stays and not (self.is_by_row and math.prod(getattr(X, "shape", ())) > MOST_VALUES_KEPT):
            return self(X)
        features = FeaturesOfRows(self.function, X)
        return features[:] if math.prod(features.shape) <= MOST_VALUES_KEPT else features


class FeaturesOfRows:
    """Features that are made when they are asked for, as rows on a disk are read.

    Parameters
    ----------
    function : callable
        From some rows to their features.
    X : array, or rows that stay on a disk, of shape (n_rows, ...)
    """

    stays_on_disk = True

    def __init__(self, function, X):
        self.function, self.X = function, X
        first = as_array(function(take_rows(X, slice(0, 2))))
        self.shape, self.dtype = (count_rows(X), *first.shape[1:]), first.dtype

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        numbers, n_most = np.arange(len(self))[rows], rows_at_once(self.X)
        made = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        for start in range(0, len(numbers), n_most):
            some = slice(start, start + n_most)
            made[some] = as_array(self.function(take_rows(self.X, numbers[some])))
        return made
