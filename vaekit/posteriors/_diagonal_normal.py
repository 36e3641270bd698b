"""Diagonal Normal posterior."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from vaekit.functional import clamp_logvar, entropy_normal, kl_normal, normal_log_density
from vaekit.posteriors._base import Posterior, PosteriorSpec
from vaekit.utils._repr import OneLine, short, short_repr
from vaekit.utils._sklearn import Interval, Options
from vaekit.utils._spec import spec
from vaekit.utils._torch import linear

__all__ = ["DiagonalNormal", "FixedScale", "NormalParameters"]

SMALLEST_SCALE = math.exp(-10)  # the lower end of log-variances


class LocLogvar(NamedTuple):
    """What a diagonal normal is told."""

    loc: Tensor
    logvar: Tensor


class NormalParameters(LocLogvar, Posterior):
    """N(loc, diag exp logvar) for every row of a batch; logvar = log sigma^2."""

    __repr__ = short_repr

    @property
    def scale(self) -> Tensor:
        """Standard deviations, (batch, n_components)."""
        return torch.exp(0.5 * self.logvar)

    def rsample(self, noise: Tensor) -> Tensor:
        """z = mu + sigma * eps, differentiable in the parameters."""
        return self.loc + self.scale * noise

    def log_prob(self, z: Tensor) -> Tensor:
        """Log density of latents (..., batch, n_components), in nats per row."""
        return normal_log_density(z, self.loc, self.logvar).sum(-1)

    def entropy(self) -> Tensor:
        """H(q) in nats per row."""
        return entropy_normal(self.logvar)

    def mean_log_prob(self, z: Tensor | None = None) -> Tensor:
        """-H(q) in nats per row."""
        return -self.entropy()

    def kl_to_standard_normal(self, z: Tensor | None = None) -> Tensor:
        """KL(q(z | x) || N(0, I)) in nats per row."""
        return kl_normal(self.loc, self.logvar).sum(-1)

    def in_precision(self, dtype):
        """The same normal, told by location and scale of another type."""
        return LocScale(self.loc.to(dtype), self.scale.to(dtype))


@dataclass(frozen=True, eq=False)
class LocScale(Posterior):
    """N(loc, diag scale^2), told by its scale: no digit is lost on the way through the log-variance."""

    loc: Tensor
    scale: Tensor

    rsample = NormalParameters.rsample

    @property
    def is_deterministic(self):
        """Whether there is no noise, and so no density."""
        return not self.scale.all()

    def log_prob(self, z):
        """Log density of latents (..., batch, n_components), in nats per row."""
        standardized = (z - self.loc) / self.scale
        return -(0.5 * standardized.square() + torch.log(self.scale) + 0.5 * math.log(2 * math.pi)).sum(-1)


@spec
class DiagonalNormal(PosteriorSpec):
    """q(z | x) = N(mu(x), diag sigma(x)^2), the log-variance kept in [-20, 10] by a straight-through clamp.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.posteriors import DiagonalNormal
    >>> VAE(posterior_family=DiagonalNormal())
    VAE(posterior_family=DiagonalNormal())
    """

    def build(self, setting):
        """Return the module that takes features to `NormalParameters`."""
        return DiagonalNormalHead(linear(setting.n_features, 2 * setting.n_components, setting.generator))


class DiagonalNormalHead(OneLine, nn.Module):
    """One linear layer to (loc, log-variance)."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, features):
        """Return the posterior's parameters."""
        loc, raw_logvar = self.layer(features).chunk(2, dim=-1)
        return NormalParameters(loc, clamp_logvar(raw_logvar))

    def extra_repr(self):
        """Widths."""
        return f"n_features={self.layer.in_features}, n_components={self.layer.out_features // 2}"


@spec
class FixedScale(PosteriorSpec):
    """q(z | x) = N(mu(x), scale^2 I), nothing but the mean being learned.

    For autoencoders whose encoder is to be (nearly) deterministic: with no KL to hold the variance up a learned one
    would shrink without end, and the likelihood of a learned prior would grow without end on ever thinner codes.

    Parameters
    ----------
    scale : float, default=0.01
        Standard deviation of the noise, at least e^-10 (about 4.5e-5), or 0 for z = mu exactly; the bound on log p(x)
        then takes e^-10.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(posterior_family="fixed_scale")
    VAE(posterior_family='fixed_scale')
    """

    scale: float = 0.01

    _parameter_constraints: ClassVar[dict] = {
        "scale": [Interval(Real, SMALLEST_SCALE, None, closed="left"), Options(Real, {0})],
    }

    def build(self, setting):
        """Return the module that takes features to `NormalParameters`."""
        return FixedScaleHead(linear(setting.n_features, setting.n_components, setting.generator), self.scale)


class PointParameters(NormalParameters):
    """A Normal so narrow that its samples are its mean."""

    is_deterministic = True

    @property
    def scale(self):
        """0."""
        return torch.zeros_like(self.loc)

    def rsample(self, noise):
        """z = mu, once for each draw."""
        return self.loc.expand(torch.broadcast_shapes(self.loc.shape, noise.shape))


class FixedScaleHead(OneLine, nn.Module):
    """One linear layer to the mean."""

    def __init__(self, layer, scale):
        super().__init__()
        self.layer = layer
        self.parameters_type = NormalParameters if scale > 0 else PointParameters
        self.logvar = 2 * math.log(scale or SMALLEST_SCALE)

    def forward(self, features):
        """Return the posterior's parameters."""
        loc = self.layer(features)
        return self.parameters_type(loc, torch.full_like(loc, self.logvar))

    def extra_repr(self):
        """Widths, and the scale."""
        scale = 0 if self.parameters_type is PointParameters else math.exp(0.5 * self.logvar)
        return f"n_features={self.layer.in_features}, n_components={self.layer.out_features}, scale={short(scale)}"
