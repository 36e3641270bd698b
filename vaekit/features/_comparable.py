"""Rows as numbers in which they can be compared, whatever they hold."""

import numpy as np

from vaekit.frames import columns_in, indicators
from vaekit.utils._containers import is_frame
from vaekit.utils._rows import flat_rows

__all__ = ["ComparableRows", "comparable_rows"]


def comparable_rows(X, columns=None):
    """Return the function from rows like those of X to numbers (n_rows, n_values), float64.

    Values as they are. Of a frame of several kinds, numbers and dates in deviations from the mean of X, truths as 0
    or 1 and categories so that two of them are at distance 1.

    Parameters
    ----------
    X : array-like or frame of shape (n_rows, ...)
        Real rows.
    columns : Columns, optional
        What the columns of X are, where that is known.
    """
    columns = columns_in(X) if columns is None else columns
    return flat_rows if columns is None and not _has_gaps(X) else ComparableRows(X, columns)


def _has_gaps(X):
    if isinstance(X, np.ndarray):
        return X.dtype.kind == "f" and bool(np.isnan(X.min(initial=0.0)))  # no array of as many truths
    return is_frame(X) and bool(np.isnan(flat_rows(X)).any())


class ComparableRows:
    """Rows of several kinds, or with gaps, as numbers.

    A cell that is missing is the mean of its column. Rows that have all of theirs, such as samples, lose those that
    rows of X have not: otherwise gaps alone would tell the ones from the others.
    """

    def __init__(self, X, columns=None):
        self.columns, self.mean, self.unit = columns, 0.0, 1.0
        rows = self._numbers(X)
        self.is_missing = np.isnan(rows)
        counts = np.maximum((~self.is_missing).sum(axis=0), 1)
        self.mean = np.nansum(rows, axis=0) / counts
        if columns is not None:
            deviation = np.sqrt(np.nansum(np.square(rows - self.mean), axis=0) / counts)
            self.unit = np.where(deviation > 0, deviation, 1.0)
            self._spare_indicators()

    def _spare_indicators(self):
        for column, place in zip(self.columns.columns, self.columns.places):
            if column.kind in ("category", "boolean"):
                self.unit[place] = np.sqrt(2.0) if column.kind == "category" else 1.0

    def _numbers(self, rows):
        return flat_rows(rows) if self.columns is None else indicators(self.columns, rows)

    def __call__(self, rows):
        """The numbers, none of them missing."""
        numbers = self._numbers(rows)
        if not np.isnan(numbers).any():
            numbers[self.is_missing[np.arange(len(numbers)) % len(self.is_missing)]] = np.nan
        return np.nan_to_num((numbers - self.mean) / self.unit, nan=0.0)
