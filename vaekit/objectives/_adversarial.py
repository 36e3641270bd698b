"""What every objective with a discriminator shares: its network, its own Adam, its phase."""

from collections.abc import Sequence
from functools import partial
from numbers import Real
from typing import ClassVar

from vaekit._outputs import LossTerms, Phase
from vaekit.nn._base import check_widths
from vaekit.nn._discriminator import discriminator as discriminator_network
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import Spec, spec

__all__ = ["WithDiscriminator"]


@spec
class WithDiscriminator(Spec):
    """A discriminator between the codes of a step and what they are compared with.

    Parameters
    ----------
    discriminator_layer_sizes : sequence of int, default=(256, 256, 256)
        Widths of the discriminator's hidden layers (leaky ReLU).
    discriminator_learning_rate : float, default=1e-4
        Step size of the discriminator's own Adam, with betas (0.5, 0.9).
    """

    discriminator_layer_sizes: Sequence[int] = (256, 256, 256)
    discriminator_learning_rate: float = 1e-4

    _parameter_constraints: ClassVar[dict] = {
        "discriminator_layer_sizes": ["array-like"],
        "discriminator_learning_rate": [Interval(Real, 0, None, closed="neither")],
    }

    outside_of_step: ClassVar[tuple[str, ...]] = ("discriminator_learning_rate",)

    def validated(self):
        """Return this spec, or raise ValueError if a width is not a positive integer."""
        super().validated()
        check_widths(self.discriminator_layer_sizes, "discriminator_layer_sizes")
        return self

    def discriminator(self, setting):
        """Return the discriminator."""
        return discriminator_network(setting.n_components, tuple(self.discriminator_layer_sizes), setting.generator)

    def discriminator_phase(self, loss):
        """The minimisation in which the discriminator learns and all else is fixed.

        `loss` is called as `loss(model, inputs, carried)` and returns a scalar; codes in it must be detached.
        """
        options = {"lr": self.discriminator_learning_rate, "betas": (0.5, 0.9)}
        return Phase("discriminator", ("discriminator",), partial(_alone, loss), options)


def _alone(loss, model, inputs, carried):
    """A loss without further terms, which hands on what it was handed."""
    return LossTerms(loss(model, inputs, carried), {}, carried)
