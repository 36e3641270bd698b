"""What each column of a table is, as its type and the user's words tell."""

import datetime
import math
from numbers import Integral

import narwhals.stable.v2 as nw
import numpy as np

from vaekit.frames._columns import Column, Columns
from vaekit.frames._dtypes import are_integers, categories_of_type, dtype_of, origin_of, range_of, range_of_moments
from vaekit.frames._opening import cells_of, series_of
from vaekit.frames._reading import DAY, as_moment, days_of, holds_moments, is_moment, is_number

__all__ = ["columns_of", "holds_several_kinds", "is_mixed", "numbers_of_columns"]

MOST_CATEGORIES = 1000
STEPS = (DAY, 3_600_000_000, 60_000_000, 1_000_000, 1000, 1)  # of moments, in microseconds
CATEGORIES = (nw.String, nw.Categorical, nw.Enum)


def is_mixed(table):
    """Whether a frame holds more than numbers; truths alone are numbers, too."""
    return table.library != "numpy" and holds_several_kinds(table)


def holds_several_kinds(table):
    """The same of any table, an array of objects among them."""
    kinds = {_kind(column) for column in table.columns}
    return bool(kinds - {"number"}) and kinds != {"boolean"}


def columns_of(table, categories=(), bounds=None, counts=()):
    """Decide what the columns of a table are.

    Parameters
    ----------
    table : Table
    categories, counts : sequence of int
        Numbers of columns that are said to be such; categories besides those that hold text or have such a type.
    bounds : dict of name to (low, high), optional

    Raises
    ------
    ValueError
        If a column holds what is none of numbers, moments, truths and categories; if there is no such column.
    """
    limits = dict(zip(numbers_of_columns(table, bounds or (), "column_bounds"), (bounds or {}).values()))
    columns = [
        _column(table.library, name, cells, number in categories, limits.get(number), number in counts)
        for number, (name, cells) in enumerate(zip(table.names, table.columns))
    ]
    return Columns(table.library, tuple(columns))


def numbers_of_columns(table, chosen, parameter="categorical_features"):
    """Numbers of the columns that names, numbers or a mask tell.

    Raises
    ------
    ValueError
        If there is no such column.
    """
    wanted = list(chosen)
    if wanted and all(isinstance(item, bool | np.bool_) for item in wanted) and len(wanted) == len(table.names):
        return np.flatnonzero(wanted).tolist()
    return [_number_of_column(table, item, parameter) for item in wanted]


def _number_of_column(table, item, parameter):
    item = item.item() if isinstance(item, np.generic) else item
    if item in table.names and not isinstance(item, bool):
        return table.names.index(item)
    n_columns = len(table.names)
    if isinstance(item, Integral) and not isinstance(item, bool) and -n_columns <= item < n_columns:
        return int(item) % n_columns
    raise ValueError(
        f"The {parameter!r} parameter names {item!r}, which is none of the columns {table.names}; pass names, numbers "
        "or a mask of them."
    )


def _kind(column):
    """What a column is by its type, and where that is "object" by its cells; None for what is none of these."""
    if isinstance(column, np.ndarray) and column.dtype.kind in "biuf":
        return "number"
    if holds_moments(column):
        return "moment"
    dtype = series_of(column).dtype
    if dtype.is_numeric():
        return "number"
    if dtype == nw.Boolean:
        return "boolean"
    if any(dtype == kind for kind in CATEGORIES):
        return "category"
    return _kind_of_cells(column) if dtype in (nw.Object, nw.Unknown) else None


def _kind_of_cells(column):
    known = [cell for cell in cells_of(column) if cell is not None]
    kinds = (
        ("boolean", lambda cell: isinstance(cell, bool)),
        ("number", is_number),
        ("moment", is_moment),
        ("category", lambda cell: isinstance(cell, str | bool | int)),
    )
    if not known:
        return "number"
    return next((kind for kind, is_such in kinds if all(map(is_such, known))), None)


def _column(library, name, column, is_chosen, bounds, is_count):
    kind = "category" if is_chosen else _kind(column)
    if kind is None:
        raise ValueError(
            f"Column {name!r} of X holds {_some_cell(column)!r:.60}, and columns are numbers, text, categories, "
            "truths, dates (with times, or without) or durations; turn it into one of these, or leave it out."
        )
    dtype = dtype_of(library, column)
    details = _details(name, kind, column, dtype, is_count)
    is_empty = next((False for cell in cells_of(column) if cell is not None), True)
    told = Column(name, kind, dtype, **details, is_empty=is_empty)
    return told if bounds is None else _bounded(told, bounds)


def _some_cell(column):
    return next((cell for cell in cells_of(column) if cell is not None), None)


def _details(name, kind, column, dtype, is_count):
    """Categories, step, and the range of the type."""
    if kind == "category":
        return {"categories": _categories(name, column)}
    if kind == "moment":
        low, high = range_of_moments(as_moment(column), dtype)
        return {"step": _step_of_moments(days_of(column)), "low": low, "high": high}
    return _range(column, is_count) if kind == "number" else {}


def _range(column, is_count):
    origin = 0 if is_count else origin_of(column)
    low, high = (None if end is None else _inside(end - origin) for end in range_of(column))
    low = max(0.0, low or 0.0) if is_count else low
    return {"step": float(is_count or are_integers(column)), "low": low, "high": high, "origin": origin}


def _inside(end):
    """An integer as a double that is not beyond it."""
    nearest = float(end)
    return nearest if abs(int(nearest)) <= abs(end) else float(np.nextafter(nearest, 0))


def _categories(name, column):
    """Those that the type declares, else those that are there, in order."""
    found = categories_of_type(column)
    if found is None:
        found = {cell for cell in cells_of(column) if cell is not None}
        found = sorted(found) if len({isinstance(cell, str) for cell in found}) < 2 else sorted(found, key=str)
    if len(found) > MOST_CATEGORIES:
        raise ValueError(
            f"Column {name!r} of X holds {len(found)} categories, and {MOST_CATEGORIES} are the most that can be told "
            "apart; leave it out, or join its rare values."
        )
    strange = next((value for value in found if not _is_category(value)), None)
    if strange is not None:
        raise ValueError(
            f"Column {name!r} of X holds the category {strange!r}, and categories are text or finite numbers; turn it "
            "into text."
        )
    return tuple(found) or ("",)


def _is_category(value):
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _step_of_moments(days):
    """The longest of days, hours, minutes and so on that all moments are whole multiples of, in days."""
    known = np.rint(days[np.isfinite(days)] * DAY)
    return next(step for step in STEPS if step == 1 or (known.size and not (known % step).any())) / DAY


def _bounded(column, bounds):
    if column.kind not in ("number", "moment"):
        raise ValueError(f"The 'column_bounds' parameter names {column.name!r}, which holds no numbers; leave it out.")
    low, high = (_end(end, column) for end in bounds)
    if low is not None and high is not None and not low < high:
        raise ValueError(
            f"The 'column_bounds' parameter must give a lower and a higher end. Got {bounds!r} for {column.name!r}."
        )
    ends = (
        [end for end in (low, column.low) if end is not None],
        [end for end in (high, column.high) if end is not None],
    )
    return column._replace(low=max(ends[0], default=None), high=min(ends[1], default=None))


def _end(end, column):
    if end is None or column.kind == "number":
        return None if end is None else float(end - column.origin)
    return days_of_moment(end)


def is_duration(value):
    """Whether a value is a duration of Python, NumPy or pandas."""
    return hasattr(value, "total_seconds") or isinstance(value, np.timedelta64)


def days_of_moment(end):
    """A date, time or duration in days; of time zones as UTC has it."""
    if getattr(end, "tzinfo", None) is not None:
        end = end.astimezone(datetime.UTC).replace(tzinfo=None)
    moment = np.timedelta64(end).astype("m8[us]") if is_duration(end) else np.datetime64(end).astype("M8[us]")
    return float(moment.astype(np.int64)) / DAY
