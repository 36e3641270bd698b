"""What is told beside rows, opened: errors are about the argument that it came by."""

import contextlib
import re

import numpy as np

from vaekit.utils._containers import on_host

__all__ = ["about", "refuse_missing", "told"]


@contextlib.contextmanager
def about(name):
    """Say of an error inside, whoever raises it and whatever it calls the rows, which argument it is about."""
    try:
        yield
    except Exception as error:
        if re.search(rf"\b{name}\b", str(error)):
            raise
        kind = TypeError if isinstance(error, TypeError) and not isinstance(error, ValueError) else ValueError
        words = re.sub(r"\bX\b", name, str(error))
        raise kind(f"The {name!r} cannot be used: {words}") from error


def told(values, name, may_be_moments=False):
    """Return a tensor as an array, and anything else as it is; what is masked, and moments for numbers, are refused."""
    values = on_host(values)
    if np.ma.is_masked(values):
        raise ValueError(f"The {name!r} has values that are missing: fill them, or leave out these rows.")
    if not may_be_moments and getattr(getattr(values, "dtype", None), "kind", None) in ("m", "M"):
        raise ValueError(f"The {name!r} holds dates or times: turn them into numbers, such as days since a date.")
    return values


def refuse_missing(column, name, remedy):
    """Raise ValueError if a value of a column is None, NaN, or missing as pandas has it."""
    if column.dtype.kind in "fmM":
        is_missing = column != column
    else:
        is_missing = [_is_missing(value) for value in column.tolist()] if column.dtype == object else [False]
    if np.any(is_missing):
        raise ValueError(f"The {name!r} has values that are missing: {remedy}.")


def _is_missing(value):
    try:
        return value is None or bool(value != value)
    except TypeError:  # of pandas.NA nobody knows
        return True
    except ValueError:  # an array
        return False
