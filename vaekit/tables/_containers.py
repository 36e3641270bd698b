"""Whatever rows come in, as NumPy arrays: frames, Arrow tables, tensors, lists. No value changes on the way."""

import numpy as np

from vaekit.utils._containers import on_host, unwrap

__all__ = ["as_array", "columns_of_frame", "join_rows"]

PROTOCOLS = ("__dlpack__", "__arrow_c_stream__", "__dataframe__")
KNOWN = ("__array__", "detach", "columns", "get_columns", "itercolumns", "collect")


def as_array(values):
    """Return values as an array; columns of different types become Python objects, as a common type could merge them.

    NumPy's common type of signed and unsigned integers is a float, in which 2**63 and 2**63 + 1 are one.
    """
    values = _opened(values)
    columns = columns_of_frame(values)
    if columns is not None:
        return _side_by_side(columns) if columns else np.empty((len(values), 0))
    if hasattr(values, "detach"):
        return _of_tensor(values)
    if isinstance(values, np.ma.MaskedArray):
        return _with_holes(values)
    if isinstance(values, (list, tuple)):
        return _of_list(values)
    return _of_column(values)


def _opened(values):
    """What speaks a protocol that NumPy does not, and lists of tensors, as arrays or frames; anything else as it is."""
    if isinstance(values, (list, tuple)):
        return on_host(values)
    speaks = any(hasattr(values, protocol) for protocol in PROTOCOLS)
    return unwrap(values) if speaks and not any(hasattr(values, known) for known in KNOWN) else values


def columns_of_frame(values):
    """Return the columns of a table of pandas, polars or Arrow as arrays; None for anything else."""
    if hasattr(values, "collect_schema") and hasattr(values, "collect"):
        values = values.collect()  # a polars query that has not run
    if hasattr(values, "iloc") and hasattr(values, "columns"):
        return [np.asarray(values.iloc[:, j]) for j in range(values.shape[1])]
    if hasattr(values, "get_columns"):
        return [_of_column(column) for column in values.get_columns()]
    if hasattr(values, "itercolumns"):
        return [_of_column(column) for column in values.itercolumns()]
    return None


def _side_by_side(columns):
    """Return columns as one array of two axes."""
    kept = columns if _have_common_type(columns) else [column.astype(object) for column in columns]
    return np.stack(kept, axis=1)


def join_rows(first, second):
    """Return the rows of two arrays, one after the other."""
    if not _have_common_type([first, second]):
        first, second = first.astype(object), second.astype(object)
    return np.concatenate([first, second])


def _have_common_type(arrays):
    """Whether NumPy's common type of these arrays holds each of their values."""
    types = {array.dtype for array in arrays}
    return len(types) <= 1 or all(dtype.kind == "f" for dtype in types)


def _of_tensor(tensor):
    tensor = tensor.detach().cpu()
    return np.asarray(tensor.float() if "bfloat16" in str(tensor.dtype) else tensor)


def _with_holes(masked):
    """Return a masked array as objects with None where it is masked."""
    return np.array(masked.tolist(), dtype=object) if np.ma.is_masked(masked) else masked.data


def _of_list(rows):
    """Return a list as an array; as objects where it mixes types, or integers of which NumPy makes floats."""
    array = np.asarray(rows)
    if array.dtype.kind in "biu" or (array.dtype.kind == "f" and np.all(np.abs(array) < 2**53)):
        return array
    return np.array(rows, dtype=object)


def _of_column(column):
    """Return a column as an array; NumPy's reading of Arrow's dictionaries forgets what is missing."""
    if getattr(column, "null_count", None) and hasattr(column, "to_pylist"):
        return np.array(column.to_pylist(), dtype=object)
    return np.asarray(column)
