"""Likelihoods of rows in which values are missing."""

import copy

import torch

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.likelihoods._base import Likelihood

__all__ = ["build_likelihood", "leaving_gaps_out"]


def build_likelihood(word, setting):
    """Return a word's module; one that leaves out what is missing, where rows have gaps.

    Raises
    ------
    IncompatibleChoiceError
        If the word knows nothing of gaps, and says but one number for all values of a row.
    """
    if not setting.has_gaps:
        return word.build(setting)
    if not word.knows_gaps:
        return _without_gaps(word, setting)
    likelihood = word.build(setting)
    likelihood.has_gaps = True
    return likelihood


def _without_gaps(word, setting):
    if setting.event_shape != (1,):
        raise IncompatibleChoiceError(
            f"{type(word).__name__} says one number for all values of a row, and missing_values='mask' leaves some of "
            "them out; take it for the columns of a table, or write a likelihood that 'knows_gaps'."
        )
    return OfKnownRows(word.build(setting), setting.decoded_shape)


class OfKnownRows(Likelihood):
    """The likelihood of a single value, asked about the rows that have it alone.

    What the likelihood sees for a closed form counts as often as it has seen a value.
    """

    def __init__(self, likelihood, decoded_shape):
        super().__init__((1,))
        self.likelihood, self.n_decoded_axes = likelihood, len(decoded_shape)
        seen = likelihood.statistics(torch.zeros(2, *decoded_shape), torch.zeros(2, 1))
        self.shape_seen = None if seen is None else seen.shape
        self.can_pool = seen is None  # what it saw is counted by values, and a part of a batch may have none
        self.last = None  # share of rows that had a value, and a tensor like what was seen

    def _known(self, decoded, x):
        """Decoded numbers and rows of those that have a value, and where they are."""
        numbers = (~x[:, 0].isnan()).nonzero()[:, 0]
        return decoded.index_select(decoded.ndim - self.n_decoded_axes - 1, numbers), x[numbers], numbers

    def seen(self, x):
        """As the likelihood has it."""
        return self.likelihood.seen(x)

    def log_prob(self, decoded, x):
        """Log density per row, in nats; 0 where the value is missing."""
        own, rows, numbers = self._known(decoded, x)
        self.last = len(numbers) / len(x), x.new_zeros(0)
        found = decoded.new_zeros(decoded.shape[: decoded.ndim - self.n_decoded_axes])
        return found.index_copy(-1, numbers, self.likelihood.log_prob(own, rows)) if len(numbers) else found

    def mean(self, decoded):
        """Mean of the value."""
        return self.likelihood.mean(decoded)

    def sample(self, decoded, noise):
        """Draws of the value."""
        return self.likelihood.sample(decoded, noise)

    def statistics(self, decoded, x):
        """What the likelihood needs to know, weighed by the share of rows that have a value, and that share."""
        own, rows, numbers = self._known(decoded, x)
        seen = self.likelihood.statistics(own, rows) if len(numbers) else None
        return self._weighed(seen, len(numbers) / len(x), x)

    def take_observed(self):
        """The same of the last training batch."""
        return self._weighed(self.likelihood.take_observed(), *(self.last or (0.0, torch.zeros(0))))

    def _weighed(self, seen, share, like):
        if self.shape_seen is None:
            return None
        if seen is None:
            return like.new_zeros(self.shape_seen.numel() + 1)
        return torch.cat([share * seen.flatten(), seen.new_full((1,), share)])

    def settle(self, average):
        """Let the likelihood fix its numbers, if there was a value."""
        if average[-1] > 0:
            self.likelihood.settle((average[:-1] / average[-1]).reshape(self.shape_seen))


def leaving_gaps_out(likelihood, word):
    """A copy of a word's module, fitted with gaps or without, that is asked about rows alike of which some are known.

    Parts whose word knows nothing of gaps are asked where all of their values are known.
    """
    likelihood = copy.deepcopy(likelihood).eval()  # training has a scale of its own
    if word.support == "parts":
        pairs = zip(likelihood.parts, (own for own, _ in word.parts))
        likelihood.parts = torch.nn.ModuleList([_asked_about_gaps(*pair) for pair in pairs])
        return likelihood
    return _asked_about_gaps(likelihood, word)


def _asked_about_gaps(likelihood, word):
    if isinstance(likelihood, OfKnownRows):
        return likelihood
    likelihood.has_gaps = True
    return likelihood if word.knows_gaps else OfWholeRows(likelihood, type(word).__name__)


class OfWholeRows(torch.nn.Module):
    """A likelihood that knows nothing of gaps, asked about rows alike: all of their values are known, or none is."""

    def __init__(self, likelihood, name):
        super().__init__()
        self.likelihood, self.name = likelihood, name

    def log_prob(self, decoded, x):
        """Log density per row, in nats; 0 where nothing is known."""
        is_missing = x[0].isnan()
        if is_missing.all():
            return decoded.new_zeros(len(decoded))
        if is_missing.any():
            raise IncompatibleChoiceError(
                f"{self.name} says one number for several columns, and only some of them are given; give all or none, "
                "or write a likelihood that 'knows_gaps'."
            )
        return self.likelihood.log_prob(decoded, x)
