"""Results that print as plain numbers, with long arrays named by their shape."""

import dataclasses

import numpy as np

__all__ = ["short_repr"]

MOST_VALUES_SHOWN = 8


def short_repr(cls):
    """Let a named tuple or data class print on one line: plain Python numbers, arrays of many values by their shape."""
    cls.__repr__ = _repr
    return cls


def _repr(result):
    names = getattr(result, "_fields", None) or [field.name for field in dataclasses.fields(result)]
    return f"{type(result).__name__}({', '.join(f'{name}={_plain(getattr(result, name))}' for name in names)})"


def _plain(value):
    if isinstance(value, np.ndarray) and value.ndim:
        return repr(value) if _is_short(value) else f"<{value.dtype} array of shape {value.shape}>"
    if isinstance(value, (np.generic, np.ndarray)):
        return repr(value.item())
    if type(value) in (tuple, list):
        return repr(type(value)(map(_Word, map(_plain, value))))
    return repr(value)


def _is_short(array):
    return array.ndim == 1 and array.size <= MOST_VALUES_SHOWN


class _Word(str):
    """Text that prints without quotation marks."""

    def __repr__(self):
        return str(self)
