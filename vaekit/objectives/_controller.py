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


def share(excess, target, tolerance=1.0):
    """An excess in nats as a share of what is tolerated of its target, cut to [-1, 1]; below a nat, of a nat."""
    return (excess / (tolerance * target.clamp(min=1))).clamp(-1, 1)


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
    def weight(self, level: Tensor, excess: Tensor, target: Tensor) -> Tensor:
        """The weight, given what was added up, the nats by which the KL exceeds its target, and the target."""

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
    """weight = exp(damping S + level), level <- level + speed C, C the moving average of S / tolerance cut to [-1, 1].

    S is (KL - target) / max(target, 1), cut to [-1, 1], too.

    A KL answers the weight after some tens of steps, and the weight that is needed moves for as long as the model
    learns. To follow it closely the weight moves at full speed already where the KL misses by a fifth, and what would
    then swing around the target for hundreds of steps is damped. `tolerance=1` and `damping=0` are as published: on
    short trainings such a weight ends behind the one that is needed.

    Parameters
    ----------
    speed : float, default=0.05
        How much a KL beyond the tolerance adds to the logarithm of the weight in a step: larger values get there
        sooner, and swing around the target for longer.
    memory : float, default=0.9
        Share of the steps before in the moving average.
    tolerance : float, default=0.2
        Share of the target by which the KL misses it where the weight moves at full speed: smaller values follow more
        closely.
    damping : float, default=3.0
        Power of e by which a KL of twice the target multiplies the weight at once: larger values end swings sooner, and
        pass more of the noise of batches on to the weight.

    References
    ----------
    D. Rezende, F. Viola, "Taming VAEs", 2018, https://arxiv.org/abs/1810.00597, algorithm 1, with the constraint on the
    KL.
    """

    speed: float = 0.05
    memory: float = 0.9
    tolerance: float = 0.2
    damping: float = 3.0

    _parameter_constraints: ClassVar[dict] = {
        "speed": [Interval(Real, 0, None, closed="neither")],
        "memory": [Interval(Real, 0, 1, closed="left")],
        "tolerance": [Interval(Real, 0, None, closed="neither")],
        "damping": [Interval(Real, 0, None, closed="left")],
    }

    outside_of_step = ("speed",)

    gain = property(lambda self: self.speed)
    averaging = property(lambda self: self.memory)

    def weight(self, level, excess, target):
        """exp(damping S + level)."""
        return (self.damping * share(excess, target) + level).exp()

    def increment(self, level, excess, target):
        """C before its average."""
        return share(excess, target, self.tolerance)


@spec
class PI(Controller):
    """weight = exp(damping S) (proportional / (1 + exp(target - KL)) + I + smallest), I a sum over steps.

    S is (KL - target) / max(target, 1), cut to [-1, 1]. I grows by integral (KL - target), or by growth S / tolerance,
    cut to [-1, 1], of the weight without its damping, where that is more; it falls by the share alone. The weight is
    kept in [smallest, largest], and nothing is added up that would drive it out of them.

    A sum of nats alone (`growth=0`, as published) suits weights around a tenth: a KL falls by nats for each factor of
    the weight, not for each unit. Beside a likelihood whose scale is learned the weight that is needed lies in the
    tens and moves by a thousandth of itself in each step, which such a sum never catches up with. Small weights it
    takes to nothing within a few steps, from where they come back in hundreds.

    A KL answers the weight after some tens of steps, and what only adds up swings around the target for hundreds, which
    a short training does not outlast. `damping` makes the weight higher at once where the KL is too high.

    Parameters
    ----------
    proportional : float, default=0.01
        Part of the weight that follows the KL of the batch at once.
    integral : float, default=0.001
        What a nat of excess adds to the weight in a step.
    growth : float, default=0.05
        Share of the weight that a KL beyond the tolerance adds in a step, where that is more: larger values get there
        sooner, and swing around the target for longer.
    tolerance : float, default=0.2
        Share of the target by which the KL misses it where the weight grows at full speed: smaller values follow more
        closely.
    damping : float, default=3.0
        Power of e by which a KL of twice the target multiplies the weight at once: larger values end swings sooner, and
        pass more of the noise of batches on to the weight. With `growth=0` and `damping=0` it is the published
        controller.
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
    growth: float = 0.05
    tolerance: float = 0.2
    damping: float = 3.0
    smallest: float = 0.0
    largest: float = 10_000.0

    _parameter_constraints: ClassVar[dict] = {
        "proportional": [Interval(Real, 0, None, closed="left")],
        "integral": [Interval(Real, 0, None, closed="neither")],
        "growth": [Interval(Real, 0, None, closed="left")],
        "tolerance": [Interval(Real, 0, None, closed="neither")],
        "damping": [Interval(Real, 0, None, closed="left")],
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

    def weight(self, level, excess, target):
        """Both parts, damped and kept within bounds."""
        damped = (self.damping * share(excess, target)).exp() * self._undamped(level, excess)
        return damped.clamp(self.smallest, self.largest)

    def _undamped(self, level, excess):
        return self.proportional * torch.sigmoid(excess) + level + self.smallest

    def increment(self, level, excess, target):
        """What is added, as far as it takes the weight to its bound and no further."""
        weight = self._undamped(level, excess)
        return self._added(weight, excess, target).clamp(min=self.smallest - weight, max=self.largest - weight)

    def _added(self, weight, excess, target):
        by_nats = self.integral * excess
        if not self.growth:
            return by_nats
        by_share = self.growth * weight.clamp(min=0) * share(excess, target, self.tolerance)
        return torch.where(excess > 0, torch.maximum(by_share, by_nats), by_share)
