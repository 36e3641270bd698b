"""Joblib's ways to do several groups of runs at a time."""

import contextlib

from joblib import parallel_config

__all__ = ["BACKENDS", "backend"]

BACKENDS = ("loky", "threading", "dask", "ray")


def backend(name, scheduler=None):
    """Return a context in which joblib works through a backend.

    Parameters
    ----------
    name : str
        One of `BACKENDS`.
    scheduler : str, default=None
        Of a dask cluster: its address.

    Returns
    -------
    context : context manager

    Raises
    ------
    ImportError
        If the library of the backend is not installed.
    ValueError
        If dask has no scheduler, or another backend has one.
    OSError
        If nobody answers at the address.
    """
    if (name == "dask") != (scheduler is not None):
        raise ValueError("the backend 'dask' needs --scheduler ADDRESS of a running cluster, and no other takes one")
    stack = contextlib.ExitStack()
    if name == "dask":
        stack.enter_context(_module("distributed", "vaekit[distributed]").Client(scheduler))
    if name == "ray":
        _module("ray.util.joblib", "ray").register_ray()
    stack.enter_context(parallel_config(backend=name))
    return stack


def _module(name, package):
    try:
        return __import__(name, fromlist=["_"])
    except ImportError as error:
        raise ImportError(f"this backend needs a library that is not installed: pip install {package}") from error
