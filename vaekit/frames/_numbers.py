"""Frames of several kinds of columns as matrices that can be drawn, compared and changed."""

import datetime

import numpy as np

from vaekit.frames._choice import columns_of, holds_several_kinds
from vaekit.frames._opening import frame_of, open_table
from vaekit.frames._writing import written
from vaekit.utils._containers import unwrap

__all__ = [
    "as_frame",
    "codes_of_columns",
    "columns_in",
    "frame_of_codes",
    "indicator_names",
    "indicators",
    "words_of_cells",
]


def as_frame(X):
    """A table, whose rows can be taken: a frame, or an array."""
    return frame_of(_opened(X))


def columns_in(X):
    """What the columns of a frame are that holds more than numbers; None for anything else."""
    table = open_table(X)
    if table is None or not table.columns:
        return None
    is_array = table.library == "numpy" and table.native.dtype != object
    return columns_of(table) if not is_array and holds_several_kinds(table) else None


def indicators(columns, X):
    """Numbers, and 0 or 1 for each category, (n_rows, width); NaN where a cell is missing, or unknown.

    Parameters
    ----------
    columns : Columns
    X : frame or array of these columns
    """
    return columns.encode(_opened(X), "missing")


def indicator_names(columns):
    """A name for each number: that of its column, with the category where there are several."""
    return [name for column in columns.columns for name in _names(column)]


def _names(column):
    return [f"{column.name} = {kind}" for kind in column.categories] if column.kind == "category" else [column.name]


def _opened(X):
    """A table's columns, whatever it is: lists of rows are objects, which keep their types."""
    X = np.array(X, dtype=object) if isinstance(X, list | tuple) else X
    table = open_table(X)
    return open_table(unwrap(X)) if table is None else table


def codes_of_columns(columns, X):
    """A number for each cell (n_rows, n_columns), categories by their place in the list; NaN where one is missing."""
    rows = indicators(columns, X)
    blocks = zip(columns.columns, (rows[:, place] for place in columns.places))
    codes = [block.argmax(axis=1) if column.kind == "category" else block[:, 0] for column, block in blocks]
    return np.where(columns.cells(rows), np.nan, np.stack(codes, axis=1))


def frame_of_codes(columns, codes):
    """The frame of the nearest possible cells."""
    is_missing = np.isnan(codes)
    pairs = zip(columns.columns, np.where(is_missing, 0.0, codes).T)
    return written(columns.library, columns.columns, [_nearest(*pair) for pair in pairs], is_missing)


def _nearest(column, codes):
    if column.kind == "category":
        return np.clip(np.rint(codes), 0, column.width - 1).astype(int)
    return column.possible(codes[:, np.newaxis])


def words_of_cells(columns, X):
    """Every cell as somebody would say it, (n_rows, n_columns); "?" where one is missing."""
    codes = codes_of_columns(columns, X)
    said = [[_said(column, code) for code in own] for column, own in zip(columns.columns, codes.T)]
    return np.array(said, dtype=object).T


def _said(column, code):
    if np.isnan(code):
        return "?"
    if column.kind == "category":
        return str(column.categories[int(code)])
    if column.kind == "boolean":
        return str(bool(code))
    if column.kind == "moment":
        return _moment(column, code)
    return str(int(code) + column.origin) if column.step else f"{code:.4g}"


def _moment(column, days):
    """A duration, or a day, with its time where it has one."""
    if column.is_duration:
        return str(datetime.timedelta(days=days))
    text = str(np.datetime64(round(days * 86_400_000), "ms").astype("M8[s]"))
    return text.removesuffix("T00:00:00").replace("T", " ")
