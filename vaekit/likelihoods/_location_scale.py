"""A decoded location, and a scale that is fixed or learned: the part that any such family shares."""

import math
from abc import abstractmethod
from numbers import Real
from typing import ClassVar

import numpy as np
import torch
from torch import nn

from vaekit.likelihoods._base import Likelihood, LikelihoodSpec
from vaekit.utils._sklearn import Interval, StrOptions
from vaekit.utils._spec import spec

__all__ = ["LocationScaleLikelihood", "LocationScaleSpec"]


@spec
class LocationScaleSpec(LikelihoodSpec):
    """The word for a likelihood with a decoded location and a scale that is fixed or learned.

    Parameters
    ----------
    scale : float, "learned" or "learned_per_feature", default="learned"
        A number in the units of X; one learned number; or a learned number for each feature.
    initial_scale : float, default=0.1
        Where a learned scale starts, as a fraction of the data's standard deviation.
    """

    scale: float | str = "learned"
    initial_scale: float = 0.1

    _parameter_constraints: ClassVar[dict] = {
        "scale": [StrOptions({"learned", "learned_per_feature"}), Interval(Real, 0, None, closed="neither")],
        "initial_scale": [Interval(Real, 0, None, closed="neither")],
    }

    module: ClassVar[type]

    def build(self, setting):
        """Return the likelihood module."""
        likelihood = self.module(setting.event_shape)
        if isinstance(self.scale, str):
            start = torch.tensor(math.log(self.initial_scale * setting.deviation), dtype=torch.float32)
            likelihood.log_scale = nn.Parameter(start.expand(self._scale_shape(setting.event_shape)).clone())
        else:
            fixed = torch.log(torch.from_numpy(np.asarray(self.scale / setting.unit, dtype=np.float32)))
            likelihood.register_buffer("log_scale", fixed)
        return likelihood

    def _scale_shape(self, event_shape):
        return event_shape if self.scale.endswith("per_feature") else ()


class LocationScaleLikelihood(Likelihood):
    """Density f((x - m) / s) / s for every feature, m decoded."""

    log_scale: torch.Tensor

    def log_prob(self, decoded, x):
        """Log density per row, in nats."""
        standardized = (x - decoded) * torch.exp(-self.log_scale)
        return self.standard_log_density(standardized).sum(self.event_axes) - self._log_volume(self.log_scale)

    def _log_volume(self, log_scale):
        """Sum of log s over features, and the constants; a scale shared by all features leaves the sum."""
        total = log_scale * self.n_features if log_scale.ndim == 0 else log_scale.sum()
        return total + self.n_features * self.log_constant

    def mean(self, decoded):
        """Location."""
        return decoded

    def sample(self, decoded, noise):
        """m + s e, e a draw at scale 1."""
        return decoded + torch.exp(self.log_scale) * self.standard_draw(noise)

    @abstractmethod
    def standard_log_density(self, standardized: torch.Tensor) -> torch.Tensor:
        """Log density at scale 1, less its constant."""

    @abstractmethod
    def standard_draw(self, noise):
        """Draws at location 0 and scale 1, made of standard normal noise."""
