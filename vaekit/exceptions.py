"""Errors and warnings of the library; each one is also the standard class it specialises."""

from sklearn.exceptions import ConvergenceWarning

__all__ = [
    "CollapseWarning",
    "IncompatibleChoiceError",
    "MissingMethodError",
    "NoDensityError",
    "NonFiniteLossError",
    "ScheduleWarning",
    "UnfinishedTrainingWarning",
    "UnreadableFileError",
    "VaekitError",
    "VaekitWarning",
]


class VaekitError(Exception):
    """Base of every error that the library raises under a name of its own."""


class NonFiniteLossError(VaekitError, ValueError):
    """A term of the loss became infinite or NaN before one epoch of training had succeeded."""


class IncompatibleChoiceError(VaekitError, ValueError):
    """Two choices of words (objective, prior, posterior, likelihood, network) that cannot stand together."""


class NoDensityError(VaekitError, AttributeError):
    """A density was asked of a model whose prior has none."""


class MissingMethodError(VaekitError, AttributeError):
    """A number was asked of a model that lacks a method which that number is made of."""


class UnreadableFileError(VaekitError, ValueError):
    """A file is none of ours, is damaged, is of a newer version, or lacks what has to be handed in."""


class VaekitWarning(UserWarning):
    """Base of every warning that the library issues under a name of its own."""


class CollapseWarning(VaekitWarning, ConvergenceWarning):
    """Training ended with (nearly) no latent that carries information."""


class ScheduleWarning(VaekitWarning, ConvergenceWarning):
    """A scheduled weight never reached its value within the steps that were run."""


class UnfinishedTrainingWarning(VaekitWarning, ConvergenceWarning):
    """Training ended while the loss, or a learned scale, was still moving, or after it had diverged."""
