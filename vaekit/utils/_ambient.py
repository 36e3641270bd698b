"""Settings of others: every public call puts them aside while it runs, and gives them back."""

import contextlib
import functools
import importlib
import inspect
import sys
from typing import TypeVar

import numpy as np
import scipy.special
import sklearn

from vaekit.utils._ambient_setting import AmbientSetting, put_aside
from vaekit.utils._sklearn import AvailableIf

__all__ = ["GuardedMethods", "guarded", "guarded_arithmetic"]

Decorated = TypeVar("Decorated")


# ---------------------------------------------------------------------- NumPy, SciPy, scikit-learn

SKLEARN = {
    "array_api_dispatch": False,
    "assume_finite": False,
    "enable_cython_pairwise_dist": True,
    "enable_metadata_routing": False,
    "pairwise_dist_chunk_size": 256,
    "skip_parameter_validation": False,
    "sparse_interface": "spmatrix",
    "transform_output": "default",
    "working_memory": 1024,
}
SPECIAL = dict.fromkeys(scipy.special.geterr(), "ignore") | {"memory": "raise"}


def _read_sklearn():
    config = sklearn.get_config()
    return {name: config[name] for name in SKLEARN}


ARITHMETIC = (
    AmbientSetting("numpy.setbufsize", np.getbufsize, np.setbufsize, 8192),
    AmbientSetting("scipy.special.seterr", scipy.special.geterr, lambda modes: scipy.special.seterr(**modes), SPECIAL),
)
HOST = (
    *ARITHMETIC,
    AmbientSetting("sklearn.set_config", _read_sklearn, lambda config: sklearn.set_config(**config), SKLEARN),
)


# ---------------------------------------------------------------------- putting them aside


@contextlib.contextmanager
def own_settings():
    """Run code that is ours alone: all settings put aside, floating-point errors left to our own checks."""
    with np.errstate(all="ignore"), put_aside(HOST), _own_torch():
        yield


def _own_torch():
    """torch's settings too, once somebody has imported it (metrics and datasets never do)."""
    if "torch" not in sys.modules:
        return contextlib.nullcontext()
    return importlib.import_module("vaekit.utils._ambient_torch").own_torch()


@contextlib.contextmanager
def own_arithmetic():
    """Run code that calls objects of others, whose settings are theirs: arithmetic does not raise, nothing else."""
    modes = np.geterr()
    gentle = {kind: "warn" for kind, mode in modes.items() if mode not in ("ignore", "warn")}
    if "under" in gentle:
        gentle["under"] = "ignore"
    with np.errstate(**gentle), put_aside(ARITHMETIC):
        yield


# ---------------------------------------------------------------------- public calls


def _guard(function, context):
    """Return a function that runs in a context; once is enough."""
    if hasattr(function, "__guard__"):
        return function

    @functools.wraps(function)
    def call(*args, **kwargs):
        with context():
            try:
                return function(*args, **kwargs)
            except TypeError as error:
                _name_the_callers_class(error, function, args)
                raise

    call.__guard__ = context
    return call


def _name_the_callers_class(error, function, args):
    """Have Python's words for what a method does not take name the class it was called of, not a mixin nobody knows."""
    said, defined = str(error), f"{function.__qualname__}()"
    if args and said.startswith(defined) and hasattr(type(args[0]), function.__name__):
        error.args = (f"{type(args[0]).__name__}.{function.__name__}(){said.removeprefix(defined)}",)


def _guard_member(member, context):
    """Return a class's member guarded, whichever kind of method it is; data stay what they are."""
    if isinstance(member, (classmethod, staticmethod)):
        return type(member)(_guard(member.__func__, context))
    if isinstance(member, property):
        return property(_guard(member.fget, context), member.fset, member.fdel, member.__doc__)
    if isinstance(member, AvailableIf):
        member.fn = _guard(member.fn, context)
        return member
    return _guard(member, context) if inspect.isfunction(member) else member


PICKLING = ("__getstate__", "__setstate__")


def _guard_methods(cls, context):
    for name, member in list(vars(cls).items()):
        if not name.startswith("_") or name in PICKLING:
            setattr(cls, name, _guard_member(member, context))


def _decorate(target, context):
    if inspect.isclass(target):
        _guard_methods(target, context)
        return target
    return _guard(target, context)


def guarded(target: Decorated) -> Decorated:
    """Have a function, or all public methods of a class, run with the settings of a fresh process.

    Nothing that others set changes its numbers or breaks it; what they set is given back at the end.
    """
    return _decorate(target, own_settings)


def guarded_arithmetic(target: Decorated) -> Decorated:
    """Have a function, or all public methods of a class, that calls objects of others run with gentle arithmetic.

    An estimator of somebody else's keeps the settings that it was written for; ours inside guard themselves.
    """
    return _decorate(target, own_arithmetic)


class GuardedMethods:
    """A base whose subclasses' public methods are guarded as they are defined.

    It stands before scikit-learn's bases: what a user asks of the output (`set_output`) is then done outside.
    """

    def __init_subclass__(cls, **kwargs):
        _guard_methods(cls, own_settings)
        super().__init_subclass__(**kwargs)
