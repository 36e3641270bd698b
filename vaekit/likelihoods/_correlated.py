"""A normal whose noise is correlated between the columns of a row."""

import math

import torch

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.likelihoods._base import Likelihood, LikelihoodSpec
from vaekit.likelihoods._power import SMALLEST_SCALE
from vaekit.utils._spec import spec

__all__ = ["CorrelatedNormal"]

HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


@spec
class CorrelatedNormal(LikelihoodSpec):
    """Normal rows with mean m given by the decoder and one covariance S of what it leaves.

    -log p(x | z) = (x - m)' S^-1 (x - m) / 2 + log det(S) / 2 + d log(2 pi) / 2, in nats, with d columns

    Trained as a :class:`Normal` with a scale for each feature; afterwards S is the covariance of the errors over the
    training data, where the likelihood is largest. Columns that go together beyond what a few latents can tell then go
    together in samples, too. For tables; of a frame of several kinds, the columns of numbers.

    Notes
    -----
    S has d (d + 1) / 2 numbers and wants several times as many rows as columns. Its deviations along all directions
    are kept above e^-6 of the data's. Where cells may be missing (`missing_values="mask"`), columns are independent
    given z, as those of ``Normal(scale="per_feature")``.

    References
    ----------
    O. Rybkin, K. Daniilidis, S. Levine, "Simple and Effective VAE Training with Calibrated Decoders", ICML 2021,
    https://arxiv.org/abs/2006.13202, section 3, with a matrix in place of a number; G. Dorta, S. Vicente, L. Agapito,
    N. D. F. Campbell, I. Simpson, "Structured Uncertainty Prediction Networks", CVPR 2018,
    https://arxiv.org/abs/1802.07079, on decoders with a covariance.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.likelihoods import CorrelatedNormal
    >>> VAE(likelihood=CorrelatedNormal())
    VAE(likelihood=CorrelatedNormal())
    """

    def build(self, setting):
        """Return the likelihood module."""
        if len(setting.event_shape) != 1:
            raise IncompatibleChoiceError(
                f"CorrelatedNormal is for rows of a table, and a row has the shape {setting.event_shape}; choose "
                "Normal(scale='per_feature')."
            )
        return CorrelatedNormalLikelihood(setting.event_shape, setting.deviation)


class CorrelatedNormalLikelihood(Likelihood):
    """Normal with a covariance S = V diag(s^2) V', V its orthogonal directions."""

    def __init__(self, event_shape, deviation):
        super().__init__(event_shape)
        least = torch.tensor((SMALLEST_SCALE * deviation) ** 2, dtype=torch.float32)
        self.register_buffer("least_variance", least, persistent=False)
        self.register_buffer("directions", torch.eye(self.n_features))
        self.register_buffer("log_scale", torch.full(event_shape, math.log(deviation)))

    def log_prob(self, decoded, x):
        """Log density per row, in nats."""
        error = x - decoded
        if self.training:
            return _log_normal(error, 0.5 * torch.log(self._seen(error.detach()).diagonal() + self.least_variance))
        return _log_normal(error @ self.directions, self.log_scale)

    def _seen(self, error):
        """Mean product of every two errors of a row, of this batch."""
        seen = _mean_products(error)
        self.observed = seen if self.pool is None else self.pool(seen)
        return self.observed

    def mean(self, decoded):
        """Location."""
        return decoded

    def sample(self, decoded, noise):
        """m + V diag(s) e."""
        return decoded + (noise * self.log_scale.exp()) @ self.directions.T

    def statistics(self, decoded, x):
        """Mean product of every two errors of a row."""
        return _mean_products(x - decoded)

    def settle(self, average):
        """Fix the covariance."""
        variances, directions = torch.linalg.eigh(average.double())
        self.directions.copy_(directions)
        self.log_scale.copy_(0.5 * torch.log(variances.clamp(min=0) + self.least_variance))


def _mean_products(error):
    rows = error.reshape(-1, error.shape[-1])
    return rows.T @ rows / len(rows)


def _log_normal(error, log_scale):
    return -(0.5 * (error * torch.exp(-log_scale)).square() + log_scale + HALF_LOG_TWO_PI).sum(-1)
