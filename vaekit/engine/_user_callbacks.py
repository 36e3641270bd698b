"""Callbacks of skorch that a user brings: what a fit calls in their place, and those that cannot work."""

import copy
import functools
from collections import deque

import numpy as np
from skorch import callbacks as skorch_callbacks
from skorch.callbacks import Callback

__all__ = ["is_callback", "own_copy", "reason_to_refuse"]

COLLECTIONS = (list, set, dict, deque, bytearray, np.ndarray)
NO_PREDICTIONS = (
    "asks for predictions and targets, and a model of X has none; read 'history_', or score in a callback of your own"
)
FROZEN = (
    "freezes weights while they are trained, which cannot be; freeze them before, in a module of your own (Custom, "
    "requires_grad=False)"
)
# the callbacks of skorch that have nothing to work on here
REASONS = {
    skorch_callbacks.BatchScoring: NO_PREDICTIONS,
    skorch_callbacks.PassthroughScoring: NO_PREDICTIONS,
    skorch_callbacks.Freezer: FROZEN,
    skorch_callbacks.Unfreezer: FROZEN,
    skorch_callbacks.InputShapeSetter: "builds the module anew, and here networks take the shape of X by themselves; "
    "leave it out",
}


def is_callback(value):
    """Whether a value has the hooks of a skorch callback."""
    return hasattr(value, "on_train_begin") and not isinstance(value, type)


def reason_to_refuse(callback):
    """Say why a callback cannot work, and what can; None if it can."""
    for kind, reason in REASONS.items():
        if isinstance(callback, kind):
            return reason
    if isinstance(callback, skorch_callbacks.EpochScoring) and callback.use_caching:
        return "keeps predictions of the batches, of which there are none; pass use_caching=False"
    return None


def own_copy(callback):
    """Return a callback that shares no collection with the one given, and nothing that it writes to itself.

    Other objects that it holds (writers, runs, files, locks) are the very same: a copy of a logger's connection would
    log to nowhere, if it could be made at all.
    """
    if isinstance(callback, tuple):
        return (*callback[:-1], own_copy(callback[-1]))
    return _copied(callback, {})


def _copied(value, made):
    if id(value) in made:
        return made[id(value)]
    if type(value) in (list, tuple, set):
        return type(value)([_copied(item, made) for item in value])
    if type(value) is dict:
        return {key: _copied(item, made) for key, item in value.items()}
    if isinstance(value, COLLECTIONS):
        return copy.copy(value)
    if made and not isinstance(value, Callback):
        return value
    twin = made[id(value)] = object.__new__(type(value))
    vars(twin).update({name: _copied(held, made) for name, held in vars(value).items()})
    return _printing(twin)


def _printing(callback):
    """Let PrintLog print, whatever the net's own verbosity: a function that is not `print` is always called."""
    if isinstance(callback, skorch_callbacks.PrintLog) and callback.sink is print:
        callback.sink = functools.partial(print)
    return callback
