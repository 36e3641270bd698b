"""What is known about rows beside their values."""

import math
from typing import NamedTuple

import numpy as np

from vaekit.utils._on_disk import RowsOnDisk
from vaekit.utils._weights import in_proportion

__all__ = ["NOTHING", "Known", "weighed"]

FINENESS = 8  # draws for a row: its share is right to an eighth of a row


class Known(NamedTuple):
    """What is known about each of some rows; None where there is nothing to know.

    Attributes
    ----------
    given : ndarray of shape (n_rows, width) or None
        What a conditional model is told, float32.
    follows : ndarray of int of shape (2, n_pairs) or None
        Where rows are sequences: numbers of rows, and of the row before each of them in time.
    weight : ndarray of shape (n_rows,) or None
        How often each row counts, float64; only their proportions matter.
    """

    given: np.ndarray | None = None
    follows: np.ndarray | None = None
    weight: np.ndarray | None = None

    def of(self, numbers):
        """The same about some of the rows, by number or slice; a pair stays if both its rows do."""
        given, weight = (None if fact is None else fact[numbers] for fact in (self.given, self.weight))
        return Known(given, None if self.follows is None else _pairs_among(numbers, self.follows), weight)

    def typical(self, numbers, n_most):
        """At most so many of some rows' numbers, from all over them, that stand for all: each counts once.

        Evenly spaced ones; where rows have weights, each as often as its weight says.
        """
        few = numbers[:: math.ceil(len(numbers) / n_most)]
        if self.weight is None:
            return few
        numbers = np.asarray(numbers)
        return numbers[in_proportion(self.weight[numbers], min(n_most, FINENESS * len(few)))]

    def counted_once(self):
        """The same about rows that are counted as often as their weights say already."""
        return self._replace(weight=None)


NOTHING = Known()


def weighed(X, known, weight):
    """Rows that have a weight, and what is known about them with the weight; weights of None are all the same."""
    if weight is None:
        return X, known
    if weight.all():
        return X, known._replace(weight=weight)
    kept = np.flatnonzero(weight)
    weight = None if np.ptp(weight[kept]) == 0 else weight
    return (X.some(kept) if isinstance(X, RowsOnDisk) else X[kept]), known._replace(weight=weight).of(kept)


def _pairs_among(numbers, follows):
    numbers = np.asarray(numbers)
    places = np.full(max(follows.max(), numbers.max()) + 1, -1)
    places[numbers] = np.arange(len(numbers))
    pairs = places[follows]
    return pairs[:, (pairs >= 0).all(axis=0)]
