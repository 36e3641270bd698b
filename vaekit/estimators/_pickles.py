"""What a pickle says of itself, so that a damaged one and one of another version are errors that say so."""

import contextlib
import os
from contextvars import ContextVar

import torch
from sklearn.base import clone

from vaekit.exceptions import UnreadableFileError
from vaekit.files import Checkpoint, as_numpy_moment, checksum
from vaekit.utils._version import __version__

__all__ = [
    "HAS_CALLBACKS", "CheckedPickles", "plain_parameters", "telling_of", "with_checksum", "without_callbacks",
    "without_checksum",
]  # fmt: skip

HAS_CALLBACKS = ContextVar("whether states of estimators hold callbacks", default=True)


@contextlib.contextmanager
def without_callbacks():
    """States that are taken inside hold no callbacks: a file that runs no code has no place for them."""
    token = HAS_CALLBACKS.set(False)
    try:
        yield
    finally:
        HAS_CALLBACKS.reset(token)


def plain_parameters(estimator):
    """Folders and devices as the texts that they stand for, and dates as NumPy's; what is remembered of them, too.

    A file that runs no code has no place for other objects of Python's, torch's and pandas' own.
    """
    checkpoint = estimator.checkpoint
    if isinstance(checkpoint, Checkpoint) and isinstance(checkpoint.folder, os.PathLike):
        checkpoint = clone(checkpoint).set_params(folder=os.fspath(checkpoint.folder))
    elif isinstance(checkpoint, os.PathLike):
        checkpoint = os.fspath(checkpoint)
    device = estimator.device
    plain = {"checkpoint": checkpoint, "device": str(device) if isinstance(device, torch.device) else device}
    settings = vars(estimator).get("_first_settings")
    plain |= {} if settings is None else {"_first_settings": _with_plain_bounds(settings)}
    return plain | _with_plain_bounds({"column_bounds": getattr(estimator, "column_bounds", None)})


def _with_plain_bounds(settings):
    bounds = settings.get("column_bounds")
    if not isinstance(bounds, dict):
        return settings
    plain = {name: tuple(map(as_numpy_moment, ends)) for name, ends in bounds.items()}
    return settings | {"column_bounds": plain}


def with_checksum(state):
    """Return a state that is to be pickled, with a digest of all that it holds but callbacks, which are foreign."""
    told = {name: value for name, value in state.items() if name != "callbacks"}
    return state | {"_written": [checksum(told), *told]}


def without_checksum(state):
    """Return a copy of a pickled state as it was before; what a subclass added to it is its own affair.

    Raises
    ------
    UnreadableFileError
        If the state is not what was written. Pickles of earlier versions have no digest, and are taken as they are.
    """
    state = dict(state)
    digest, *names = state.pop("_written", [None])
    if digest is None:
        return state
    if not state.keys() >= {*names} or checksum({name: state[name] for name in names}) != digest:
        raise UnreadableFileError("The pickle is damaged: it does not hold what was written; load another copy.")
    return state


class CheckedPickles:
    """A base of estimators around others, before scikit-learn's: pickles name a version, damaged ones are errors."""

    def __getstate__(self):
        return with_checksum(super().__getstate__() | {"_vaekit_version": __version__})

    def __setstate__(self, state):
        state = without_checksum(state)
        state.pop("_vaekit_version", None)
        super().__setstate__(state)


@contextlib.contextmanager
def telling_of(version):
    """An error that another version's pickle leads to is one that says so."""
    try:
        yield
    except Exception as error:  # whatever does not fit
        if version == __version__:
            raise
        raise UnreadableFileError(
            f"This model was pickled by vaekit {version}, and this is vaekit {__version__}, which cannot read it; load "
            "it there and write it with vaekit.persistence.save."
        ) from error
