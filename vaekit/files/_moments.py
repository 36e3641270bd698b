"""Dates, times and durations of Python, NumPy and pandas as texts, and back to the same types."""

import datetime
import importlib

import numpy as np

from vaekit.exceptions import UnreadableFileError

__all__ = ["as_numpy_moment", "is_moment", "moment_of", "text_of_moment"]

OF_PYTHON = {
    "datetime": (datetime.datetime, datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    "date": (datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
    "timedelta": (
        datetime.timedelta,
        lambda value: str(value // datetime.timedelta.resolution),
        lambda text: datetime.timedelta(microseconds=int(text)),
    ),
}
OF_NUMPY = {"datetime64": np.datetime64, "timedelta64": np.timedelta64}
OF_PANDAS = ("Timestamp", "Timedelta")


def is_moment(value):
    """Whether a value is a date, a time or a duration."""
    return isinstance(value, datetime.date | datetime.timedelta | np.datetime64 | np.timedelta64)


def text_of_moment(value):
    """Return the name of its type, a text, and a unit where its type has units.

    Raises
    ------
    TypeError
        If the type is none of those that are known.
    """
    kind = type(value)
    name = kind.__name__
    if name in OF_PYTHON and kind is OF_PYTHON[name][0]:
        return [name, OF_PYTHON[name][1](value), None]
    if name in OF_NUMPY and kind is OF_NUMPY[name]:
        unit, count = np.datetime_data(value.dtype)
        return [name, str(value.astype(np.int64)), f"{count}{unit}"]
    if name in OF_PANDAS and kind.__module__.partition(".")[0] == "pandas":
        return [name, value.isoformat(), value.unit]
    raise TypeError(f"a {name}")


def moment_of(content, read=None):
    """Return the moment of such a list.

    Raises
    ------
    UnreadableFileError
        If its type is unknown.
    """
    name, text, unit = content
    if name in OF_PYTHON:
        return OF_PYTHON[name][2](text)
    if name in OF_NUMPY:
        return OF_NUMPY[name](int(text), unit)
    if name in OF_PANDAS:
        return getattr(importlib.import_module("pandas"), name)(text).as_unit(unit)
    raise UnreadableFileError(f"it holds a moment of the unknown kind {name!r}")


def as_numpy_moment(value):
    """A moment of whatever library as NumPy's, of time zones as UTC has it; any other value as it is."""
    if not is_moment(value) or isinstance(value, np.generic):
        return value
    if getattr(value, "tzinfo", None) is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.timedelta64(value) if isinstance(value, datetime.timedelta) else np.datetime64(value)
