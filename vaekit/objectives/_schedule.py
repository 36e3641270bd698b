"""Weights that rise during training."""

from numbers import Integral, Real
from typing import ClassVar

from vaekit.functional import linear_warmup
from vaekit.utils._sklearn import Interval, RealNotInt
from vaekit.utils._spec import InstanceOf, Spec, spec

__all__ = ["STEPS", "Warmup", "final_value", "nonnegative", "steps_of", "value_at"]

# A number of steps: a float is a fraction of all planned steps, an int a count.
STEPS = [Interval(RealNotInt, 0, 1, closed="right"), Interval(Integral, 1, None, closed="left")]


def steps_of(fraction_or_count, n_steps):
    """Number of steps that a fraction of the planned steps, or a count, means."""
    return fraction_or_count if isinstance(fraction_or_count, Integral) else fraction_or_count * n_steps


@spec
class Warmup(Spec):
    """A weight that rises linearly from 0 to `value` and stays there; takes the place of a number.

    Parameters
    ----------
    value : float, default=1.0
        Final weight.
    steps : float or int, default=0.5
        Length of the rise: a float is a fraction of all planned steps, an int a count.

    Examples
    --------
    >>> from vaekit import BetaVAE
    >>> from vaekit.objectives import Warmup
    >>> BetaVAE(beta=Warmup(value=4, steps=0.25))
    BetaVAE(beta=Warmup(steps=0.25, value=4))
    """

    value: float = 1.0
    steps: float = 0.5

    _parameter_constraints: ClassVar[dict] = {"value": [Interval(Real, 0, None, closed="left")], "steps": STEPS}


def nonnegative():
    """Return the constraint row of a weight: a number from 0, or a `Warmup`."""
    return [Interval(Real, 0, None, closed="left"), InstanceOf(Warmup)]


def final_value(weight):
    """Value of a number or a `Warmup` in the end."""
    return weight.value if isinstance(weight, Warmup) else weight


def value_at(weight, step, n_steps):
    """Value of a number or a `Warmup` after `step` of `n_steps` planned steps."""
    if isinstance(weight, Warmup):
        return weight.value * linear_warmup(step, steps_of(weight.steps, n_steps))
    return weight
