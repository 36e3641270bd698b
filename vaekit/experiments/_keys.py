"""The name of a run: what decides its numbers, hashed."""

import functools
import hashlib
import json
from collections.abc import Mapping

import joblib
import numpy as np

__all__ = ["described", "key_of"]

LEFT_OUT = {"device", "checkpoint", "verbose", "callbacks", "random_state"}  # where and how, but for the seed


def key_of(study, version, run):
    """Return the key of a run, the same on every machine and for every version of Python."""
    told = {"study": study, "version": version, "model": described(run.model), "data": described(run.data)}
    text = json.dumps(told | {"seed": int(run.seed)}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def described(value):
    """Return plain data that say what a value is: parameters by name, functions by where they stand, arrays by hash."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(name): described(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [described(item) for item in value]
    if hasattr(value, "get_params") and not isinstance(value, type):
        params = {name: item for name, item in value.get_params(deep=False).items() if name not in LEFT_OUT}
        return {"class": _place(type(value)), **described(params)}
    if isinstance(value, functools.partial):
        return {"function": _place(value.func), "args": described(value.args), "keywords": described(value.keywords)}
    return _place(value) if callable(value) else joblib.hash(value)


def _place(thing):
    return f"{thing.__module__}.{thing.__qualname__}" if hasattr(thing, "__qualname__") else joblib.hash(thing)
