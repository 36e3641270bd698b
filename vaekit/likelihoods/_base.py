"""p(x | z): what a decoded tensor says about the data."""

import math
from abc import ABC, abstractmethod

from torch import Tensor, nn

from vaekit._setting import Setting
from vaekit.utils._repr import OneLine
from vaekit.utils._spec import Spec

__all__ = ["Likelihood", "LikelihoodSpec"]


class LikelihoodSpec(Spec, ABC):
    """The word for a likelihood.

    Attributes
    ----------
    is_foreign : bool
        Whether it calls a function of the user's, which may draw random numbers: steps are then not written down.
    """

    is_foreign = False
    # or "unit_interval" and "one_hot": then data are taken as they are, never standardised; "counts" are whole numbers
    support = "real"
    knows_gaps = False  # whether the module leaves out values that are NaN where its `has_gaps` says that some are

    def decoded_shape(self, event_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape that the decoder gives for a row: that of the row, where a number for each value says it all."""
        return event_shape

    @abstractmethod
    def build(self, setting: Setting) -> nn.Module:
        """Return the likelihood module for rows of `event_shape`, whose units the setting tells."""


class Likelihood(OneLine, nn.Module, ABC):
    """p(x | z) given the decoder's output; events are summed, leading axes kept.

    The decoder gives (..., batch, *decoded) for rows (batch, *event): `decoded` is the spec's `decoded_shape`
    of `event`, the same unless a value takes several numbers (a location and a scale, a logit for each category).

    A number of its own that the data determine in closed form, given the decoded rows, is not trained: in training each
    batch determines it anew and leaves what it showed in `observed`; the average over an epoch, or over the training
    data at the end, is handed to `settle`, and holds outside training.

    Attributes
    ----------
    observed : Tensor or None
        Statistics of the last training batch, without gradient, until the step that saw it takes them away
        (`take_observed`); None where nothing has a closed form.
    has_gaps : bool
        Whether values of rows may be missing (NaN): those are left out. Set of likelihoods whose word `knows_gaps`.
    """

    observed = None
    has_gaps = False
    pool = None  # what makes the mean over a part of a batch that over all of it, where processes share batches
    can_pool = True  # whether that is all it takes to see parts of batches alone

    def __init__(self, event_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.event_axes, self.n_features = tuple(range(-len(event_shape), 0)), math.prod(event_shape)

    def extra_repr(self) -> str:
        """Size of a row."""
        return f"n_features={self.n_features}"

    def seen(self, x: Tensor) -> Tensor:
        """Rows as the encoder sees them: as they are, but for data whose size would drown it."""
        return x

    @abstractmethod
    def log_prob(self, decoded: Tensor, x: Tensor) -> Tensor:
        """Log density of rows `x` (batch, *event) given `decoded` (..., batch, *decoded), in nats per row."""

    @abstractmethod
    def mean(self, decoded: Tensor) -> Tensor:
        """E[x | z], of shape (..., batch, *event)."""

    @abstractmethod
    def sample(self, decoded: Tensor, noise: Tensor) -> Tensor:
        """Draws of x given `decoded`, made of standard normal `noise` of shape (..., batch, *event)."""

    def split_gaps(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Rows with 0 for each value that is missing, and beside them 1 for each that is known; None if all are."""
        if not self.has_gaps:
            return x, None
        is_missing = x.isnan()
        return x.masked_fill(is_missing, 0.0), (~is_missing).to(x.dtype)

    def statistics(self, decoded: Tensor, x: Tensor) -> Tensor | None:
        """What `settle` needs to know of rows and their decoded tensors, averaged over the rows."""
        return None

    def take_observed(self) -> Tensor | None:
        """What `observed` holds, which is then forgotten: an output of the step, and no trace of it in the module."""
        observed, self.observed = self.observed, None
        return observed

    def settle(self, average: Tensor) -> None:
        """Fix the numbers that have a closed form, given the average of `statistics` over the training data."""
