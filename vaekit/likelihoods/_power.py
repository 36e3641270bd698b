"""Normal, Laplace and the squared error: families whose best scale has a closed form."""

import math
from abc import abstractmethod
from typing import ClassVar

import torch
from torch import nn

from vaekit.likelihoods._base import LikelihoodSpec
from vaekit.likelihoods._location_scale import LocationScaleLikelihood, LocationScaleSpec
from vaekit.utils._sklearn import StrOptions
from vaekit.utils._spec import spec

__all__ = ["Laplace", "Normal", "SquaredError"]

CLOSED_FORMS = {"closed_form", "per_feature"}
SMALLEST_SCALE = math.exp(-6)  # as a fraction of the data's deviation: a decoder without error has no density


@spec
class PowerSpec(LocationScaleSpec):
    """What the likelihoods with a closed-form scale share."""

    scale: float | str = "closed_form"

    knows_gaps = True

    _parameter_constraints: ClassVar[dict] = {
        "scale": [
            StrOptions({*CLOSED_FORMS, "learned", "learned_per_feature"}),
            *LocationScaleSpec._parameter_constraints["scale"][1:],
        ],
    }

    def build(self, setting):
        """Return the likelihood module."""
        if not isinstance(self.scale, str):
            return super().build(setting)
        scale_shape = self._scale_shape(setting.event_shape)
        likelihood = self.module(setting.event_shape).settling(scale_shape, setting.deviation)
        return likelihood if self.scale in CLOSED_FORMS else likelihood.learning(self.initial_scale * setting.deviation)


class PowerLikelihood(LocationScaleLikelihood):
    """Density proportional to exp(-|(x - m) / s|^k / k) for every feature.

    -log p(x | z) = sum_d [|x_d - m_d|^k / (k s^k) + log s + log c_k], least at s^k = mean |x - m|^k
    """

    power: ClassVar[int]

    settles = False  # whether the scale outside training is that of the errors over the training data

    def settling(self, scale_shape, deviation):
        """Return this likelihood, its scale that of the errors and never below a small part of the data's deviation."""
        self.settles = True
        # a tensor, because numbers are written into a traced step, and folds of the same data differ in theirs
        least_spread = torch.tensor((SMALLEST_SCALE * deviation) ** self.power, dtype=torch.float32)
        self.register_buffer("least_spread", least_spread, persistent=False)
        start = torch.full(scale_shape, math.log(deviation), dtype=torch.float32)
        self.register_buffer("log_scale", start)
        self.register_parameter("learned_log_scale", None)  # found step by step, it counts in training alone
        return self

    def learning(self, start):
        """Return this likelihood, its scale in training learned from a start."""
        self.learned_log_scale = nn.Parameter(torch.full_like(self.log_scale, math.log(start)))
        return self

    def log_prob(self, decoded, x):
        """Log density per row, in nats."""
        x, is_known = self.split_gaps(x)
        spread = self._spread_of_known(x - decoded, is_known)
        log_scale = self._trained_log_scale(spread.detach(), is_known) if self.training else self.log_scale
        rate = torch.exp(-self.power * log_scale) / self.power
        if is_known is not None:
            return -(rate * spread + is_known * (log_scale + self.log_constant)).sum(self.event_axes)
        if log_scale.ndim == 0:
            return -rate * spread.sum(self.event_axes) - self._log_volume(log_scale)
        return -(rate * spread).sum(self.event_axes) - self._log_volume(log_scale)

    def _trained_log_scale(self, spread, is_known=None):
        if not self.settles:
            return self.log_scale
        seen = self._seen(spread, is_known)
        self.observed = seen if self.pool is None else self.pool(seen)
        if self.learned_log_scale is not None:
            return self.learned_log_scale
        # without a gradient: a batch's own scale is where its loss is least, so the derivative by it is 0
        return self._best_log_scale(self.observed)

    def standard_log_density(self, standardized):
        return -self._spread(standardized) / self.power

    @abstractmethod
    def _spread(self, error):
        """|error|^k."""

    def _spread_of_known(self, error, is_known):
        """|error|^k, 0 where a value is missing."""
        return self._spread(error if is_known is None else error * is_known)

    def _seen(self, spread, is_known):
        """Mean of |x - m|^k; with gaps beside the mean number of values that it is of."""
        if is_known is None:
            return self._averaged(spread)
        return torch.stack([self._averaged(spread), self._averaged(is_known.expand_as(spread))])

    def _averaged(self, spread):
        """Mean of |x - m|^k over rows, and over features too where they share a scale."""
        leading = tuple(range(spread.ndim - len(self.event_axes)))
        return spread.mean() if self.log_scale.ndim == 0 else spread.mean(leading)

    def _best_log_scale(self, average):
        """log s with s^k = mean |x - m|^k + least; as it was, where no value was seen."""
        if self.has_gaps:
            spread, share = average
            best = torch.log(spread / share.clamp(min=1e-30) + self.least_spread) / self.power
            return torch.where(share > 0, best, self.log_scale)
        return torch.log(average + self.least_spread) / self.power

    def statistics(self, decoded, x):
        """Mean of |x - m|^k: a scalar, or a number for each feature; with gaps beside how many values it is of."""
        x, is_known = self.split_gaps(x)
        return self._seen(self._spread_of_known(x - decoded, is_known), is_known) if self.settles else None

    def settle(self, average):
        """Fix the scale."""
        self.log_scale.copy_(self._best_log_scale(average))


class NormalLikelihood(PowerLikelihood):
    """Normal with decoded mean."""

    power, log_constant = 2, 0.5 * math.log(2 * math.pi)

    def _spread(self, error):
        return error.square()

    def standard_draw(self, noise):
        return noise


class LaplaceLikelihood(PowerLikelihood):
    """Laplace with decoded median."""

    power, log_constant = 1, math.log(2)

    def _spread(self, error):
        return error.abs()

    def standard_draw(self, noise):
        # P(|e| > t) = exp(-t), and 2 Phi(-|noise|) is uniform; its logarithm keeps the digits of the tails
        return -noise.sign() * (torch.special.log_ndtr(-noise.abs()) + math.log(2))


class SquaredErrorLikelihood(NormalLikelihood):
    """Trained as a Normal of variance 1/2, and afterwards the Normal of the errors that are left."""

    def _trained_log_scale(self, spread, is_known=None):
        return torch.full_like(super()._trained_log_scale(spread, is_known), 0.5 * math.log(0.5))


@spec
class Normal(PowerSpec):
    """Independent Normal features with mean m given by the decoder and scale s.

    -log p(x | z) = sum_d [(x - m)^2 / (2 s^2) + log s + log(2 pi) / 2], in nats

    Parameters
    ----------
    scale : {"closed_form", "per_feature", "learned", "learned_per_feature"} or float, default="closed_form"
        Standard deviation s. `"closed_form"`: the root mean squared error, over the batch and all features in training
        (so it is never behind the decoder), over the training data afterwards; `"per_feature"`: the same for each
        feature. Both are kept above e^-6 of the data's deviation. `"learned"`, `"learned_per_feature"`: in training
        found by Adam, a learning rate per step (so it lags behind the decoder for hundreds of steps), afterwards that
        of the errors. A number: fixed, in the units of X; larger values ask less of the reconstruction, as a larger
        beta would.
    initial_scale : float, default=0.1
        Where a learned scale starts, as a fraction of the data's standard deviation.

    References
    ----------
    O. Rybkin, K. Daniilidis, S. Levine, "Simple and Effective VAE Training with Calibrated Decoders", ICML 2021,
    https://arxiv.org/abs/2006.13202, section 3.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.likelihoods import Normal
    >>> VAE(likelihood=Normal(scale=0.15))
    VAE(likelihood=Normal(scale=0.15))
    """

    module = NormalLikelihood


@spec
class Laplace(PowerSpec):
    """Independent Laplace features with median m given by the decoder and scale s.

    -log p(x | z) = sum_d [|x - m| / s + log(2 s)], in nats

    Parameters
    ----------
    scale : {"closed_form", "per_feature", "learned", "learned_per_feature"} or float, default="closed_form"
        Mean absolute deviation s. `"closed_form"`: the mean absolute error, over the batch and all features in
        training, over the training data afterwards; `"per_feature"`: the same for each feature. Both are kept above
        e^-6 of the data's deviation. `"learned"`, `"learned_per_feature"`: in training found by Adam, a learning rate
        per step, afterwards that of the errors. A number: fixed, in the units of X.
    initial_scale : float, default=0.1
        Where a learned scale starts, as a fraction of the data's standard deviation.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(likelihood="laplace")
    VAE(likelihood='laplace')
    """

    module = LaplaceLikelihood


@spec
class SquaredError(LikelihoodSpec):
    """The squared error sum_d (x - m)^2 of the standardised data as a cost.

    In training it is a Normal likelihood of variance 1/2, up to a constant. The model that results has the Normal of
    the errors that are left: its densities and draws take their root mean square over the training data as scale.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(likelihood="squared_error")
    VAE(likelihood='squared_error')
    """

    knows_gaps = True

    def build(self, setting):
        """Return the likelihood module."""
        return SquaredErrorLikelihood(setting.event_shape).settling((), setting.deviation)
