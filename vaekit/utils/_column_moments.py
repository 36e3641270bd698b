"""Extremes and moments of columns, part by part: of rows that are never in memory at once."""

import math
from typing import NamedTuple

import numpy as np

__all__ = ["EXACT_ROWS", "ColumnMoments"]

SMALLEST = 1e-140  # range of a column whose squares are told from 0
EXACT_ROWS = 2**24 // 255**2  # bytes whose squares add up to less than 2^24


class ColumnMoments(NamedTuple):
    """Extremes and moments of every column of some rows, float64; NaN where a value is.

    Attributes
    ----------
    n_rows : int
    low, high, mean, deviation : ndarray of shape (n_features,)
    """

    n_rows: int
    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, rows):
        """Those of rows in memory: moments of x - low, in units of the range where squares would overflow or vanish."""
        with np.errstate(all="ignore"):  # what is not finite stays so, and is told by whoever asks
            low, high = (_reduced(end, rows).astype(np.float64) for end in (np.minimum, np.maximum))
            is_bytes = rows.dtype.itemsize == 1
            shift, units, mean, square = _means_of_bytes(rows) if is_bytes else _means(rows, low, high)
            deviation = np.where(low < high, units * np.sqrt(np.maximum(square - mean**2, 0)), 0.0)
            return cls(len(rows), low, high, shift + units * mean, deviation)

    def joined(self, other):
        """Those of these rows and of others: within each part, and between the means of the two."""
        n_rows = self.n_rows + other.n_rows
        share, rest = other.n_rows / n_rows, self.n_rows / n_rows
        with np.errstate(all="ignore"):
            low, high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
            between = other.mean - self.mean
            within = np.hypot(math.sqrt(rest) * self.deviation, math.sqrt(share) * other.deviation)
            deviation = np.where(low < high, np.hypot(within, math.sqrt(share * rest) * between), 0.0)
            mean = np.where(low < high, self.mean + share * between, low)
        return type(self)(n_rows, low, high, mean, deviation)


def _reduced(end, rows):
    """Extremes of columns; of narrow rows in two steps, because a short row costs as much as a long one."""
    fold = max(1, min(len(rows), 1024 // rows.shape[1]))
    whole = len(rows) // fold * fold
    folded = end.reduce(rows[:whole].reshape(-1, fold * rows.shape[1]), axis=0).reshape(fold, -1)
    return end.reduce(np.concatenate([folded, rows[whole:]]), axis=0)


def _means(rows, low, high):
    """Shift and unit, and means of values and of squares in them: one unit for all while no square is lost."""
    ranges = np.where(low < high, high - low, 1.0)
    units = 1.0 if ranges.min() > SMALLEST and ranges.max() < 1 / SMALLEST else ranges
    t = rows.astype(np.float64)
    t -= low
    t = t if np.ndim(units) == 0 else np.divide(t, units, out=t)
    return low, units, np.ones(len(t)) @ t / len(t), np.einsum("ij,ij->j", t, t) / len(t)


def _means_of_bytes(rows):
    """The same of bytes as they are, of so few rows at a time that single precision adds them exactly."""
    total, squares = 0.0, 0.0
    for start in range(0, len(rows), EXACT_ROWS):
        values = rows[start : start + EXACT_ROWS].astype(np.float32)
        ones = np.ones(len(values), dtype=np.float32)
        total = total + (ones @ values).astype(np.float64)
        squares = squares + (ones @ np.square(values, out=values)).astype(np.float64)
    return 0.0, 1.0, total / len(rows), squares / len(rows)
