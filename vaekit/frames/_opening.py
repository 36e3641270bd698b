"""A table of any library, as its columns."""

from numbers import Real
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw
import numpy as np

from vaekit.utils._disk_sources import is_grouped, read_whole

__all__ = ["Table", "cells_of", "frame_of", "is_missing", "open_table", "plain", "series_of"]


class Table(NamedTuple):
    """A table's columns, each a series of its library (an array's own columns for "numpy").

    Attributes
    ----------
    library : {"pandas", "polars", "pyarrow", "numpy"}
    names : list
    columns : list
    native : frame or ndarray
        The table itself.
    encoded_as : callable (Columns, matrix) -> matrix, optional
        What becomes of the matrix that stands for it.
    """

    library: str
    names: list
    columns: list
    native: Any
    encoded_as: Any = None


def open_table(X):
    """Return a frame, or an array of two axes, as its columns; None for anything else, and for names that repeat."""
    X = read_whole(X) if is_grouped(X) else X
    for is_such, opened in KINDS:
        if is_such(X):
            table = opened(X)
            return table if len(set(table.names)) == len(table.names) else None
    return None


def _is_pandas(X):
    return hasattr(X, "iloc") and hasattr(X, "columns")


def _is_polars(X):
    return hasattr(X, "get_columns") and hasattr(X, "schema")


def _is_arrow(X):
    return hasattr(X, "itercolumns") and hasattr(X, "column_names")


def _of_pandas(X):
    return Table("pandas", list(X.columns), [X.iloc[:, number] for number in range(X.shape[1])], X)


def _of_polars(X):
    return Table("polars", X.columns, X.get_columns(), X)


def _of_arrow(X):
    import pyarrow as pa

    table = X if isinstance(X, pa.Table) else pa.Table.from_batches([X])
    return Table("pyarrow", table.column_names, list(table.itercolumns()), table)


def _of_array(X):
    return Table("numpy", list(range(X.shape[1])), list(X.T), X)


KINDS = [
    (lambda X: isinstance(X, np.ndarray) and X.ndim == 2, _of_array),
    (_is_pandas, _of_pandas),
    (_is_polars, _of_polars),
    (_is_arrow, _of_arrow),
]


def frame_of(table):
    """The table as a frame whose rows can be taken; Arrow's as one of polars or pandas, whichever is there."""
    if table.library != "pyarrow":
        return table.native
    try:
        import polars as pl
    except ImportError:
        return table.native.to_pandas()
    return pl.from_arrow(table.native)


def series_of(column):
    """A column as narwhals knows it."""
    if isinstance(column, np.ndarray):
        return nw.new_series("column", column.tolist(), None, backend="pandas")
    return nw.from_native(column, series_only=True)


def is_missing(value):
    """Whether a cell holds nothing: None, NaN, NaT, NA."""
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas' NA has no truth
        return True
    except ValueError:  # nor has an array
        return False


def plain(value):
    """A cell as Python has it, None where it holds nothing; the text of pandas' intervals."""
    if is_missing(value):
        return None
    if type(value).__name__ == "Interval":
        return _text_of_interval(value)
    return value.item() if isinstance(value, np.generic) else value


def _text_of_interval(interval):
    """The text "(0.5, 1.0]": whole ends as floats, as pandas gives them with cells, but not with categories."""
    ends = (float(end) if isinstance(end, Real) else end for end in (interval.left, interval.right))
    left, right = "[" if interval.closed_left else "(", "]" if interval.closed_right else ")"
    return left + ", ".join(map(str, ends)) + right


def cells_of(column):
    """Cells of a column as Python has them, None where one holds nothing."""
    if isinstance(column, np.ndarray):
        values: Any = column.tolist()
    else:
        values = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
    return [plain(value) for value in values]
