"""Controllers: they find the weight under which the KL is what was asked for."""

from abc import ABC, abstractmethod
from numbers import Real
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from vaekit._outputs import Phase
from vaekit.utils._repr import OneLine
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import Spec, spec

__all__ = ["GECO", "PI", "Controller"]

# Adam whose eps dwarfs every gradient moves by lr / eps times its moving average: an integrator with a memory
INTEGRATOR_EPS = 1e6


class Level(OneLine, nn.Module):
    """What a controller has added up so far.

    A parameter, not a buffer: a phase of its own moves it, so a step changes nothing on the way, and pickles, snapshots
    and checkpoints hold it with its moving average.
    """

    def __init__(self, start):
        super().__init__()
        self.level = nn.Parameter(torch.tensor(float(start)))


class Controller(Spec, ABC):
    """A weight of the KL that rises while the KL lies above its target and falls while it lies below."""

    def build(self) -> nn.Module:
        """Return the controller's state."""
        return Level(0.0)

    @abstractmethod
    def weight(self, level: Tensor, excess: Tensor) -> Tensor:
        """The weight, given what was added up and the nats by which the KL exceeds its target."""

    @abstractmethod
    def increment(self, level: Tensor, excess: Tensor, target: Tensor) -> Tensor:
        """What is added up in this step, before it is averaged and multiplied by the gain."""

    @property
    @abstractmethod
    def gain(self) -> float:
        """What a step adds of one unit."""

    @property
    def averaging(self) -> float:
        """Share of the steps before in the moving average."""
        return 0.0

    def phase(self, loss: Any) -> Phase:
        """The phase in which the state moves along the gradient of a loss."""
        options = {"lr": self.gain * INTEGRATOR_EPS, "betas": (self.averaging, 0.9), "eps": INTEGRATOR_EPS}
        return Phase("controller", ("discriminator",), loss, options)


@spec
class GECO(Controller):
    """weight <- weight exp(speed C), C the moving average of (KL - target) / max(target, 1), cut to [-1, 1].

    Parameters
    ----------
    speed : float, default=0.05
        How much a KL of twice the target adds to the logarithm of the weight in a step: larger values get there
        sooner, and swing around the target for longer.
    memory : float, default=0.9
        Share of the steps before in the moving average.

    References
    ----------
    D. Rezende, F. Viola, "Taming VAEs", 2018, https://arxiv.org/abs/1810.00597, algorithm 1, with the constraint on the
    KL.
    """

    speed: float = 0.05
    memory: float = 0.9

    _parameter_constraints: ClassVar[dict] = {
        "speed": [Interval(Real, 0, None, closed="neither")],
        "memory": [Interval(Real, 0, 1, closed="left")],
    }

    outside_of_step = ("speed",)

    gain = property(lambda self: self.speed)
    averaging = property(lambda self: self.memory)

    def weight(self, level, excess):
        """exp(level)."""
        return level.exp()

    def increment(self, level, excess, target):
        """C before its average."""
        return (excess / target.clamp(min=1)).clamp(-1, 1)


@spec
class PI(Controller):
    """weight = proportional / (1 + exp(target - KL)) + I + smallest, I a sum over steps of what follows.

    I <- I + max(integral, growth weight / max(target, 1)) (KL - target), the second cut where the excess is larger than
    the target. The weight is kept in [smallest, largest], and nothing is added up that would drive it out of them.

    A sum of nats alone (`growth=0`, as published) suits weights around a tenth: a KL falls by nats for each factor of
    the weight, not for each unit. Beside a likelihood whose scale is learned the weight that is needed lies in the
    tens and moves by a thousandth of itself in each step, which such a sum never catches up with.

    Parameters
    ----------
    proportional : float, default=0.01
        Part of the weight that follows the KL of the batch at once.
    integral : float, default=0.001
        What a nat of excess adds to the weight in a step.
    growth : float, default=0.08
        Share of the weight that a KL of twice the target adds in a step, where that is more: larger values follow
        faster, and swing around the target in the end. 0 is the published controller.
    smallest : float, default=0.0
        The weight is never less.
    largest : float, default=10000.0
        The weight is never more.

    References
    ----------
    H. Shao et al., "ControlVAE: Controllable Variational Autoencoder", ICML 2020, https://arxiv.org/abs/2004.05988,
    eq. 6, algorithm 1.
    """

    proportional: float = 0.01
    integral: float = 0.001
    growth: float = 0.08
    smallest: float = 0.0
    largest: float = 10_000.0

    _parameter_constraints: ClassVar[dict] = {
        "proportional": [Interval(Real, 0, None, closed="left")],
        "integral": [Interval(Real, 0, None, closed="neither")],
        "growth": [Interval(Real, 0, None, closed="left")],
        "smallest": [Interval(Real, 0, None, closed="left")],
        "largest": [Interval(Real, 0, None, closed="neither")],
    }

    def validated(self):
        """Return this spec, or raise ValueError if the weight has nowhere to move."""
        super().validated()
        if self.smallest >= self.largest:
            raise ValueError(
                f"The 'smallest' weight of PI ({self.smallest}) must lie below the 'largest' ({self.largest}); lower "
                "one, or raise the other."
            )
        return self

    gain = 1.0

    def weight(self, level, excess):
        """Both parts, kept within bounds."""
        return self._free_weight(level, excess).clamp(self.smallest, self.largest)

    def _free_weight(self, level, excess):
        return self.proportional * torch.sigmoid(excess) + level + self.smallest

    def increment(self, level, excess, target):
        """What is added, as far as it takes the weight to its bound and no further."""
        weight = self._free_weight(level, excess)
        share = (excess / target.clamp(min=1)).clamp(-1, 1)
        by_share, by_nats = self.growth * weight.clamp(min=0) * share, self.integral * excess
        added = torch.where(by_share.abs() > by_nats.abs(), by_share, by_nats)
        return added.clamp(min=self.smallest - weight, max=self.largest - weight)
