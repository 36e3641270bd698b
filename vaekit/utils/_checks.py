"""Checks of what is passed to a call, not to a constructor."""

from numbers import Integral
from typing import Any

from sklearn.utils import check_scalar

__all__ = ["check_count", "check_number"]


def check_count(n, name):
    """Return a positive integer as Python's own (NumPy's small ones overflow), refuse anything else."""
    if not isinstance(n, Integral) or isinstance(n, bool) or n < 1:
        raise ValueError(f"The {name!r} parameter must be a positive integer. Got {n!r} instead.")
    return int(n)


def check_number(value: Any, name: str, kind: type, **ends: Any) -> None:
    """Refuse what is no number of this kind, or not within its ends, in scikit-learn's words; truths are no numbers."""
    if isinstance(value, bool):
        raise TypeError(f"{name} must be an instance of {'int' if kind is Integral else 'float'}, not bool.")
    check_scalar(value, name, kind, **ends)
