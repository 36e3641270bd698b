"""Normal and Laplace: a decoded location, and a scale that is fixed, learned, or learned per feature."""

import math
from abc import abstractmethod
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from vaekit.likelihoods._base import Likelihood, LikelihoodSpec
from vaekit.utils._sklearn import Interval, StrOptions
from vaekit.utils._spec import spec

__all__ = ["Laplace", "Normal", "SquaredError"]


@spec
class LocationScaleSpec(LikelihoodSpec):
    """What the location-scale likelihoods share."""

    scale: Any = "learned"
    initial_scale: float = 0.1

    _parameter_constraints: ClassVar[dict] = {
        "scale": [StrOptions({"learned", "per_feature"}), Interval(Real, 0, None, closed="neither")],
        "initial_scale": [Interval(Real, 0, None, closed="neither")],
    }

    _module: ClassVar[type]

    def build(self, event_shape, unit, deviation):
        """Return the likelihood module."""
        likelihood = self._module(event_shape)
        if isinstance(self.scale, str):
            start = torch.tensor(math.log(self.initial_scale * deviation), dtype=torch.float32)
            shape = event_shape if self.scale == "per_feature" else ()
            likelihood.log_scale = nn.Parameter(start.expand(shape).clone())
        else:
            fixed = torch.log(torch.from_numpy(np.asarray(self.scale / unit, dtype=np.float32)))
            likelihood.register_buffer("log_scale", fixed)
        return likelihood


class LocationScaleLikelihood(Likelihood):
    """Density f((x - m) / s) / s for every feature, m decoded."""

    log_scale: torch.Tensor

    def log_prob(self, decoded, x):
        """Log density per row, in nats."""
        standardized = (x - decoded) * torch.exp(-self.log_scale)
        # a scale shared by all features leaves the sum over features
        log_volume = self.log_scale * self.n_features if self.log_scale.ndim == 0 else self.log_scale.sum()
        return self._log_density(standardized).sum(self.event_axes) - (
            log_volume + self.n_features * self._log_constant
        )

    def mean(self, decoded):
        """Location."""
        return decoded

    @abstractmethod
    def _log_density(self, standardized):
        """Log density at scale 1, less its constant."""


class NormalLikelihood(LocationScaleLikelihood):
    """Normal with decoded mean."""

    _log_constant = 0.5 * math.log(2 * math.pi)

    def _log_density(self, standardized):
        return -0.5 * standardized.square()


class LaplaceLikelihood(LocationScaleLikelihood):
    """Laplace with decoded median."""

    _log_constant = math.log(2)

    def _log_density(self, standardized):
        return -standardized.abs()


@spec
class Normal(LocationScaleSpec):
    """Independent Normal features with mean m given by the decoder and scale s.

    -log p(x | z) = sum_d [(x - m)^2 / (2 s^2) + log s + log(2 pi) / 2], in nats

    Parameters
    ----------
    scale : float, "learned" or "per_feature", default="learned"
        Standard deviation s: a number in the units of X; one learned number (in the units of the standardised data);
        or a learned number for each feature. Larger values ask less of the reconstruction, as a larger beta would.
    initial_scale : float, default=0.1
        Where a learned scale starts, as a fraction of the data's standard deviation. Starting at 1 leaves little to
        gain from any single latent at first; without a warm-up of the KL, latents are lost for good meanwhile.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.likelihoods import Normal
    >>> VAE(likelihood=Normal(scale=0.15))
    VAE(likelihood=Normal(scale=0.15))
    """

    _module = NormalLikelihood


@spec
class Laplace(LocationScaleSpec):
    """Independent Laplace features with median m given by the decoder and scale s.

    -log p(x | z) = sum_d [|x - m| / s + log(2 s)], in nats

    Parameters
    ----------
    scale : float, "learned" or "per_feature", default="learned"
        Mean absolute deviation s: a number in the units of X; one learned number (in the units of the standardised
        data); or a learned number for each feature.
    initial_scale : float, default=0.1
        Where a learned scale starts, as a fraction of the data's standard deviation.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(likelihood="laplace")
    VAE(likelihood='laplace')
    """

    _module = LaplaceLikelihood


@spec
class SquaredError(LikelihoodSpec):
    """The squared error sum_d (x - m)^2 of the standardised data as a cost.

    It is a Normal likelihood with variance 1/2, up to a constant, and its densities are that Normal's.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(likelihood="squared_error")
    VAE(likelihood='squared_error')
    """

    def build(self, event_shape, unit, deviation):
        """Return the likelihood module."""
        return Normal(scale=math.sqrt(0.5)).build(event_shape, 1.0, deviation)
