"""Normal posterior with a full covariance."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vaekit.functional import clamp_logvar
from vaekit.posteriors._base import Posterior, PosteriorSpec
from vaekit.utils._repr import OneLine, short_repr
from vaekit.utils._spec import spec
from vaekit.utils._torch import linear

__all__ = ["FullNormal"]

LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True, eq=False)
class FullNormalParameters(Posterior):
    """N(loc, L L') for every row of a batch, L = diag(e^log_diagonal) (I + N) with N strictly lower triangular.

    Attributes
    ----------
    loc, log_diagonal : Tensor of shape (batch, n_components)
    unit_tril : Tensor of shape (batch, n_components, n_components)
        I + N.
    """

    loc: Tensor
    log_diagonal: Tensor
    unit_tril: Tensor

    __repr__ = short_repr

    @property
    def tril(self):
        """L, (batch, n_components, n_components)."""
        return torch.exp(self.log_diagonal)[..., None] * self.unit_tril

    @property
    def scale(self):
        """Standard deviation of each component, the root of the covariance's diagonal."""
        return self.tril.square().sum(-1).sqrt()

    def rsample(self, noise):
        """z = mu + L eps, differentiable in the parameters."""
        return self.loc + (self.tril @ noise[..., None])[..., 0]

    def log_prob(self, z):
        """Log density of latents (..., batch, n_components), in nats per row."""
        scaled = (z - self.loc) * torch.exp(-self.log_diagonal)
        eps = torch.linalg.solve_triangular(self.unit_tril, scaled[..., None], upper=False, unitriangular=True)[..., 0]
        return -(0.5 * eps.square() + self.log_diagonal + 0.5 * LOG_2PI).sum(-1)

    def entropy(self):
        """H(q) in nats per row."""
        return (self.log_diagonal + 0.5 * (1 + LOG_2PI)).sum(-1)

    def mean_log_prob(self, z=None):
        """-H(q) in nats per row."""
        return -self.entropy()

    def kl_to_standard_normal(self, z=None):
        """KL(q(z | x) || N(0, I)) = (tr L L' + mu'mu - n) / 2 - sum log L_jj, in nats per row."""
        second = self.tril.square().sum(-1) + self.loc.square()
        return (0.5 * (second - 1) - self.log_diagonal).sum(-1)

    def in_precision(self, dtype):
        """The same with parameters of another type."""
        return FullNormalParameters(self.loc.to(dtype), self.log_diagonal.to(dtype), self.unit_tril.to(dtype))


@spec
class FullNormal(PosteriorSpec):
    """q(z | x) = N(mu(x), L(x) L(x)'), L lower triangular: latents of one row may depend on each other.

    The log of L's squared diagonal is kept in [-20, 10] by a straight-through clamp. Objectives that need the variance
    of each latent by itself (beta-TCVAE, free bits per component, the covariance of codes) refuse it.

    References
    ----------
    D. Kingma, M. Welling, "An Introduction to Variational Autoencoders", Foundations and Trends in Machine Learning
    2019, https://arxiv.org/abs/1906.02691, section 2.5.1, eqs. 2.33-2.37.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(posterior_family="full_normal")
    VAE(posterior_family='full_normal')
    """

    def build(self, setting):
        """Return the module that takes features to `FullNormalParameters`."""
        n = setting.n_components
        return FullNormalHead(linear(setting.n_features, 2 * n + n * (n - 1) // 2, setting.generator), n)


class FullNormalHead(OneLine, nn.Module):
    """One linear layer to loc, the log of L's squared diagonal, and what stands below it over the diagonal."""

    def __init__(self, layer, n_components):
        super().__init__()
        self.layer, self.n_components = layer, n_components
        places = torch.eye(n_components * n_components)  # of each entry of a matrix
        below = torch.ones(n_components, n_components).tril(-1).flatten().bool()
        self.register_buffer("places", places[below], persistent=False)

    def forward(self, features):
        """Return the posterior's parameters."""
        n = self.n_components
        loc, raw_logvar, below = self.layer(features).tensor_split([n, 2 * n], dim=-1)
        unit_tril = (below @ self.places).unflatten(-1, (n, n)) + torch.eye(n, dtype=below.dtype, device=below.device)
        return FullNormalParameters(loc, 0.5 * clamp_logvar(raw_logvar), unit_tril)

    def extra_repr(self):
        """Widths."""
        return f"n_features={self.layer.in_features}, n_components={self.n_components}"
