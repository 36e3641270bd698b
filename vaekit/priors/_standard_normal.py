"""The plain prior."""

import torch

from vaekit.functional import kl_normal, normal_log_density
from vaekit.priors._base import Prior, PriorSpec
from vaekit.utils._spec import spec

__all__ = ["StandardNormal", "StandardNormalPrior", "standard_normal_log_prob"]


def standard_normal_log_prob(z):
    """Log density of N(0, I) at latents (..., n_components), in nats per row."""
    zero = torch.zeros((), dtype=z.dtype, device=z.device)
    return normal_log_density(z, zero, zero).sum(-1)


@spec
class StandardNormal(PriorSpec):
    """p(z) = N(0, I): representation and generation space are the same.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(prior="normal")
    VAE()
    """

    def build(self, setting):
        """Return the prior module."""
        return StandardNormalPrior()


class StandardNormalPrior(Prior):
    """N(0, I)."""

    is_factorised = True

    def log_prob(self, z):
        """Log density per row, in nats."""
        return standard_normal_log_prob(z)

    def to_generation_space(self, z):
        """z itself."""
        return z

    def to_representation_space(self, z0):
        """z0 itself."""
        return z0

    def kl(self, posterior, z):
        """KL(q(z | x) || N(0, I)) in nats per row, in closed form where the posterior has one."""
        return posterior.kl_to_standard_normal(z)

    def kl_per_component(self, posterior, z):
        """KL(q(z_j | x) || N(0, 1)) in closed form, (batch, n_components), in nats."""
        return kl_normal(posterior.loc, posterior.logvar)

    def extra_repr(self):
        """Nothing: it has no parameters."""
        return ""
