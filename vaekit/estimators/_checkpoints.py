"""The parameter `checkpoint`: which fit it is that is written down, and how it goes on."""

import contextlib
import copy
import os

import joblib
import numpy as np

from vaekit.estimators._settings import settings_of
from vaekit.files import Checkpoint
from vaekit.fitted import digest_of, open_checkpoints
from vaekit.utils._random import make_random_state
from vaekit.utils._stored import Fingerprint
from vaekit.utils._torch import resolve_device
from vaekit.utils._version import __version__

__all__ = ["NoCheckpoints", "checkpoints_of"]

# besides the settings, which say what the model is
# what is known about rows, by the argument that tells it
TOLD_BY = {"given": "y", "follows": "groups", "weight": "sample_weight"}
HOW = ("batch_size", "compile", "learning_rate", "max_epochs", "max_steps", "n_iter_no_change", "precision", "tol")


class NoCheckpoints:
    """Nothing is written, nothing gone on from."""

    def random_state(self, given):
        """What the fit's random numbers come from."""
        return make_random_state(given)

    def plan(self, net, training):
        """What is left to do, and callbacks for it."""
        return training, []

    def finish(self):
        """Say that the fit has ended."""


class OwnCheckpoints(NoCheckpoints):
    """Those in a folder."""

    def __init__(self, checkpoints):
        self.checkpoints = checkpoints

    def random_state(self, given):
        """Of a fit without a seed: that of its first run."""
        return make_random_state(given if self.checkpoints.seed is None else self.checkpoints.seed)

    def plan(self, net, training):
        """The rest of the training, and what writes checkpoints of it."""
        return self.checkpoints.rest_of(training), [self.checkpoints.autosave(net, training)]

    def finish(self):
        """Say that the fit has ended."""
        self.checkpoints.finish()


@contextlib.contextmanager
def checkpoints_of(estimator, X, known, is_new):
    """The checkpoints of one call of fit.

    Parameters
    ----------
    estimator : BaseEncoder
    X : ndarray of shape (n_rows, n_features)
        Validated rows.
    known : Known
        What is known about them.
    is_new : bool
        Whether the fit starts from nothing.

    Raises
    ------
    ValueError
        If the folder is in use, or of another fit.
    """
    given = estimator.checkpoint
    if given is None:
        yield NoCheckpoints()
        return
    where = Checkpoint(folder=given) if isinstance(given, (str, os.PathLike)) else given.validated()
    if not os.fspath(where.folder):
        raise ValueError("The 'checkpoint' parameter is a folder without a name, '': pass '.' to write into this one.")
    seed = int(make_random_state(None).randint(2**31 - 1)) if is_new and estimator.random_state is None else None
    checkpoints = open_checkpoints(where, _identity(estimator, X, known, is_new), seed)
    try:
        yield OwnCheckpoints(checkpoints)
    finally:
        checkpoints.close()


def _identity(estimator, X, known, is_new):
    """All that decides the bits of a fit, by the names of parameters."""
    settings = settings_of(estimator) | {name: getattr(estimator, name) for name in HOW}
    settings |= {
        "estimator": type(estimator),
        "callbacks": [type(callback).__name__ for callback in estimator.callbacks or []],
        "device": str(resolve_device(estimator.device)),
        "random_state": _seed_of(estimator.random_state),
        "warm_start": None if is_new else _state_of(estimator.net_),
        "X": digest_of(X),
        **{TOLD_BY[name]: digest_of(fact) for name, fact in known._asdict().items() if fact is not None},
        "the version of vaekit": __version__,
    }
    return {name: _said(value) for name, value in settings.items()}


def _seed_of(random_state):
    """A number that stands for the numbers that are drawn next; None for those of a fit that has no seed."""
    if random_state is None:
        return None
    return make_random_state(copy.deepcopy(random_state)).randint(2**31 - 1, size=2).tolist()


def _state_of(net):
    """Where a fit that goes on begins."""
    return [net.step_, digest_of(net.flat_.buffer.detach().cpu().numpy()[:, None])]


def _said(value):
    """A text for a value that is the same in every process."""
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, Fingerprint):
        return value.digest()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_said, value))}]"
    plain = value is None or isinstance(value, (bool, int, float, str))
    return repr(value) if plain else joblib.hash(np.asarray(value) if isinstance(value, np.generic) else value)
