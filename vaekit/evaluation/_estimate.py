"""A mean and how far it can be trusted."""

import math
from typing import NamedTuple

import numpy as np

from vaekit.utils._repr import short_repr


class Estimate(NamedTuple):
    """A number estimated by a mean over independent draws.

    Attributes
    ----------
    value : float
        The mean.
    standard_error : float
        Standard deviation of that mean; NaN when there was one draw only, or an infinite one.
    """

    value: float
    standard_error: float

    __repr__ = short_repr


def mean_estimate(values):
    """Return the mean of independent values with its standard error."""
    values = np.asarray(values, dtype=np.float64)
    spread = float(values.std(ddof=1)) if len(values) > 1 and np.isfinite(values).all() else math.nan
    return Estimate(float(values.mean()), spread / math.sqrt(len(values)))


def independent_sum(*estimates):
    """Return the sum of estimates that were made from independent draws."""
    return Estimate(
        sum(estimate.value for estimate in estimates), math.hypot(*(estimate.standard_error for estimate in estimates))
    )
