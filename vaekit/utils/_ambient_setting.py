"""A setting that others may change, and how it is put aside for a while."""

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["AmbientSetting", "put_aside"]


class AmbientSetting(NamedTuple):
    """Something that anyone may have set, and that decides a number or whether a call works.

    Attributes
    ----------
    name : str
        How others set it.
    read : callable
        Returns its value; cheap, because every public call reads it.
    write : callable
        Sets it.
    ours : object
        Its value in a fresh process.
    """

    name: str
    read: Callable
    write: Callable
    ours: Any


@contextlib.contextmanager
def put_aside(settings):
    """Have settings as a fresh process has them; what was found is given back, whatever happens inside."""
    found = []
    try:
        for setting in settings:
            value = setting.read()
            if value != setting.ours:
                found.append((setting, value))
                setting.write(setting.ours)
        yield
    finally:
        for setting, value in reversed(found):
            setting.write(value)
