"""q(z | x): from the encoder's features to a distribution over latents."""

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from vaekit._setting import Setting
from vaekit.functional import normal_log_density
from vaekit.utils._spec import Spec

__all__ = ["Posterior", "PosteriorSpec"]


class PosteriorSpec(Spec, ABC):
    """The word for a posterior family."""

    has_density: ClassVar[bool] = True

    @abstractmethod
    def build(self, setting: Setting) -> nn.Module:
        """Return the module that takes features (batch, n_features) to the `Posterior` of q(z | x).

        A module whose draws take other than `n_components` numbers of noise has that number as `noise_width`.
        """


class Posterior(ABC):
    """q(z | x) for every row of a batch: how to draw from it, and its density.

    Attributes
    ----------
    loc : Tensor of shape (batch, n_components)
        Mean, or what stands for a row where it has no closed form: the row's code.
    scale : Tensor of shape (batch, n_components) or None
        Standard deviation of each component; None if it has no closed form.
    logvar : Tensor of shape (batch, n_components) or None
        log sigma^2 of a normal whose components are independent; None for all other families.
    is_deterministic : bool
        Whether draws are `loc` itself, so that there is no density.
    has_density : bool
        Whether there is a `log_prob`; families without one are known through their draws alone.
    """

    loc: Tensor
    scale: Tensor | None = None
    logvar: Tensor | None = None
    is_deterministic: ClassVar[bool] = False
    has_density: ClassVar[bool] = True

    @abstractmethod
    def rsample(self, noise: Tensor) -> Tensor:
        """Latents (..., batch, n_components) of standard normal noise (..., batch, noise_width), differentiable."""

    @abstractmethod
    def log_prob(self, z: Tensor) -> Tensor:
        """Log density of latents (..., batch, n_components), in nats per row."""

    def mean_log_prob(self, z: Tensor) -> Tensor:
        """E_q log q(z | x) in nats per row, from one draw z per row; families with an entropy give -H(q) instead."""
        return self.log_prob(z)

    def kl_to_standard_normal(self, z: Tensor) -> Tensor:
        """KL(q(z | x) || N(0, I)) in nats per row, from one draw z per row; families with a closed form give that."""
        zero = torch.zeros((), dtype=z.dtype, device=z.device)
        return self.mean_log_prob(z) - normal_log_density(z, zero, zero).sum(-1)

    def in_precision(self, dtype: torch.dtype) -> Self:
        """The same with parameters of another type, where a family can say so: for sums of wide numbers."""
        return self
