"""A prior that is known through its draws: z = h(z0)."""

from numbers import Integral
from typing import ClassVar

from vaekit.exceptions import NoDensityError
from vaekit.nn._mlp import mlp
from vaekit.priors._base import Prior, PriorSpec
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec

__all__ = ["Generator"]


@spec
class Generator(PriorSpec):
    """z = h(z0), z0 ~ N(0, I), h a plain network: draws without a density and without a way back.

    For objectives that compare samples (Prior-AAE and its kin).

    Parameters
    ----------
    hidden_width : int, default=64
        Width of its two hidden layers (leaky ReLU).

    Examples
    --------
    >>> from vaekit.priors import Generator
    >>> Generator(hidden_width=128)
    Generator(hidden_width=128)
    """

    hidden_width: int = 64

    has_density = has_spaces = False

    _parameter_constraints: ClassVar[dict] = {"hidden_width": [Interval(Integral, 1, None, closed="left")]}

    def build(self, setting):
        """Return the prior module."""
        width, n_components = self.hidden_width, setting.n_components
        return GeneratorPrior(mlp((n_components, width, width, n_components), "leaky_relu", "torch", setting.generator))


class GeneratorPrior(Prior):
    """Draws h(z0)."""

    has_density = has_spaces = False

    def __init__(self, network):
        super().__init__()
        self.network = network

    def sample(self, noise):
        """h(noise)."""
        return self.network(noise)

    def log_prob(self, z):
        """There is none."""
        raise NoDensityError("A generator prior has no density: ask for samples, or choose prior='decoupled'.")

    def to_generation_space(self, z):
        """There is no way back."""
        raise NoDensityError("A generator prior has no inverse: ask for samples, or choose prior='decoupled'.")

    def to_representation_space(self, z0):
        """z = h(z0)."""
        return self.network(z0)
