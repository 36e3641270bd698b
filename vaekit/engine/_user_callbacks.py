"""Callbacks of skorch that a user brings: what a fit calls in their place, and those that cannot work."""

import copy
import functools
from collections import deque

import numpy as np
from skorch import callbacks as skorch_callbacks
from skorch.callbacks import Callback

__all__ = ["has_batch_hooks", "is_callback", "own_copy", "reason_to_refuse", "refuse_frozen_weights"]

BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_grad_computed")

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


def has_batch_hooks(callbacks):
    """Whether some of a net's named callbacks look at every batch."""
    hooks = [(type(callback), hook) for _, callback in callbacks for hook in BATCH_HOOKS]
    return any(getattr(kind, hook) is not getattr(Callback, hook) for kind, hook in hooks)


def refuse_frozen_weights(net):
    """Raise ValueError, with the remedy, if a callback froze weights that are trained; they are thawed."""
    frozen = {id(p): p.requires_grad_(True) for own in net.parameters_ for p in own if not p.requires_grad}
    for name, parameter in net.module_.named_parameters() if frozen else ():
        if id(parameter) in frozen:
            raise ValueError(
                f"The 'callbacks' parameter holds one that froze {name!r}, and weights cannot be frozen while they "
                "are trained; freeze them before, in a module of your own (Custom, requires_grad=False)."
            )
