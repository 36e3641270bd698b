"""Trees of neighbours that were read from a file: compiled code follows their numbers without looking where to."""

from types import ModuleType

import numpy as np
from sklearn.neighbors import BallTree, KDTree

__all__ = ["with_sound_trees"]

DATA, LEAF_SIZE, METRIC, WEIGHT = 0, 4, 11, 12  # of a tree's state


def with_sound_trees(value):
    """Return an object of scikit-learn all of whose trees of neighbours were built anew from the points they hold.

    A tree is a function of its points, so that a sound one stays what it was.

    Raises
    ------
    ValueError
        If there is no tree of such points.
    """
    for part in _parts(value):
        if isinstance(part, (BallTree, KDTree)):
            _build(part)
    return value


def _build(tree):
    state = tree.__getstate__()
    points = np.array(state[DATA], dtype=np.float64)
    built = type(tree)(points, leaf_size=state[LEAF_SIZE], metric=state[METRIC], sample_weight=state[WEIGHT])
    tree.__setstate__(built.__getstate__())


def _parts(value):
    """Everything that hangs on an object, once each."""
    seen, left = {}, [value]
    while left:
        part = left.pop()
        if id(part) not in seen:
            seen[id(part)] = part
            left.extend(_held_by(part))
    return seen.values()


def _held_by(part):
    if isinstance(part, dict):
        return part.values()
    if isinstance(part, (list, tuple, set)):
        return part
    if isinstance(part, np.ndarray):
        return part.ravel().tolist() if part.dtype == object else ()
    return vars(part).values() if hasattr(part, "__dict__") and not isinstance(part, (type, ModuleType)) else ()
