"""What the parameters that make the model say: compared before training goes on."""

from numbers import Integral

import numpy as np

from vaekit.estimators._words import VOCABULARIES
from vaekit.utils._spec import Spec

__all__ = ["refuse_changes", "settings_of"]

# parameters that may change while training goes on (the random state then decides samples alone); all others may not
CHANGEABLE = {
    "batch_size", "callbacks", "checkpoint", "compile", "device", "learning_rate", "max_epochs", "max_steps",
    "n_iter_no_change", "precision", "random_state", "tol", "verbose", "warm_start",
}  # fmt: skip


def settings_of(estimator):
    """What the parameters that make the model say, words as the specs they mean."""
    params = {name: value for name, value in estimator.get_params(deep=False).items() if name not in CHANGEABLE}
    words = {
        name: vocabulary.resolve(params[name])
        for name, vocabulary in VOCABULARIES.items()
        if isinstance(params.get(name), str) and params[name] != "auto"
    }
    return _spelled_out(params | words)


def refuse_changes(now, before):
    """Raise ValueError if a parameter that makes the model is no longer what it was at the first fit."""
    changed = [name for name in now if name not in before or not _same(now[name], before[name])]
    changed = [name for name in changed if name.rpartition("__")[0] not in changed]
    if changed:
        raise ValueError(
            f"The parameters {changed} changed since the first fit, and cannot change a model that goes on "
            "training; fit afresh, with warm_start=False."
        )


def _spelled_out(params, prefix=""):
    """Values of parameters by name, of a spec its type and, under names of their own, its parameters."""
    settings = {}
    for name, value in params.items():
        settings[prefix + name] = _plain(value)
        if isinstance(value, Spec):
            settings[prefix + name] = type(value)
            settings |= _spelled_out(value.settings(), f"{prefix}{name}__")
    return settings


def _plain(value):
    """A list as a tuple, and words of single columns as what they print."""
    if isinstance(value, dict):
        return {key: repr(item) if isinstance(item, Spec) else item for key, item in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _same(value, other):
    """Whether two settings say the same; a count and a fraction of the same size do not."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return np.array_equal(value, other)
    return value is other or (isinstance(value, Integral) == isinstance(other, Integral) and bool(value == other))
