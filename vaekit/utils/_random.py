"""Where random numbers come from when nobody says."""

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["make_random_state", "random_state_names"]


def make_random_state(random_state):
    """Return the RandomState a seed means; None means fresh entropy, never numpy's global generator."""
    return np.random.RandomState() if random_state is None else check_random_state(random_state)


def random_state_names(estimator):
    """Names of the parameters that seed an estimator: its own, and those of the steps inside it."""
    return [name for name in estimator.get_params() if name.rpartition("__")[2] == "random_state"]
