"""Checks of what is passed to a call, not to a constructor."""

from numbers import Integral

__all__ = ["check_count"]


def check_count(n, name):
    """Return a positive integer as Python's own (NumPy's small ones overflow), refuse anything else."""
    if not isinstance(n, Integral) or n < 1:
        raise ValueError(f"The {name!r} parameter must be a positive integer. Got {n!r} instead.")
    return int(n)
