"""Priors whose map to generation space is a learned invertible network."""

from abc import abstractmethod

from torch import Tensor

from vaekit.functional import clamp_logvar
from vaekit.priors._base import Prior
from vaekit.priors._standard_normal import standard_normal_log_prob

__all__ = ["FlowPrior", "bounded"]

LEAST, LARGEST = -20.0, 20.0


def bounded(log_scale: Tensor) -> Tensor:
    """Log scales whose exponentials keep draws finite where training has diverged, without cutting their gradient.

    A density does not tell of a scale that is far too large: it divides by it.
    """
    return clamp_logvar(log_scale, LEAST, LARGEST)


class FlowPrior(Prior):
    """log p(z) = log N(g(z); 0, I) + log |det dg/dz|."""

    @abstractmethod
    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """z0 = g(z) and log |det dg/dz| per row."""

    @abstractmethod
    def inverse(self, z0: Tensor) -> tuple[Tensor, Tensor]:
        """z = g^-1(z0) and the log-determinant of that map."""

    def log_prob(self, z):
        """Log density per row, in nats."""
        z0, log_det = self(z)
        return standard_normal_log_prob(z0) + log_det

    def to_generation_space(self, z):
        """z0 = g(z)."""
        return self(z)[0]

    def to_representation_space(self, z0):
        """z = g^-1(z0)."""
        return self.inverse(z0)[0]
