"""A KL that is asked for in nats; the weight that brings it about is found in training."""

from numbers import Real
from typing import Any, ClassVar

import torch

from vaekit._outputs import LossTerms
from vaekit.objectives._base import Objective
from vaekit.objectives._controller import GECO, PI, Controller
from vaekit.objectives._schedule import Warmup, final_value
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import InstanceOf, Vocabulary, spec, with_fresh_specs

__all__ = ["TargetKL"]

CONTROLLERS = Vocabulary("controller", Controller, {"geco": GECO, "pi": PI})
NEAR = 0.05  # share of the target by which the KL may miss it unmentioned


@spec
class TargetKL(Objective):
    """loss = -E_q log p(x | z) + weight KL(q(z | x) || p(z)), with the weight that makes KL = kl, in nats per row.

    After each step a controller moves the weight, by the KL of the batch. The history records it as `weight`. The
    estimator's warm-up has no part in it.

    Parameters
    ----------
    kl : float or Warmup, default=10
        Nats that a code is to carry, on average over rows: more reconstructs better, less leaves codes nearer to the
        prior. It plays the part of beta, in a unit that means the same for every data set and every likelihood.
    controller : {"geco", "pi"} or spec of `vaekit.objectives`, default="geco"
        How the weight is found: `GECO` multiplies it, whatever its size is to be; `PI` adds to it.

    References
    ----------
    D. Rezende, F. Viola, "Taming VAEs", 2018, https://arxiv.org/abs/1810.00597, eq. 3 and algorithm 1. H. Shao et al.,
    "ControlVAE: Controllable Variational Autoencoder", ICML 2020, https://arxiv.org/abs/2004.05988, eq. 6.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.objectives import TargetKL
    >>> model = VAE(objective=TargetKL(kl=8), prior="decoupled")
    """

    kl: float | Warmup = 10.0
    controller: str | Controller = "geco"

    _parameter_constraints: ClassVar[dict] = {
        "kl": [Interval(Real, 0, None, closed="neither"), InstanceOf(Warmup)],
        "controller": CONTROLLERS.constraint(),
    }

    weighted = ("kl",)

    @property
    def uses_warmup(self):
        """False: the weight is found."""
        return False

    @property
    def _controller(self):
        return CONTROLLERS.fresh(self.controller) if isinstance(self.controller, str) else self.controller

    def set_params(self, **params: Any):
        """Set parameters; `controller__name` on a controller that is a string first turns it into a fresh spec."""
        return super().set_params(**with_fresh_specs(self, [CONTROLLERS], params))

    def discriminator(self, setting):
        """Return the controller's state."""
        return self._controller.build()

    def penalty(self, output, inputs):
        """The KL, unweighted."""
        kl = output.prior.kl(output.posterior, output.z).mean()
        return kl, {"kl": kl}

    def loss(self, model, inputs, carried=None):
        """R + weight KL."""
        _, terms, output = super().loss(model, inputs)
        kl = terms["kl"]
        target = inputs.weights["kl"] + torch.zeros_like(kl)
        weight = self._controller.weight(model.discriminator.level.detach(), kl.detach() - target, target)
        return LossTerms(terms["reconstruction"] + weight * kl, {**terms, "weight": weight}, output)

    def phases(self):
        """The model, then the controller."""
        return [*super().phases(), self._controller.phase(self._controller_loss)]

    def _controller_loss(self, model, inputs, carried):
        """A loss whose gradient is minus what is to be added up."""
        kl, level = carried.prior.kl(carried.posterior, carried.z).mean().detach(), model.discriminator.level
        target = inputs.weights["kl"] + torch.zeros_like(kl)
        increment = self._controller.increment(level.detach(), kl - target, target)
        return LossTerms(-increment * level, {}, carried)

    def shortcomings(self, history, n_steps_done, n_steps):
        """Besides, a KL that did not come near its target."""
        yield from super().shortcomings(history, n_steps_done, n_steps)
        last, target = history[-max(1, len(history) // 10) :], final_value(self.kl)
        mean = sum(row["kl"] for row in last) / max(1, len(last))
        if last and abs(mean - target) > NEAR * target:
            yield (
                f"The KL was {mean:.3g} nats over the last tenth of training, not the {target:.3g} asked for; train "
                "longer, or set a larger gain of the controller."
            )
