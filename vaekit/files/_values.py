"""Plain values as JSON, with their arrays aside, and back to the same types and the same bits."""

import math

import numpy as np

from vaekit.exceptions import UnreadableFileError

__all__ = ["Reader", "Writer"]

NUMBERS = (bool, np.bool_, *(np.dtype(code).type for code in "bhilqBHILQefd"))
NUMPY_NUMBERS = {kind.__name__: kind for kind in NUMBERS if issubclass(kind, np.generic)}
DEEPEST = 40


class Writer:
    """Turns values into what JSON holds; arrays are collected under names of their own.

    A number, a text, None and a list are themselves; all else is `{tag: content}`, so that no content is ever taken for
    something else.

    Parameters
    ----------
    other : callable (value, Writer) -> dict, optional
        Gives the tag and the content of a value of another type, or raises TypeError.

    Attributes
    ----------
    arrays : dict of str to ndarray
    """

    def __init__(self, other=None):
        self.arrays, self.other = {}, other or _refuse

    def __call__(self, value):
        """Return what stands for a value.

        Raises
        ------
        TypeError
            If it is of a type that has no place in a file.
        """
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if kind is list:
            return [self(item) for item in value]
        if kind in WRITTEN:
            return WRITTEN[kind](self, value)
        return {"number": [kind.__name__, self(value.item())]} if kind in NUMBERS else self.other(value, self)

    def array(self, value):
        """Set an array aside and return its name."""
        name = str(len(self.arrays))
        self.arrays[name] = np.array(value, order="C")
        return name


def _write_array(write, value):
    if value.dtype.kind in "fiub":
        return {"array": write.array(value)}
    if value.ndim == 1 and all(type(item) is str for item in value):
        return {"texts": [value.dtype.kind, [str(item) for item in value]]}
    raise TypeError(f"an array of {value.dtype}")


def _write_random_state(write, value):
    kind, keys, place, has_normal, normal = value.get_state()
    return {"random_state": [kind, write.array(keys), int(place), int(has_normal), float(normal)]}


WRITTEN = {
    tuple: lambda write, value: {"tuple": [write(item) for item in value]},
    dict: lambda write, value: {"dict": [[write(key), write(item)] for key, item in value.items()]},
    np.ndarray: _write_array,
    np.random.RandomState: _write_random_state,
}


def _refuse(value, write):
    raise TypeError(f"a {type(value).__name__}")


class Reader:
    """Turns what JSON held into values again.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Those that were set aside.
    other : dict of str to callable (content, Reader) -> value, optional
        What further tags mean.
    """

    def __init__(self, arrays, other=()):
        self.arrays, self.tags, self.depth = arrays, {**READ, **dict(other)}, 0

    def __call__(self, value):
        """Return the value.

        Raises
        ------
        UnreadableFileError
            If a tag is unknown, or values are nested deeper than any of ours.
        """
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnreadableFileError("its values are nested too deeply")
        read = [self(item) for item in value] if isinstance(value, list) else self._tagged(value)
        self.depth -= 1
        return read

    def _tagged(self, value):
        tag, content = next(iter(value.items())) if len(value) == 1 else (None, None)
        if tag not in self.tags:
            raise UnreadableFileError(f"it holds a value of the unknown kind {tag!r}")
        return self.tags[tag](content, self)


def _read_random_state(content, read):
    kind, keys, place, has_normal, normal = content
    random_state = np.random.RandomState()
    random_state.set_state((kind, read.arrays[keys], place, has_normal, normal))
    return random_state


def _read_texts(content, read):
    kind, texts = content
    return np.array(texts, dtype=object if kind == "O" else str)


READ = {
    "float": lambda content, read: float(content),
    "number": lambda content, read: NUMPY_NUMBERS[content[0]](read(content[1])),
    "tuple": lambda content, read: tuple(read(item) for item in content),
    "dict": lambda content, read: {read(key): read(item) for key, item in content},
    "array": lambda content, read: read.arrays[content],
    "texts": _read_texts,
    "random_state": _read_random_state,
}
