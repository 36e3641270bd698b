"""Rows that stay where they are, on a disk: read when they are asked for, a block at a time."""

import contextlib
import functools
import math
import mmap
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "ColumnMoments",
    "DatasetRows",
    "RowsOnDisk",
    "in_memory_unless_large",
    "is_dataset",
    "on_disk",
]

LARGEST_READ = 2**28  # bytes of a table on disk that are still read at once (256 MiB)
VALUES_AT_ONCE = 2**22  # read at a time where all are looked at once, 32 MiB of float64
VALUES_IN_CACHE = 2**17  # worked on at a time: 1 MiB of float64
SMALLEST = 1e-140  # range of a column whose squares are told from 0
EXACT_ROWS = 2**24 // 255**2  # bytes whose squares add up to less than 2^24
ROWS_APART = 16  # read at a time where they lie apart: a map may bring 2 MiB for each
WIDEST_SPAN = 16  # rows read for one that is wanted, where one stretch is read instead of many


def on_disk(X):
    """Return `RowsOnDisk` for what is kept on a disk and larger than `LARGEST_READ`, None for everything else.

    Memory maps (and views of them), HDF5 datasets and arrays in chunks like them, images that are read when they are
    indexed, and torch's map-style datasets.
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
            if rows.dtype.itemsize == 1:
                mean, square, units = *_means_of_bytes(rows), 1.0
                low_of_mean = 0.0
            else:
                ranges = np.where(low < high, high - low, 1.0)
                units = 1.0 if ranges.min() > SMALLEST and ranges.max() < 1 / SMALLEST else ranges
                t, low_of_mean = rows.astype(np.float64), low
                t -= low
                t = t if np.ndim(units) == 0 else np.divide(t, units, out=t)
                mean, square = np.ones(len(t)) @ t / len(t), np.einsum("ij,ij->j", t, t) / len(t)
            deviation = np.where(low < high, units * np.sqrt(np.maximum(square - mean**2, 0)), 0.0)
            return cls(len(rows), low, high, low_of_mean + units * mean, deviation)

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


def _means_of_bytes(rows):
    """Means of values and of their squares, of so few rows at a time that single precision adds them exactly."""
    total, squares = 0.0, 0.0
    for start in range(0, len(rows), EXACT_ROWS):
        values = rows[start : start + EXACT_ROWS].astype(np.float32)
        ones = np.ones(len(values), dtype=np.float32)
        total = total + (ones @ values).astype(np.float64)
        squares = squares + (ones @ np.square(values, out=values)).astype(np.float64)
    return total / len(rows), squares / len(rows)


# ---------------------------------------------------------------------- what is on a disk


class MappedArray:
    """An array in a memory map, of which the pages that were read are given back: they would fill the memory.

    Parameters
    ----------
    array : ndarray
        Of native or foreign byte order.
    mapping : mmap.mmap or None
        What may be given back; None for a map with changes of its own.
    """

    def __init__(self, array, mapping):
        self.array, self.mapping = array, mapping
        self.shape, self.dtype = array.shape, array.dtype.newbyteorder("=")

    def __getitem__(self, rows):
        is_apart = not isinstance(rows, slice) or rows.step not in (None, 1)
        if not is_apart:
            return self._read(rows)
        numbers = np.arange(*rows.indices(len(self.array))) if isinstance(rows, slice) else rows
        block = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        for start in range(0, len(numbers), ROWS_APART):
            block[start : start + ROWS_APART] = self._read(numbers[start : start + ROWS_APART])
        return block

    def _read(self, rows):
        block = np.array(self.array[rows], dtype=self.dtype)
        if self.mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
            with contextlib.suppress(OSError, ValueError):
                self.mapping.madvise(mmap.MADV_DONTNEED)
        return block


def _map_of(X):
    """The memory map that an array is a view of, or None."""
    while isinstance(X, np.ndarray):
        if isinstance(getattr(X, "_mmap", None), mmap.mmap):
            return X
        X = X.base
    return None


def _open_map(X):
    owner = _map_of(X)
    is_shared = getattr(owner, "mode", "c") in ("r", "r+", "w+")  # copy-on-write: the pages hold what was changed
    return MappedArray(np.asarray(X), owner._mmap if is_shared else None)


class DatasetRows:
    """A torch dataset whose rows, or the first parts of them, are read one by one.

    Parameters
    ----------
    dataset : torch.utils.data.Dataset
        With a length.
    """

    def __init__(self, dataset: Any):
        self.dataset = dataset
        first = self._row(0)
        self.shape, self.dtype = (len(dataset), *first.shape), first.dtype

    def _row(self, number):
        row = self.dataset[number]
        return np.asarray(row[0] if isinstance(row, (tuple, list)) else row)

    def __getitem__(self, rows):
        numbers = range(len(self.dataset))[rows] if isinstance(rows, slice) else rows
        return np.stack([self._row(int(n)) for n in numbers]) if len(numbers) else np.empty((0, *self.shape[1:]))


def is_dataset(X):
    """Whether X is a map-style dataset of torch, with rows, that is not made of tensors in memory."""
    kinds = {kind.__name__ for kind in type(X).__mro__ if kind.__module__.startswith("torch.utils.data")}
    is_by_number = "Dataset" in kinds and not kinds & {"IterableDataset", "TensorDataset"}
    return is_by_number and hasattr(X, "__len__") and len(X) > 0


def _is_chunked(X):
    """Whether X is an HDF5 dataset or an array stored in chunks like it."""
    is_array = all(hasattr(X, name) for name in ("dtype", "shape", "__getitem__", "__len__"))
    is_hdf5 = type(X).__module__.partition(".")[0] == "h5py"
    return is_array and not isinstance(X, np.ndarray) and (is_hdf5 or getattr(X, "chunks", None) is not None)


OPENERS = [
    (lambda X: _map_of(X) is not None and X.dtype.kind in "biuf", _open_map),
    (lambda X: getattr(X, "stays_on_disk", False), lambda X: X),
    (_is_chunked, lambda X: X),
    (is_dataset, DatasetRows),
]
