"""Bernoulli pixels."""

import torch
from torch.nn import functional as F

from vaekit.likelihoods._base import Likelihood, LikelihoodSpec
from vaekit.utils._spec import spec

__all__ = ["Bernoulli"]


@spec
class Bernoulli(LikelihoodSpec):
    """Independent Bernoulli features with logits l given by the decoder.

    -log p(x | z) = sum_d [max(l, 0) - x l + log(1 + exp(-|l|))], in nats, for x in [0, 1]

    Data must lie in [0, 1] (uint8 images are divided by 255) and are not standardised. On values strictly between 0
    and 1 this is not a normalised density: compare its log-likelihoods only between models that share it.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(likelihood="bernoulli")
    VAE(likelihood='bernoulli')
    """

    support = "unit_interval"
    knows_gaps = True

    def build(self, setting):
        """Return the likelihood module."""
        return BernoulliLikelihood(setting.event_shape)


class BernoulliLikelihood(Likelihood):
    """Bernoulli with logits."""

    def log_prob(self, decoded, x):
        """Log density per row, in nats."""
        x, is_known = self.split_gaps(x)
        # x l - softplus(l): the same number as the equation above, in two operations
        terms = x * decoded - F.softplus(decoded)
        return (terms if is_known is None else terms * is_known).sum(self.event_axes)

    def mean(self, decoded):
        """Probability of a one."""
        return torch.sigmoid(decoded)

    def sample(self, decoded, noise):
        """A one where the noise lies below its quantile: Phi(noise) is uniform."""
        return (torch.special.ndtr(noise) < torch.sigmoid(decoded)).to(decoded.dtype)
