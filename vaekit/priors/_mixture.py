"""A mixture of normals as the prior."""

from numbers import Integral
from typing import ClassVar

import torch
from torch import nn

from vaekit.exceptions import NoDensityError
from vaekit.functional import clamp_logvar, normal_log_density
from vaekit.priors._base import Prior, PriorSpec
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec

__all__ = ["MixtureOfNormals", "MixturePrior", "WithoutSpaces", "chosen"]


def chosen(log_weights, noise):
    """Numbers of the parts of a mixture that standard normal numbers (...) choose, part k with probability w_k."""
    ends = log_weights.softmax(0).cumsum(0)
    return (torch.special.ndtr(noise)[..., None] > ends[:-1]).sum(-1)


class WithoutSpaces(Prior):
    """A prior that no map makes plainly normal."""

    has_spaces = False

    def to_generation_space(self, z):
        """There is none."""
        raise NoDensityError("This prior has no generation space that is plainly normal; choose prior='decoupled'.")

    to_representation_space = to_generation_space


@spec
class MixtureOfNormals(PriorSpec):
    """p(z) = sum_k w_k N(z; m_k, diag s_k^2), the w_k, m_k and s_k learned, jointly with the rest.

    A draw takes one number of noise more than there are latents: it chooses k. Objectives that know the prior through
    its draws alone (WAE, AAE) move means and scales, not the weights.

    Parameters
    ----------
    n_modes : int, default=10
        Number of normals. At the start they have deviation 1/2, and means drawn from N(0, 3/4 I), so that together
        they are about standard normal.

    References
    ----------
    N. Dilokthanakul et al., "Deep Unsupervised Clustering with Gaussian Mixture Variational Autoencoders", 2016,
    https://arxiv.org/abs/1611.02648 (a mixture as prior); J. Tomczak, M. Welling, "VAE with a VampPrior", AISTATS
    2018, https://arxiv.org/abs/1705.07120, section 4 ("MoG prior").

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(prior="mixture").set_params(prior__n_modes=5)
    VAE(prior=MixtureOfNormals(n_modes=5))
    """

    n_modes: int = 10

    has_spaces = False

    _parameter_constraints: ClassVar[dict] = {"n_modes": [Interval(Integral, 1, None, closed="left")]}

    def build(self, setting):
        """Return the prior module."""
        loc = torch.empty(self.n_modes, setting.n_components)
        return MixturePrior(nn.init.normal_(loc, std=0.75**0.5, generator=setting.generator))


class MixturePrior(WithoutSpaces):
    """The weights are a softmax, the scales exponentials of half of clamped log-variances.

    Parameters
    ----------
    loc : Tensor of shape (n_modes, n_components)
        Means to begin with.
    """

    def __init__(self, loc):
        super().__init__()
        self.loc = nn.Parameter(loc)
        self.raw_logvar = nn.Parameter(torch.full_like(loc, 0.25).log())
        self.logits = nn.Parameter(loc.new_zeros(len(loc)))
        self.noise_width = loc.shape[1] + 1

    def log_prob(self, z):
        """log sum_k w_k N(z; m_k, s_k^2), in nats per row."""
        of_modes = normal_log_density(z[..., None, :], self.loc, clamp_logvar(self.raw_logvar)).sum(-1)
        return torch.logsumexp(self.logits.log_softmax(0) + of_modes, dim=-1)

    def sample(self, noise):
        """m_k + s_k eps; the first number of the noise chooses k."""
        k, eps = chosen(self.logits, noise[..., 0]), noise[..., 1:]
        return self.loc[k] + torch.exp(0.5 * clamp_logvar(self.raw_logvar))[k] * eps

    def extra_repr(self):
        """Size."""
        n_modes, n_components = self.loc.shape
        return f"n_components={n_components}, n_modes={n_modes}"
