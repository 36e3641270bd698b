"""Callbacks of skorch that a user passes, and scikit-learn's own: checked, copied, never part of what is kept."""

import pickle
from contextvars import ContextVar

import joblib
from sklearn.callback import CallbackSupportMixin

from vaekit.engine import (
    EarlyStop,
    EpochLog,
    EpochTasks,
    ScaleWatch,
    is_callback,
    is_first_rank,
    own_copy,
    reason_to_refuse,
    watching,
)
from vaekit.fitted import last_change
from vaekit.utils._sklearn import InvalidParameterError

__all__ = ["CallbacksMixin", "epoch_tasks", "own_callbacks", "picklable_callbacks", "users_callbacks"]

TRIED: ContextVar = ContextVar(
    "callbacks of which it is being found out whether they can be pickled", default=frozenset()
)


class CallbacksMixin(CallbackSupportMixin):
    """The parameter `callbacks` and the method `set_callbacks`."""

    def __sklearn_clone__(self):
        """A clone has callbacks of its own, which write to the same files, runs and locks."""
        bare = object.__new__(type(self))
        vars(bare).update({**vars(self), "callbacks": None})
        clone = super(CallbacksMixin, bare).__sklearn_clone__()
        clone.callbacks = self.callbacks and _copies(self.callbacks)
        return clone


def users_callbacks(estimator):
    """Copies of an estimator's callbacks, for one call of fit.

    Raises
    ------
    ValueError
        If one is no skorch callback, cannot work here, or watches a validation loss that there is not.
    """
    given = _copies(estimator.callbacks or [])
    for callback in given:
        _check_callback(estimator, _bare(callback))
    return given


def _check_callback(estimator, callback):
    if not is_callback(callback):
        raise InvalidParameterError(
            f"The 'callbacks' parameter of {type(estimator).__name__} must hold skorch callbacks, alone or as "
            f"(name, callback). Got {callback!r} among them."
        )
    reason = reason_to_refuse(callback)
    if reason is not None:
        raise ValueError(f"The 'callbacks' parameter holds {type(callback).__name__}, which {reason}.")
    if not estimator.early_stopping and _watches_held_out_rows(callback):
        raise ValueError(
            f"The 'callbacks' parameter holds {type(callback).__name__}, which monitors the validation loss, but "
            "there is none: set early_stopping=True to hold out rows, or let it monitor 'train_loss' "
            "('train_loss_best')."
        )


def own_callbacks(estimator, n_epochs, is_part=False):
    """Our own callbacks for a call of fit: what `verbose` shows, early stopping, the scale that is watched."""
    model, label, verbosity = estimator.model_, type(estimator).__name__, int(estimator.verbose) * is_first_rank()
    shown = [[], [watching(n_epochs, label, estimator.early_stopping)], [EpochLog(label)]][min(verbosity, 2)]
    if model.net.has_learned_scale and estimator.likelihood != "auto":
        shown.append(ScaleWatch())
    if estimator.early_stopping:
        shown.append(EarlyStop(estimator.n_iter_no_change, estimator.tol, last_change(model), is_part))
    return shown


def epoch_tasks(estimator, task, X, y):
    """What tells scikit-learn's callbacks of epochs, in a list; empty if there are none."""
    if not getattr(estimator, "_skl_callbacks", None):
        return []

    def begin():
        return task.subcontext(task_name="epoch").call_on_fit_task_begin(estimator=estimator, X=X, y=y)

    def end(epoch, rows):
        def attributes():  # evaluated only if a callback asks for the estimator as if training had stopped there
            return {"model_": estimator.model_.as_if_ended(rows)}

        return epoch.call_on_fit_task_end(estimator=estimator, X=X, y=y, reconstruction_attributes=attributes)

    return [EpochTasks(begin, end)]


def picklable_callbacks(callbacks):
    """The callbacks for a pickle, nameless functions by value; less those that hold what stays in this process."""
    pickled = [_for_pickles(callback) for callback in callbacks or []]
    return callbacks and [callback for callback in pickled if callback is not None]


def _for_pickles(callback):
    """A callback, or what becomes one when it is unpickled; None if nothing does.

    A callback may hold the estimator that it is a callback of, to save it, say: while it is tried, that has it not.
    """
    if id(callback) in TRIED.get():
        return None
    token = TRIED.set(TRIED.get() | {id(callback)})
    try:
        return callback if _is_picklable(callback) else _by_value(callback)
    finally:
        TRIED.reset(token)


def _by_value(callback):
    """What becomes a callback when it is unpickled, None if nothing does."""
    try:
        by_value = ByValue(*joblib.wrap_non_picklable_objects(callback, keep_wrapper=False).__reduce__())
    except Exception:  # whatever a foreign object's pickling raises
        return None
    return by_value if _is_picklable(by_value) else None


class ByValue:
    """What is pickled already, so that it is not once more where it is met again.

    Parameters
    ----------
    make : callable
    args : tuple
    """

    def __init__(self, make, args):
        self.made_by = make, args

    def __reduce__(self):
        return self.made_by


def _copies(callbacks):
    return type(callbacks)(map(_copy, callbacks)) if isinstance(callbacks, (list, tuple)) else list(callbacks)


def _copy(callback):
    return own_copy(callback) if is_callback(_bare(callback)) else callback


def _bare(callback):
    return callback[-1] if isinstance(callback, (tuple, list)) and callback else callback


def _is_picklable(value):
    try:
        pickle.dumps(value)
    except Exception:  # whatever a foreign object's pickling raises
        return False
    return True


def _watches_held_out_rows(callback):
    monitor = getattr(callback, "monitor", None)  # a name in the history, a function, or None
    return isinstance(monitor, str) and monitor.startswith("valid")
