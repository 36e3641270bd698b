"""Tables of numbers and words, as arrays that forests and distances can be taken of."""

import datetime
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np

from vaekit.frames import is_missing, is_moment, is_number
from vaekit.tables._containers import as_array, columns_of_frame

__all__ = ["MixedTable", "mixed_tables"]

MISSING = "missing"


@dataclass(frozen=True)
class MixedTable:
    """Some rows of a table.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Numbers, NaN where one is missing; words as the numbers of their kinds, those of all tables that were read
        together.
    n_kinds : tuple of int
        How many kinds of words a column has, 0 for numbers.
    names : tuple of str
        Names of the columns.
    words : tuple of tuple of str
        The kinds of words of each column in the order of their numbers, none for numbers.
    moments : tuple of {"", "date", "duration"}
        What the numbers of a column are microseconds of (dates: since 1970), if of anything.
    """

    values: Any
    n_kinds: tuple
    names: tuple
    words: tuple = ()
    moments: tuple = ()

    def __len__(self):
        return len(self.values)

    def take(self, rows):
        """Some of the rows."""
        return replace(self, values=self.values[rows])

    def units(self):
        """Mean and deviation of every column, 0 and 1 for words and for columns without either."""
        is_number = np.array(self.n_kinds) == 0
        filled = np.where(is_number & np.isfinite(self.values), self.values, np.nan)
        known = np.isfinite(filled).any(axis=0)
        filled[:, ~known] = 0.0
        mean, deviation = np.nanmean(filled, axis=0), np.nanstd(filled, axis=0)
        return mean, np.where(deviation > 0, deviation, 1.0)

    def coordinates(self, mean, deviation):
        """Blocks of coordinates, one for each column, in which two words are at distance 1; what is missing is mean."""
        scaled = np.nan_to_num((self.values - mean) / deviation, nan=0.0)
        return [
            np.equal.outer(self.values[:, d], np.arange(n)) / np.sqrt(2) if n else scaled[:, [d]]
            for d, n in enumerate(self.n_kinds)
        ]


def mixed_tables(categorical_features, **tables):
    """Read tables with the same columns, the first of which tells what they are.

    Parameters
    ----------
    categorical_features : "from_dtype", or array-like of names, numbers or bool
    **tables : array-like or frame of shape (n_rows, n_columns)
        By the names that errors call them by.

    Returns
    -------
    tables : list of MixedTable
    """
    read = {name: _columns(table, name) for name, table in tables.items()}
    first = next(iter(read))
    names = _names(tables[first], len(read[first]))
    for name, columns in read.items():
        if len(columns) != len(names) or _names(tables[name], len(columns), names) != names:
            raise ValueError(
                f"{name} has the columns {_names(tables[name], len(columns))}, but those of {first} are {names}; pass "
                "tables with the same columns in the same order."
            )
    are_words = _are_words(categorical_features, read[first], names)
    encoded = [_encoded(*column, name) for *column, name in zip(zip(*read.values()), are_words, names)]
    columns, words = zip(*encoded)
    ends = np.cumsum([len(column[0]) for column in read.values()])[:-1]
    parts = np.split(np.stack(columns, axis=1), ends)
    n_kinds = tuple(map(len, words))
    moments = tuple("" if is_words else _moment(column) for is_words, column in zip(are_words, read[first]))
    return [MixedTable(values, n_kinds, tuple(names), words, moments) for values in parts]


def _columns(table, name):
    columns = columns_of_frame(table)
    if columns is not None:
        return columns
    array = as_array(table)
    if array.ndim != 2:
        raise ValueError(f"{name} must be a table of shape (n_rows, n_columns), got an array of shape {array.shape}.")
    return list(array.T)


def _names(table, n_columns, default=None):
    names = getattr(table, "column_names", getattr(table, "columns", None))
    if names is None:
        return default or [f"column {number}" for number in range(n_columns)]
    return [str(name) for name in names]


def _are_words(categorical_features, columns, names):
    """Which columns hold words."""
    if isinstance(categorical_features, str) and categorical_features == "from_dtype":
        return [_holds_words(column) for column in columns]
    chosen = np.asarray(categorical_features)
    if chosen.dtype == bool and chosen.shape == (len(names),):
        return chosen.tolist()
    asked = {names[c] if isinstance(c, Integral) and abs(c) < len(names) else c for c in chosen.tolist()}
    if not asked <= set(names):
        raise ValueError(
            f"categorical_features must be 'from_dtype', or names, numbers or a mask of the columns {names}, got "
            f"{categorical_features!r}."
        )
    return [name in asked for name in names]


def _holds_words(column):
    if column.dtype.kind in "iufmM":
        return False
    known = [value for value in column if not is_missing(value)] if column.dtype.kind == "O" else []
    is_of = (all(is_such(value) for value in known) for is_such in (_is_number, is_moment))
    return not (column.dtype.kind == "O" and any(is_of))


def _is_number(value):
    return is_number(value) and not isinstance(value, bool | np.bool_)


def _moment(column):
    """What a column of numbers holds: dates, durations or neither."""
    if column.dtype.kind == "O":
        known = next((value for value in column if not is_missing(value)), None)
        is_duration = isinstance(known, datetime.timedelta)
        return "duration" if is_duration else "date" if is_moment(known) else ""
    return {"M": "date", "m": "duration"}.get(column.dtype.kind, "")


def _as_words(column):
    """Values as text; what is missing is a word of its own."""
    if column.dtype.kind != "O":
        return column.astype(str)
    return np.array([MISSING if is_missing(value) else str(value) for value in column], dtype=str)


def _encoded(parts, is_words, name):
    """The columns of all tables as one of floats, and the kinds of words there are."""
    if is_words:
        kinds, codes = np.unique(np.concatenate([_as_words(part) for part in parts]), return_inverse=True)
        return codes.astype(np.float64), tuple(kinds.tolist())
    try:
        return np.concatenate([_as_floats(part) for part in parts]), ()
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Column {name!r} holds numbers in the first table and something else in another ({error}); give it one "
            "type, or name it in categorical_features."
        ) from error


def _in_utc(value):
    """A moment without its time zone; anything else as it is."""
    if getattr(value, "tzinfo", None) is None:
        return value
    return value.astimezone(datetime.UTC).replace(tzinfo=None)


def _as_floats(column):
    moment = _moment(column)
    if column.dtype.kind == "O":
        column = np.array([None if is_missing(value) else _in_utc(value) for value in column], dtype=object)
    if not moment:
        return column.astype(np.float64)
    moments = column.astype(f"{'M' if moment == 'date' else 'm'}8[us]")
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64))
