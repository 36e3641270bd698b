"""The name of a run: what decides its numbers, hashed.

Parameters at their defaults are left out of it, so that one that is added to an estimator later, with a default that is
what was done before, leaves old records valid. A default that changes would make them wrong under the same name:
records hold every parameter, and one that has another value today says that its record is of another run.
"""

import functools
import hashlib
import inspect
import json
from collections.abc import Mapping

import joblib
import numpy as np

__all__ = ["agrees", "described", "key_of"]

LEFT_OUT = {"device", "checkpoint", "verbose", "callbacks", "random_state"}  # where and how, but for the seed


def key_of(study, version, run):
    """Return the key of a run, the same on every machine and for every version of Python."""
    told = {"study": study, "version": version, "model": described(run.model, defaults=False)}
    text = json.dumps(told | {"data": described(run.data), "seed": int(run.seed)}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def agrees(recorded, described):
    """Return whether all that a record says of parameters holds today; there may be more of them today."""
    if isinstance(recorded, Mapping) and isinstance(described, Mapping):
        return all(name in described and agrees(value, described[name]) for name, value in recorded.items())
    if isinstance(recorded, list) and isinstance(described, list) and len(recorded) == len(described):
        return all(map(agrees, recorded, described))
    return recorded == described


def described(value, defaults=True):
    """Return plain data that say what a value is: parameters by name, functions by where they stand, arrays by hash."""
    again = functools.partial(described, defaults=defaults)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(name): again(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [again(item) for item in value]
    if hasattr(value, "get_params") and not isinstance(value, type):
        return {"class": _place(type(value)), **again(_params(value, defaults))}
    if isinstance(value, functools.partial):
        return {"function": _place(value.func), "args": again(value.args), "keywords": again(value.keywords)}
    return _place(value) if callable(value) else joblib.hash(value)


def _params(value, defaults):
    params = {name: item for name, item in value.get_params(deep=False).items() if name not in LEFT_OUT}
    usual = {} if defaults else _defaults_of(type(value))
    return {name: item for name, item in params.items() if name not in usual or described(item) != usual[name]}


@functools.lru_cache
def _defaults_of(kind):
    parameters = inspect.signature(kind).parameters.values()
    return {one.name: described(one.default) for one in parameters if one.default is not one.empty}


def _place(thing):
    """Where it stands, without the private file, from which it may move."""
    if not hasattr(thing, "__qualname__"):
        return joblib.hash(thing)
    return ".".join([part for part in thing.__module__.split(".") if not part.startswith("_")] + [thing.__qualname__])
