"""What may hold rows on a disk: each with `shape`, `dtype`, and rows by slices and by increasing numbers."""

import contextlib
import mmap
from typing import Any

import numpy as np

__all__ = ["OPENERS", "DatasetRows", "is_dataset", "is_grouped", "naming_the_file", "read_whole"]

ROWS_APART = 16  # read at a time where they lie apart: a map may bring 2 MiB for each


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


@contextlib.contextmanager
def naming_the_file(array):
    """Say of an error in reading an HDF5 dataset which file is damaged, and what to do."""
    try:
        yield
    except OSError as error:
        name = getattr(getattr(array, "file", None), "filename", None)
        if name is None:
            raise
        raise OSError(
            f"X lies in {name}, and {getattr(array, 'name', 'it')} cannot be read there: the file is cut off or "
            f"damaged ({error}); take another copy of it."
        ) from error


class ChunkedRows:
    """An HDF5 dataset, or an array in chunks like it.

    Parameters
    ----------
    array : object with `shape` and `dtype`, indexed by slices and by increasing numbers
    """

    def __init__(self, array: Any):
        self.array, self.shape, self.dtype = array, tuple(array.shape), array.dtype
        self.chunks = getattr(array, "chunks", None)  # rows that are stored together are read together

    def __getitem__(self, rows):
        with naming_the_file(self.array):
            return self.array[rows]


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


class GroupedRows:
    """Numbers in groups of rows, of which the one that was read last is kept.

    Parameters
    ----------
    sizes : list of int
        Rows of each group.
    schema : pyarrow.Schema
    read : callable (number of a group) -> its columns
    """

    def __init__(self, sizes: list[int], schema: Any, read: Any):
        self._read, self._kept = read, (None, None)
        self.starts = np.append(0, np.cumsum(sizes, dtype=np.int64))
        columns = schema.empty_table().columns
        self.dtype = np.result_type(*(column.to_numpy().dtype for column in columns)) if columns else np.dtype("f8")
        self.shape, self.chunks = (int(self.starts[-1]), len(columns)), (max(sizes, default=1),)

    def __getitem__(self, rows):
        numbers = np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else np.asarray(rows)
        block, groups = (
            np.empty((len(numbers), self.shape[1]), self.dtype),
            np.searchsorted(self.starts, numbers, "right") - 1,
        )
        for group in np.unique(groups):
            block[groups == group] = self._group(group)[numbers[groups == group] - self.starts[group]]
        return block

    def __len__(self):
        return self.shape[0]

    def _group(self, number):
        if self._kept[0] != number:
            columns = [np.asarray(column) for column in self._read(int(number))]
            self._kept = (number, np.column_stack(columns).astype(self.dtype, copy=False))
        return self._kept[1]


def is_parquet(X):
    """Whether X is an open Parquet file of pyarrow's."""
    return type(X).__name__ == "ParquetFile" and type(X).__module__.startswith("pyarrow.")


def is_arrow_file(X):
    """Whether X is an open Arrow file (Feather) of pyarrow's, of which batches are read by number."""
    return type(X).__name__ == "RecordBatchFileReader" and type(X).__module__.startswith("pyarrow.")


def is_grouped(X):
    """Whether X is a file that holds rows in groups."""
    return is_parquet(X) or is_arrow_file(X)


def read_whole(X):
    """Return the table that such a file holds."""
    return X.read() if is_parquet(X) else X.read_all()


def _parquet_rows(file):
    sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    return GroupedRows(sizes, file.schema_arrow, lambda number: file.read_row_group(number).columns)


def _arrow_rows(reader):
    sizes = [reader.get_batch(number).num_rows for number in range(reader.num_record_batches)]
    return GroupedRows(sizes, reader.schema, lambda number: reader.get_batch(number).columns)


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
    (_is_chunked, ChunkedRows),
    (is_dataset, DatasetRows),
    (is_parquet, _parquet_rows),
    (is_arrow_file, _arrow_rows),
]
