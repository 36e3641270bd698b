"""Where random numbers come from when nobody says."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["make_random_state", "random_state_names"]

LARGEST_SEED = 2**32 - 1


def make_random_state(random_state):
    """Return the RandomState a seed means; None means fresh entropy, never numpy's global generator."""
    if isinstance(random_state, Integral) and not 0 <= random_state <= LARGEST_SEED:
        raise ValueError(
            f"The 'random_state' parameter must be an int in the range [0, {LARGEST_SEED}], a RandomState or None. Got "
            f"{random_state!r} instead."
        )
    return np.random.RandomState() if random_state is None else check_random_state(random_state)


def random_state_names(estimator):
    """Names of the parameters that seed an estimator: its own, and those of the steps inside it."""
    return [name for name in estimator.get_params() if name.rpartition("__")[2] == "random_state"]
