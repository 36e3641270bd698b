"""Cells of one table put in the place of another's."""

import numpy as np

from vaekit.frames._dtypes import categories_of_type as declared
from vaekit.frames._opening import cells_of

__all__ = ["filled", "kept_columns", "missing_cells", "with_flags"]


def filled(table, other, is_filled):
    """A table of the library's own kind: cells of the other where told, the rest as they are, bit for bit.

    Parameters
    ----------
    table, other : Table
        Of the same library and the same columns.
    is_filled : ndarray of bool of shape (n_rows, n_columns)
    """
    columns = zip(table.columns, other.columns, is_filled.T)
    return FILLERS[table.library](table, [FILL[table.library](*column) for column in columns])


def _fill_array(one, other, is_filled):
    return np.where(is_filled, other, one)


def _fill_pandas(one, other, is_filled):
    return one.mask(is_filled, other.set_axis(one.index)) if is_filled.any() else one


def _fill_polars(one, other, is_filled):
    return one.zip_with(type(one)(~is_filled), other.cast(one.dtype)) if is_filled.any() else one


def _fill_arrow(one, other, is_filled):
    import pyarrow as pa

    if not is_filled.any():
        return one
    cells = [new if gap else old for old, new, gap in zip(one.to_pylist(), other.to_pylist(), is_filled)]
    if not hasattr(one.type, "index_type"):
        return pa.array(cells, one.type)
    kinds = dict.fromkeys([*declared(one), *(cell for cell in cells if cell is not None)])
    places = {kind: place for place, kind in enumerate(kinds)}
    codes = pa.array([None if cell is None else places[cell] for cell in cells], one.type.index_type)
    return pa.DictionaryArray.from_arrays(codes, pa.array(list(kinds), one.type.value_type), ordered=one.type.ordered)


FILL = {"numpy": _fill_array, "pandas": _fill_pandas, "polars": _fill_polars, "pyarrow": _fill_arrow}


def _join_array(table, columns):
    return np.stack(columns, axis=1)


def _join_pandas(table, columns):
    import pandas as pd

    return pd.concat(columns, axis=1).set_axis(table.names, axis=1)


def _join_polars(table, columns):
    import polars as pl

    return pl.DataFrame(columns)


def _join_arrow(table, columns):
    import pyarrow as pa

    return pa.table(columns, names=table.names)


FILLERS = {"numpy": _join_array, "pandas": _join_pandas, "polars": _join_polars, "pyarrow": _join_arrow}


def kept_columns(frame, are_kept):
    """Some columns of a table."""
    numbers = np.flatnonzero(are_kept)
    if hasattr(frame, "iloc"):
        return frame.iloc[:, numbers]
    return frame.select(numbers.tolist()) if hasattr(frame, "itercolumns") else frame[:, numbers.tolist()]


def missing_cells(table):
    """Whether each cell (n_rows, n_columns) holds nothing."""
    return np.stack([np.array([cell is None for cell in cells_of(column)]) for column in table.columns], axis=1)


def with_flags(frame, names, flags):
    """A table with further columns of truths (n_rows, n_names) on its right."""
    if isinstance(frame, np.ndarray):
        return np.hstack([frame, flags.astype(frame.dtype)])
    for name, own in zip(names, flags.T):
        if hasattr(frame, "iloc"):
            frame = frame.assign(**{name: own})
        elif hasattr(frame, "itercolumns"):
            frame = frame.append_column(name, [own])
        else:
            frame = frame.with_columns(type(frame.to_series(0))(name, own))
    return frame
