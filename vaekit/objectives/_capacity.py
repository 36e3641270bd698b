"""beta-VAE-B: a KL that is held at a capacity which grows during training."""

from numbers import Real
from typing import ClassVar

import torch

from vaekit._outputs import LossTerms
from vaekit.functional import capacity
from vaekit.objectives._base import Objective
from vaekit.objectives._schedule import STEPS, Warmup, final_value, nonnegative, steps_of
from vaekit.utils._sklearn import Interval, StrOptions
from vaekit.utils._spec import spec

__all__ = ["Capacity"]


@spec
class Capacity(Objective):
    """loss = -E_q log p(x | z) + gamma |KL - C(t)|, C(t) = min(C_max, C_max t / T), in nats per row.

    KL is the batch mean; t counts optimiser steps. The estimator's warm-up has no part in it: C(t) is the schedule.

    Parameters
    ----------
    gamma : float or Warmup, default=15
        Weight of the distance of the KL (its batch mean) from its capacity.
    max_capacity : float, default=25
        C_max, nats that a code may carry in the end.
    capacity_steps : float or int, default=0.5
        T: a float in (0, 1] is a fraction of all planned steps, an int a number of steps.
    prior_training : {"joint", "one_sided", "split"}, default="joint"
        How a learned prior is trained. As long as KL < C the joint gradient makes it fit the codes *worse* on purpose;
        `"one_sided"` trains it only while KL > C, `"split"` always by its own likelihood.
    prior_weight : float or None, default=None
        As in `Objective`, the weight of the prior's own loss, 1 if None; with a number `"joint"` means `"split"`.

    References
    ----------
    C. Burgess et al., "Understanding disentangling in beta-VAE", 2018, https://arxiv.org/abs/1804.03599, eq. 8.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.objectives import Capacity
    >>> model = VAE(objective=Capacity(gamma=15, max_capacity=10), prior="decoupled")
    """

    gamma: float | Warmup = 15.0
    max_capacity: float = 25.0
    capacity_steps: float = 0.5
    prior_training: str = "joint"

    _parameter_constraints: ClassVar[dict] = {
        "gamma": nonnegative(),
        "max_capacity": [Interval(Real, 0, None, closed="left")],
        "capacity_steps": STEPS,
        "prior_training": [StrOptions({"joint", "one_sided", "split"})],
    }

    weighted = ("gamma",)
    outside_of_step = ("max_capacity", "capacity_steps")

    @property
    def uses_warmup(self):
        """False: the capacity is the schedule."""
        return False

    def schedule_ends(self, n_steps):
        """The end of the capacity's rise, beside those of rising weights."""
        return {**super().schedule_ends(n_steps), "max_capacity": steps_of(self.capacity_steps, n_steps)}

    @property
    def pressure(self):
        """gamma."""
        return final_value(self.gamma)

    def penalty(self, output, inputs):
        """gamma |KL - C(t)|, and KL and C(t)."""
        kl = output.prior.kl(output.posterior, output.z).mean()
        c = inputs.weights["capacity"]
        return inputs.weights["gamma"] * (kl - c).abs(), {"kl": kl, "capacity": c + torch.zeros_like(kl)}

    def weights(self, step, n_steps):
        """gamma and C(t)."""
        c = capacity(step, self.max_capacity, steps_of(self.capacity_steps, n_steps))
        return {**super().weights(step, n_steps), "capacity": c}

    def _trains_prior_jointly(self):
        return self.prior_training == "joint" and super()._trains_prior_jointly()

    def prior_loss(self, model, inputs, carried):
        """E_q[-log p(z)]; one-sided, only while the KL lies above its capacity. A prior may have a loss of its own."""
        if model.prior.learns_alone:
            return super().prior_loss(model, inputs, carried)
        log_prior = carried.prior.log_prob(carried.z.detach())
        weight = inputs.weights.get("prior_weight", 1.0)
        if self.prior_training == "one_sided":
            kl = (carried.posterior.mean_log_prob(carried.z) - log_prior).mean().detach()
            weight = weight * (kl > inputs.weights["capacity"])
        return LossTerms(-weight * log_prior.mean(), {"negative_log_prior": -log_prior.mean()}, carried)

    def shortcomings(self, history, n_steps_done, n_steps):
        """Besides, a KL that did not reach its capacity."""
        yield from super().shortcomings(history, n_steps_done, n_steps)
        last = history[-max(1, len(history) // 10) :]
        if last and all(row["kl"] < row["capacity"] for row in last):
            yield (
                f"The KL stayed below its capacity for the last tenth of training ({last[-1]['kl']:.3g} of "
                f"{last[-1]['capacity']:.3g} nats); lower 'max_capacity'. A prior that learns jointly is driven away "
                "from the codes meanwhile: Capacity(prior_training='one_sided') lets it rest."
            )
