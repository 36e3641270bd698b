"""p(z): the prior over latents, and the map between the space codes live in and the space samples are drawn in."""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

from vaekit._setting import Setting
from vaekit.utils._repr import OneLine
from vaekit.utils._spec import Spec

__all__ = ["Prior", "PriorSpec"]


class PriorSpec(Spec, ABC):
    """The word for a prior.

    Attributes
    ----------
    has_density, has_spaces : bool
        As of the `Prior` that it builds: estimators have the methods that need them only where they are there.
    """

    has_density = True
    has_spaces = True

    @abstractmethod
    def build(self, setting: Setting) -> nn.Module:
        """Return the prior module over the setting's latents."""


class Prior(OneLine, nn.Module, ABC):
    """p(z) as the image of N(0, I) under an invertible map; `log_prob` is the one blank.

    Representation space is where codes z live, generation space where z0 = g(z) is plainly normal.
    """

    is_factorised = False  # whether p(z) is a product over components
    has_density = True  # whether log p(z) is known, or draws alone
    has_spaces = True  # whether there is g, and a way back
    noise_width: int | None = None  # numbers of noise that a draw takes; None is as many as there are latents
    learns_alone = False  # whether `own_loss` alone trains it, in a phase of its own whatever the objective
    training_noise_width = 0  # numbers of noise that `own_loss` takes for each code

    @property
    def is_learned(self) -> bool:
        """Whether it has parameters; the scale of z is then up to it."""
        return any(True for _ in self.parameters())

    def stand_in(self, model: Any) -> None:
        """Be told of the model it stands in, once that is whole: here nothing.

        A prior that is made of encodings keeps `model.encode`, rows to q(z | x), for all that is asked of it later,
        in training and out of it. (The model itself must not become an attribute: it would be a part of its part.)
        """

    def given(self, condition: Any, encode: Any = None) -> "Prior":
        """What training takes for p(z) of rows about which this is known; `encode` takes rows to q(z | x)."""
        return self

    @abstractmethod
    def log_prob(self, z: Tensor) -> Tensor:
        """Log density of latents (..., n_components), in nats per row."""

    @abstractmethod
    def to_generation_space(self, z: Tensor) -> Tensor:
        """z0 = g(z)."""

    @abstractmethod
    def to_representation_space(self, z0: Tensor) -> Tensor:
        """z = g^-1(z0)."""

    def sample(self, noise: Tensor) -> Tensor:
        """Latents of the prior, made of standard normal `noise` (n_samples, noise_width)."""
        return self.to_representation_space(noise)

    def own_loss(self, z: Tensor, noise: Tensor | None = None) -> dict[str, Tensor]:
        """What fits it to codes z (batch, n_components) that it cannot move, by name: E[-log p(z)], in nats per row.

        `noise` (batch, training_noise_width) is standard normal, and None if it takes none.
        """
        return {"negative_log_prior": -self.log_prob(z).mean()}

    def foresee(self, n_codes: int) -> None:
        """Raise ValueError, before training, if `finish` is bound to fail with so many codes: here never."""

    def finish(self, codes: Tensor) -> None:
        """Take what is found in closed form from codes (n_codes, n_components), once training has ended: here nothing.

        The codes are draws of q(z | x), one for each training row that is remembered. What is found is written into
        parameters and buffers in place, so that pickles hold it; further training goes on from there.
        """

    def kl(self, posterior: Any, z: Tensor) -> Tensor:
        """KL(q(z | x) || p(z)) in nats per row, from one sample z per row.

        The entropy is exact where the posterior has one, E_q log p(z) is sampled: a single row's estimate may be
        negative. Priors with a closed form give that instead.
        """
        return posterior.mean_log_prob(z) - self.log_prob(z)
