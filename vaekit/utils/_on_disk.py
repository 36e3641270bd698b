"""Rows that stay where they are, on a disk: read when they are asked for, a block at a time."""

import functools
import math

import numpy as np

from vaekit.utils._column_moments import EXACT_ROWS, ColumnMoments
from vaekit.utils._containers import unwrap
from vaekit.utils._disk_sources import OPENERS

__all__ = ["LazyRows", "RowsOnDisk", "in_memory_unless_large", "lazily", "on_disk", "opened_lazily"]

LARGEST_READ = 2**28  # bytes of a table on disk that are still read at once (256 MiB)
VALUES_AT_ONCE = 2**22  # read at a time where all are looked at once, 32 MiB of float64
VALUES_IN_CACHE = 2**17  # worked on at a time: 1 MiB of float64
WIDEST_SPAN = 16  # rows read for one that is wanted, where one stretch is read instead of many


def on_disk(X):
    """Return `RowsOnDisk` for what is kept on a disk and larger than `LARGEST_READ`, None for everything else.

    Memory maps (and views of them), HDF5 datasets and arrays in chunks like them, images that are read when they are
    indexed, torch's map-style datasets, and open Parquet files.
    """
    source = next((opened(X) for is_such, opened in OPENERS if is_such(X)), None)
    rows = None if source is None or len(source.shape) < 2 else RowsOnDisk(source)
    return rows if rows is not None and rows.nbytes > LARGEST_READ else None


def in_memory_unless_large(rows):
    """Return an array of rows to train on; rows on disk as they are, if they are too large to be one."""
    return rows if isinstance(rows, RowsOnDisk) and rows.is_large else np.asarray(rows)


class RowsOnDisk:
    """A table on disk, of which rows are read when they are asked for; images are rows of their pixels.

    Parameters
    ----------
    source : object with `shape` and `dtype`, indexed by slices and by increasing row numbers
    """

    ndim = 2

    def __init__(self, source):
        self.source, self.dtype = source, np.dtype(source.dtype)
        self.shape = (source.shape[0], math.prod(source.shape[1:]))

    @property
    def nbytes(self):
        """Size of all rows."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    @property
    def is_large(self):
        """Whether they are not to be read at once."""
        return self.nbytes > LARGEST_READ

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        """Rows by a slice, or by numbers in any order, as an array in memory."""
        if isinstance(rows, slice):
            return np.asarray(self.source[rows]).reshape(-1, self.shape[1])
        numbers, places = np.unique(np.asarray(rows), return_inverse=True)
        return self._increasing(numbers)[places] if len(numbers) else self[:0]

    def some(self, numbers):
        """Rows by increasing numbers, which stay where they are."""
        return RowsOnDisk(SomeOf(self, numbers))

    def _increasing(self, numbers):
        """One stretch of a disk is read faster than many places of it."""
        first, last = int(numbers[0]), int(numbers[-1])
        if last - first < WIDEST_SPAN * len(numbers) and (last - first) * self.shape[1] < VALUES_AT_ONCE:
            return self[first : last + 1][numbers - first]
        return np.asarray(self.source[numbers]).reshape(-1, self.shape[1])

    def __array__(self, dtype=None, copy=None):
        whole = self.source if hasattr(self.source, "__array__") else self.source[:]
        return np.asarray(whole, dtype=dtype).reshape(self.shape)

    def blocks(self):
        """All rows in turn, some at a time."""
        n_rows = max(1, VALUES_AT_ONCE // self.shape[1])
        return (self[start : start + n_rows] for start in range(0, len(self), n_rows))

    @functools.cached_property
    def moments(self):
        """`ColumnMoments` of all rows, from one pass over them."""
        n_rows = max(EXACT_ROWS, VALUES_IN_CACHE // self.shape[1])  # of wide rows more, or joining would be the work
        parts = (block[start : start + n_rows] for block in self.blocks() for start in range(0, len(block), n_rows))
        return functools.reduce(ColumnMoments.joined, map(ColumnMoments.of, parts))

    def min(self, axis=None):
        """Smallest value, of all or of each column; NaN where there is one."""
        return self.moments.low.min() if axis is None else self.moments.low

    def max(self, axis=None):
        """Largest value, of all or of each column; NaN where there is one."""
        return self.moments.high.max() if axis is None else self.moments.high


class LazyRows:
    """Rows that stay on a disk, indexed as an array is: in their own shape, by a slice or by numbers in any order.

    Parameters
    ----------
    source : object
        As `RowsOnDisk` takes it.
    """

    stays_on_disk = True

    def __init__(self, source):
        self.rows = RowsOnDisk(source)
        self.shape, self.dtype, self.ndim = tuple(source.shape), self.rows.dtype, len(source.shape)

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        return self.rows[rows].reshape(-1, *self.shape[1:])

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.rows, dtype=dtype).reshape(self.shape)


def lazily(X):
    """Return rows as they are; what is kept on a disk and large as `LazyRows`, which stay there."""
    rows = None if isinstance(X, LazyRows) else on_disk(X)
    return X if rows is None else LazyRows(rows.source)


def opened_lazily(X):
    """Return rows as `unwrap` does, and those of `lazily`."""
    return unwrap(lazily(X))


class SomeOf:
    """Some rows of those on a disk, as the source of others.

    Parameters
    ----------
    rows : RowsOnDisk
    numbers : ndarray of int
        Increasing.
    """

    def __init__(self, rows, numbers):
        self.rows, self.numbers = rows, numbers
        self.shape, self.dtype = (len(numbers), rows.shape[1]), rows.dtype

    def __getitem__(self, rows):
        return self.rows[self.numbers[rows]]
