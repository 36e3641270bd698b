"""What is known about rows beside their values."""

from typing import NamedTuple

import numpy as np

__all__ = ["NOTHING", "Known"]


class Known(NamedTuple):
    """What is known about each of some rows; None where there is nothing to know.

    Attributes
    ----------
    given : ndarray of shape (n_rows, width) or None
        What a conditional model is told, float32.
    follows : ndarray of int of shape (2, n_pairs) or None
        Where rows are sequences: numbers of rows, and of the row before each of them in time.
    """

    given: np.ndarray | None = None
    follows: np.ndarray | None = None

    def of(self, numbers):
        """The same about some of the rows, by number or slice; a pair stays if both its rows do."""
        given = None if self.given is None else self.given[numbers]
        return Known(given, None if self.follows is None else _pairs_among(numbers, self.follows))


NOTHING = Known()


def _pairs_among(numbers, follows):
    numbers = np.asarray(numbers)
    places = np.full(max(follows.max(), numbers.max()) + 1, -1)
    places[numbers] = np.arange(len(numbers))
    pairs = places[follows]
    return pairs[:, (pairs >= 0).all(axis=0)]
