"""Divergences between the aggregate posterior and the prior, known through samples."""

from abc import ABC, abstractmethod
from numbers import Real
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import functional as F

from vaekit.functional import (
    binary_discriminator_loss,
    density_ratio,
    maximum_mean_discrepancy,
    non_saturating_loss,
)
from vaekit.functional._mmd import KERNELS
from vaekit.objectives._adversarial import WithDiscriminator
from vaekit.utils._sklearn import Interval, StrOptions
from vaekit.utils._spec import Spec, spec

__all__ = ["MMD", "DensityRatio", "Divergence", "JensenShannon"]


class Divergence(Spec, ABC):
    """D(q(z), p(z)) from codes and draws of the prior, each (batch, n_components)."""

    is_adversarial = False  # whether a discriminator learns in a phase of its own

    @abstractmethod
    def between(self, codes: Tensor, drawn: Tensor, discriminator: Any) -> Tensor:
        """A scalar whose gradient moves the codes towards the prior."""

    @abstractmethod
    def for_generator(self, codes: Tensor, drawn: Tensor, discriminator: Any) -> Tensor:
        """A scalar whose gradient moves the draws of a learned generator towards the codes."""


@spec
class MMD(Divergence):
    """Squared maximum mean discrepancy.

    Parameters
    ----------
    kernel : {"rbf", "infovae", "imq", "imq_multi", "rbf_multi"}, default="rbf"
        Kernel of the MMD, as in `vaekit.functional.maximum_mean_discrepancy`.
    bandwidth : float, "median" or None, default=None
        Its scale; None is the kernel's own rule in terms of the number of latents.
    unbiased : bool, default=False
        Whether to leave the diagonals out: unbiased, but it may be negative.
    """

    kernel: str = "rbf"
    bandwidth: float | str | None = None
    unbiased: bool = False

    _parameter_constraints: ClassVar[dict] = {
        "kernel": [StrOptions(set(KERNELS))],
        "bandwidth": [Interval(Real, 0, None, closed="neither"), StrOptions({"median"}), None],
        "unbiased": ["boolean"],
    }

    def between(self, codes, drawn, discriminator):
        """MMD^2 of codes and draws."""
        return maximum_mean_discrepancy(codes, drawn, self.kernel, self.bandwidth, self.unbiased)

    def for_generator(self, codes, drawn, discriminator):
        """The same, seen from the draws."""
        return self.between(codes, drawn, discriminator)


class Adversarial(WithDiscriminator, Divergence):
    """A divergence known through a discriminator D, the probability that a code was drawn from the prior."""

    is_adversarial = True

    def discriminator_loss(self, codes, drawn, discriminator):
        """-E_p log D - E_q log(1 - D)."""
        return binary_discriminator_loss(-density_ratio(discriminator(drawn)), -density_ratio(discriminator(codes)))


@spec
class DensityRatio(Adversarial):
    """KL(q(z) || p(z)) = E_q[log q(z) - log p(z)], the log-ratio being a discriminator's logit."""

    def between(self, codes, drawn, discriminator):
        """E_q[log-ratio]."""
        return density_ratio(discriminator(codes)).mean()

    def for_generator(self, codes, drawn, discriminator):
        """-E_p[log-ratio]: the reverse divergence."""
        return -density_ratio(discriminator(drawn)).mean()


@spec
class JensenShannon(Adversarial):
    """The game of adversarial autoencoders: an encoder that wants its codes taken for draws of the prior."""

    def between(self, codes, drawn, discriminator):
        """-E_q log D: the non-saturating loss of the encoder."""
        return non_saturating_loss(-density_ratio(discriminator(codes)))

    def for_generator(self, codes, drawn, discriminator):
        """-E_p log(1 - D): the non-saturating loss of the generator, which wants its draws taken for codes."""
        return F.softplus(-density_ratio(discriminator(drawn))).mean()
