"""The types that a file may name: a closed table of ours. A name that is not in it is never imported."""

import vaekit.estimators as estimators
import vaekit.likelihoods as likelihoods
import vaekit.nn as nn
import vaekit.objectives as objectives
import vaekit.posteriors as posteriors
import vaekit.priors as priors
from vaekit.files import Checkpoint
from vaekit.nn import Custom
from vaekit.utils._spec import Spec

__all__ = ["ESTIMATORS", "NAMES", "WORDS"]


FOREIGN = {Custom, likelihoods.Perceptual}  # made of modules and functions of the user's


def _specs(room):
    """The words of a room by their public path; those of a user's own modules have no place in a file."""
    found = {name: getattr(room, name) for name in room.__all__}
    path = room.__name__.removeprefix("vaekit.")
    return {
        f"{path}.{name}": kind
        for name, kind in found.items()
        if isinstance(kind, type) and issubclass(kind, Spec) and kind not in FOREIGN
    }


ESTIMATORS = {name: getattr(estimators, name) for name in estimators.__all__}
WORDS = {
    name: kind for room in (likelihoods, nn, objectives, posteriors, priors) for name, kind in _specs(room).items()
} | {"persistence.Checkpoint": Checkpoint}
NAMES = {kind: name for name, kind in WORDS.items()}
