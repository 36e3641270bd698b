"""Categories, one-hot."""

from numbers import Integral
from typing import ClassVar

import torch

from vaekit.likelihoods._base import Likelihood, LikelihoodSpec
from vaekit.utils._spec import spec

__all__ = ["Categorical"]


@spec
class Categorical(LikelihoodSpec):
    """Categories with logits l given by the decoder, each told as a one-hot x.

    -log p(x | z) = -sum_c x_c log softmax(l)_c, in nats, summed over the one-hots of a row

    Parameters
    ----------
    sizes : tuple of int or None, default=None
        How many categories each of the one-hots in a row has; None for a row that is a single one.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.likelihoods import Categorical
    >>> VAE(likelihood=Categorical(sizes=(3, 2)))
    VAE(likelihood=Categorical(sizes=(3, 2)))
    """

    sizes: tuple | None = None

    _parameter_constraints: ClassVar[dict] = {"sizes": ["array-like", None]}

    support = "one_hot"
    knows_gaps = True

    def build(self, setting):
        """Return the likelihood module."""
        width = setting.event_shape[0] if len(setting.event_shape) == 1 else None
        return CategoricalLikelihood(setting.event_shape, self.widths(width))

    def widths(self, n_numbers):
        """Return how many numbers each one-hot takes of those of a row; None where that is no row of a table."""
        sizes = (n_numbers,) if self.sizes is None else tuple(self.sizes)
        are_counts = all(isinstance(size, Integral) and not isinstance(size, bool) and size > 0 for size in sizes)
        if n_numbers is None or not are_counts or sum(sizes) != n_numbers:
            raise ValueError(
                "The 'sizes' parameter of Categorical must be integers of at least 1 that add up to the "
                f"{n_numbers or 'columns of a table'} numbers of a row. Got {self.sizes!r} instead."
            )
        return [int(size) for size in sizes]


class CategoricalLikelihood(Likelihood):
    """One-hots with logits; one that is missing is missing in all its numbers."""

    def __init__(self, event_shape, sizes):
        super().__init__(event_shape)
        self.sizes = list(sizes)

    def log_prob(self, decoded, x):
        """Log probability per row, in nats."""
        x, _ = self.split_gaps(x)  # a one-hot of zeros adds nothing
        log_shares = [logits.log_softmax(-1) for logits in decoded.split(self.sizes, -1)]
        return (x * torch.cat(log_shares, -1)).sum(self.event_axes)

    def mean(self, decoded):
        """Probabilities."""
        return torch.cat([logits.softmax(-1) for logits in decoded.split(self.sizes, -1)], -1)

    def sample(self, decoded, noise):
        """One-hots of the largest l_c + g_c: Phi(noise) is uniform, and g = -log(-log Phi(noise)) a Gumbel draw."""
        scores = decoded - torch.log(-torch.special.log_ndtr(noise.double())).to(decoded.dtype)
        drawn = [_one_hot_of_largest(own) for own in scores.split(self.sizes, -1)]
        return torch.cat(drawn, -1).to(decoded.dtype)


def _one_hot_of_largest(scores):
    return torch.nn.functional.one_hot(scores.argmax(-1), scores.shape[-1])
