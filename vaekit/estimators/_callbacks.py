"""The callbacks that a user passes: copied, checked, refused where they cannot work."""

import copy

from vaekit.utils._sklearn import InvalidParameterError

__all__ = ["users_callbacks"]


def users_callbacks(estimator):
    """Return copies of an estimator's callbacks, for one call of fit.

    Raises
    ------
    ValueError
        If one is no skorch callback, or watches a validation loss that there is not.
    """
    given = copy.deepcopy(list(estimator.callbacks or []))
    strangers = [callback for callback in given if not hasattr(_bare(callback), "on_train_begin")]
    if strangers:
        raise InvalidParameterError(
            f"The 'callbacks' parameter of {type(estimator).__name__} must hold skorch callbacks, alone or as "
            f"(name, callback). Got {strangers[0]!r} among them."
        )
    if not estimator.early_stopping and any(_watches_held_out_rows(callback) for callback in given):
        raise ValueError(
            "The 'callbacks' parameter holds one that monitors the validation loss, but there is none: set "
            "early_stopping=True to hold out rows, or let it monitor 'train_loss' ('train_loss_best')."
        )
    return given


def _bare(callback):
    return callback[-1] if isinstance(callback, (tuple, list)) and callback else callback


def _watches_held_out_rows(callback):
    monitor = getattr(_bare(callback), "monitor", None)  # a name in the history, a function, or None
    return isinstance(monitor, str) and monitor.startswith("valid")
