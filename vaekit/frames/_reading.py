"""Cells of a series as numbers."""

import datetime
from numbers import Real

import narwhals.stable.v2 as nw
import numpy as np

from vaekit.frames._opening import cells_of, series_of

__all__ = ["DAY", "codes_of_cells", "days_of", "floats_of", "holds_moments", "is_moment", "is_number"]

DAY = 86_400_000_000  # microseconds
MOMENTS = (nw.Datetime, nw.Date, nw.Duration)


def floats_of(column, told):
    """Numbers, truths or moments of a series as floats, NaN where one is missing.

    Raises
    ------
    ValueError
        If a cell is none.
    """
    try:
        if told.kind == "moment":
            return days_of(column)
        return _counted_from(told.origin, column) if told.origin else _numbers_of(column)
    except (TypeError, ValueError, AttributeError, nw.exceptions.NarwhalsError) as error:
        raise ValueError(_refusal(column, told)) from error


def _refusal(column, told):
    is_such = is_moment if told.kind == "moment" else is_number
    other = next((cell for cell in cells_of(column) if cell is not None and not is_such(cell)), None)
    kinds = {"number": "numbers", "moment": "dates or times", "boolean": "truths"}
    return f"Column {told.name!r} of X holds {other!r}, but held {kinds[told.kind]} when the model was fitted."


def _numbers_of(column):
    if isinstance(column, np.ndarray) and column.dtype != object:
        return column.astype(np.float64)
    series = series_of(column)
    if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
        return np.array([np.nan if cell is None else _number(cell) for cell in cells_of(column)], dtype=np.float64)
    return np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64)


def _counted_from(origin, column):
    """Integers less one of them, before they become floats."""
    return np.array([np.nan if cell is None else _number(int(cell) - origin) for cell in cells_of(column)])


def _number(cell):
    if not is_number(cell):
        raise TypeError(cell)
    return float(cell)


def is_number(cell):
    return isinstance(cell, Real) or type(cell).__name__ == "Decimal"


def is_moment(cell):
    return isinstance(cell, datetime.date | datetime.timedelta)


def holds_moments(column):
    """Whether a column holds moments, by its type."""
    if isinstance(column, np.ndarray):
        return column.dtype.kind in "mM"
    return _is_in_zone(column) or any(series_of(column).dtype == kind for kind in MOMENTS)


def _is_in_zone(column):
    """Whether it is a column of pandas in a time zone, of which narwhals does not know all."""
    return hasattr(getattr(column, "dtype", None), "tz")


def as_moment(column):
    """A column of Python's own dates or durations as one of its library's; any other as it is."""
    if _is_in_zone(column):
        return column.dt.tz_convert("UTC")
    if str(getattr(column, "type", "")) == "date64[ms]":  # which narwhals takes for no date
        return column.cast("timestamp[ms]")
    is_converted = holds_moments(column) or not hasattr(column, "infer_objects")
    return column if is_converted else _converted_by_pandas(column)


def _converted_by_pandas(column):
    import pandas as pd

    known = [cell for cell in cells_of(column) if cell is not None]
    if known and all(isinstance(cell, datetime.timedelta) for cell in known):
        return pd.to_timedelta(column)
    return as_moment(pd.to_datetime(column)) if known and all(is_moment(cell) for cell in known) else column


def days_of(column):
    """Moments in days, since 1970 for dates and times, exact to the microsecond."""
    if isinstance(column, np.ndarray) and column.dtype.kind in "mM":
        count = column.astype(f"{column.dtype.kind}8[us]")
        return np.where(np.isnat(count), np.nan, count.astype(np.int64)) / DAY
    series = series_of(as_moment(column))
    count = series.dt.total_microseconds() if series.dtype == nw.Duration else series.dt.timestamp("us")
    days = count // DAY  # Arrow makes no floats of numbers beyond 2^53
    whole, rest = (
        np.asarray(part.cast(nw.Float64).to_numpy(), dtype=np.float64) for part in (days, count - days * DAY)
    )
    return (whole * DAY + rest) / DAY  # the product is exact


def codes_of_cells(column, told, when_unknown):
    """Numbers of the categories of a series, -1 where one is missing.

    Raises
    ------
    ValueError
        If there is another category than those of the fit, unless unknown ones are to be missing.
    """
    numbers = {category: number for number, category in enumerate(told.categories)}
    cells = cells_of(column)
    codes = np.array([-1 if cell is None else numbers.get(cell, -2) for cell in cells], dtype=np.int64)
    if (codes == -2).any() and when_unknown == "error":
        unknown = cells[int(np.argmax(codes == -2))]
        some = ", ".join(map(repr, told.categories[:5])) + (", ..." if len(told.categories) > 5 else "")
        raise ValueError(
            f"Column {told.name!r} of X holds the category {unknown!r}, which is none of those that the model was "
            f"fitted on ({some}); correct it, or choose missing_values='mask' with handle_unknown='missing'."
        )
    return np.maximum(codes, -1)
