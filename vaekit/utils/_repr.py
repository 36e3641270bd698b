"""How results, displays and modules print: one line, arrays by their shapes, numbers in four digits."""

import math
from numbers import Integral, Real

__all__ = ["OneLine", "short", "short_repr"]

FEW = 4  # numbers that are written out; more are a shape
LONGEST = 40  # characters of a value that is neither a number nor an array


def short(value):
    """Return a value as text that stays short, however much it holds."""
    if isinstance(value, bool | str) or value is None or hasattr(value, "_fields"):
        return repr(value)
    if isinstance(value, Real):
        return str(value) if isinstance(value, Integral) else repr(float(f"{value:.4g}"))
    if hasattr(value, "shape") and hasattr(value, "tolist"):
        return _short_array(value)
    if isinstance(value, dict | list | tuple):
        return _short_collection(value)
    text = repr(value)
    return text if len(text) <= LONGEST and "\n" not in text else type(value).__name__


def _short_array(value):
    shape = tuple(value.shape)
    if len(shape) < 2 and math.prod(shape) <= FEW:
        return short(value.tolist())
    return f"array({', '.join(map(str, shape))})"


def _short_collection(value):
    if len(value) > FEW:
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {short(item)}' for key, item in value.items())}}}"
    items = ", ".join(map(short, value))
    if isinstance(value, list):
        return f"[{items}]"
    return f"({items},)" if len(value) == 1 else f"({items})"


def short_repr(self):
    """`__repr__` of a result or a display: its name and what it holds, in one line."""
    fields = self._asdict() if hasattr(self, "_asdict") else vars(self)
    said = [f"{name}={short(value)}" for name, value in fields.items() if name.strip("_") == name]  # private, or drawn
    return f"{type(self).__name__}({', '.join(said)})"


class OneLine:
    """A torch module that prints as one line, whatever stands inside it: its name and its `extra_repr`."""

    def __repr__(self):
        return f"{type(self).__name__}({self.extra_repr()})"

    def extra_repr(self):
        """Say how much is learned, where a module says nothing better of itself."""
        return f"{sum(parameter.numel() for parameter in self.parameters())} weights"
