"""Rows that are told beside which of their values were observed, and the likelihood of those."""

import math
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from vaekit.likelihoods import Likelihood, LikelihoodSpec
from vaekit.nn import Network
from vaekit.utils._spec import spec
from vaekit.utils._weights import in_proportion

__all__ = ["ObservedNormal", "OfValues", "Units", "beside_mask"]

LEAST_VARIANCE = math.exp(-12)  # of columns in units of their deviation: a decoder without error has no density

FINENESS = 8  # draws for a row with a weight, of which its share is right to an eighth of a row


class Units:
    """Mean and deviation of the observed values of every column; constant columns are divided by 1."""

    def __init__(self, X, weight=None):
        if weight is not None:
            X = X[in_proportion(weight, FINENESS * len(X))]
        self.mean, deviation = np.nanmean(X, axis=0, dtype=np.float64), np.nanstd(X, axis=0, dtype=np.float64)
        self.deviation = np.where(deviation > 0, deviation, 1.0)

    def of(self, X):
        """X in these units."""
        return (X - self.mean) / self.deviation

    def back(self, rows):
        """Rows in these units in those of X."""
        return rows * self.deviation + self.mean


def beside_mask(rows):
    """Rows (n_rows, 2 n_features): values, 0 where one is missing, and beside them 1 for those that were observed."""
    observed = ~np.isnan(rows)
    return np.hstack([np.where(observed, rows, 0.0), observed])


@spec
class ObservedNormal(LikelihoodSpec):
    """Independent normal features of which some were observed, with a scale in closed form for each.

    -log p(x_o | z) = sum_{d observed} [(x_d - m_d)^2 / (2 s_d^2) + log s_d + log(2 pi) / 2],

    s_d^2 the mean squared error of the observed values of column d. Rows are values beside their mask.
    """

    def decoded_shape(self, event_shape):
        """A mean for every value: half of the row."""
        return (event_shape[0] // 2,)

    def build(self, setting):
        """Return the likelihood module."""
        return ObservedNormalLikelihood(setting.event_shape)


class ObservedNormalLikelihood(Likelihood):
    """Normal with decoded mean, of the values that the row's second half says were observed."""

    log_scale: torch.Tensor

    def __init__(self, event_shape):
        super().__init__(event_shape)
        self.n_values = event_shape[0] // 2
        self.register_buffer("log_scale", torch.zeros(self.n_values))

    def log_prob(self, decoded, x):
        """Log density of the observed values, in nats per row."""
        values, is_observed = x.split(self.n_values, -1)
        squares = is_observed * (values - decoded).square()
        log_scale = self.log_scale
        if self.training:
            self.observed = _sums(squares.detach(), is_observed)
            log_scale = _best_log_scale(self.observed)
        constants = is_observed * (log_scale + 0.5 * math.log(2 * math.pi))
        return -(0.5 * torch.exp(-2 * log_scale) * squares + constants).sum(-1)

    def mean(self, decoded):
        """Decoded means, all of them observed."""
        return torch.cat([decoded, torch.ones_like(decoded)], -1)

    def sample(self, decoded, noise):
        """Draws of all values."""
        return self.mean(decoded + torch.exp(self.log_scale) * noise[..., : self.n_values])

    def statistics(self, decoded, x):
        """Squared errors and counts of the observed values, means over rows."""
        values, is_observed = x.split(self.n_values, -1)
        return _sums(is_observed * (values - decoded).square(), is_observed)

    def settle(self, average):
        """Fix the scales."""
        self.log_scale.copy_(_best_log_scale(average))


def _sums(squares, is_observed):
    """Means over rows, and over draws where each row has several, of squared errors and of counts."""
    leading = tuple(range(squares.ndim - 1))
    return torch.stack([squares.mean(leading), is_observed.expand_as(squares).mean(leading)])


def _best_log_scale(sums):
    """log s_d; 0 where a batch holds no value of a column."""
    squares, counts = sums
    variance = torch.where(counts > 0, squares / counts.clamp(min=1e-30), 1.0)
    return 0.5 * torch.log(variance + LEAST_VARIANCE)


@spec
class OfValues(Network):
    """A network whose encoder sees the values of a row alone: what is missing is its column's mean.

    Parameters
    ----------
    network : Network
        Encoder and decoder for rows of half the width.
    """

    network: Network

    @property
    def inference_rows(self):
        """Rows of a block, those of the network."""
        return self.network.inference_rows

    @property
    def decoded_rows(self):
        """Codes decoded at once, those of the network."""
        return self.network.decoded_rows

    @property
    def is_foreign(self):
        """Whether the network is."""
        return self.network.is_foreign

    def for_one_model(self):
        """What builds encoder and decoder of one model."""
        return OfValues(network=self.network.for_one_model())

    def encoder(self, setting):
        """Return the encoder module and its number of output features."""
        n_values = setting.event_shape[0] // 2
        module, n_features = self.network.encoder(_halved(setting, n_values))
        return nn.Sequential(FirstValues(n_values), module), n_features

    def decoder(self, setting):
        """Return the decoder module."""
        return self.network.decoder(_halved(setting, setting.event_shape[0] // 2))


class FirstValues(nn.Module):
    """The first values of each row."""

    def __init__(self, n_values):
        super().__init__()
        self.n_values = n_values

    def forward(self, x):
        """Rows (batch, n_values)."""
        return x[:, : self.n_values]


def _halved(setting, n_values):
    rows = None if setting.rows is None else setting.rows[:, :n_values]
    return replace(setting, event_shape=(n_values,), decoded_shape=(n_values,), rows=rows)
