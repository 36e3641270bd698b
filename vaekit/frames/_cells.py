"""Single cells that somebody names, as numbers of a row."""

import math

import numpy as np

from vaekit.frames._choice import days_of_moment, is_duration
from vaekit.frames._opening import is_missing, plain
from vaekit.frames._reading import is_number

__all__ = ["number_of", "row_of_cells"]


def row_of_cells(columns, cells):
    """A row of the matrix (1, width), NaN but for some cells.

    Parameters
    ----------
    columns : Columns
    cells : dict of int to value
        What stands in a column, by its number.

    Raises
    ------
    ValueError
        If a column cannot hold its value.
    """
    row = np.full((1, int(columns.ends[-1])), np.nan)
    for number, value in cells.items():
        row[:, columns.places[number]] = _numbers_of(columns.columns[number], value)
    return row


def _numbers_of(column, value):
    """A value as the numbers (1, width) that stand for it."""
    if is_missing(value):
        raise ValueError(f"For column {column.name!r} nothing is given but {value!r}; leave it out.")
    if column.kind == "category":
        return _one_hot(column, plain(value))
    found = np.array([[READERS[column.kind](column, value)]])
    if column.kind != "boolean" and not np.isclose(column.possible(found), found[0], rtol=1e-12, atol=0):
        raise ValueError(f"Column {column.name!r} cannot hold {value!r}: {_where(column)}.")
    return found


def _one_hot(column, value):
    places = [place for place, category in enumerate(column.categories) if category == value]
    if not places:
        some = ", ".join(map(repr, column.categories[:5])) + (", ..." if len(column.categories) > 5 else "")
        raise ValueError(f"Column {column.name!r} has no category {value!r}; pass one of {some}.")
    return np.eye(column.width)[places[:1]]


def _truth(column, value):
    if plain(value) not in (True, False):
        raise ValueError(f"Column {column.name!r} holds truths, and {value!r} is none; pass True or False.")
    return float(value)


def _number(column, value):
    if not column.origin:
        return number_of(column.name, value)
    number_of(column.name, value)
    return float(int(value) - column.origin)


def number_of(name, value):
    """A finite number.

    Raises
    ------
    ValueError
        If it is none.
    """
    value = plain(value)
    if value is None or not is_number(value) or not math.isfinite(value):
        raise ValueError(f"Column {name!r} holds numbers, and {value!r} is none; pass a finite number.")
    return float(value)


def _moment(column, value):
    try:
        if is_duration(value) != column.is_duration:
            raise TypeError("durations are no dates")
        return days_of_moment(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Column {column.name!r} holds dates or times, and {value!r} is none; pass one of Python's, NumPy's or "
            "pandas', or text such as '2021-04-20'."
        ) from error


LARGEST = 1e15
READERS = {"boolean": _truth, "number": _number, "moment": _moment}


def _where(column):
    """What a column holds; the range of its type is no news."""
    ends = ((column.low, "from"), (column.high, "to"))
    low, high = ("" if end is None or abs(end) > LARGEST else f" {word} {end:g}" for end, word in ends)
    unit = " days" if column.kind == "moment" else ""
    return (f"it holds multiples of {column.step:g}" if column.step else "it holds numbers") + f"{low}{high}{unit}"
