"""Slow-VAE: codes whose components take sparse steps in time."""

from numbers import Real
from typing import ClassVar

import torch

from vaekit._outputs import LossTerms
from vaekit.functional import entropy_normal, laplace_cross_entropy
from vaekit.objectives._base import Objective, needs_independent_normals
from vaekit.objectives._pairs import NOW_AND_BEFORE, one_batch
from vaekit.objectives._schedule import Warmup, final_value, nonnegative
from vaekit.posteriors import NormalParameters
from vaekit.utils._sklearn import Interval, StrOptions
from vaekit.utils._spec import spec

__all__ = ["LaplaceTransition"]


@spec
class LaplaceTransition(Objective):
    """loss = R_t + R_s + w(t) [beta KL(q_s || p) + gamma E KL(q_t || prod_j Laplace(z_sj, 1 / rate))], for two rows.

    q_s and q_t are the posteriors of a row and of the one after it in time, R = -E_q log p(x | z); nats per pair. The
    KL of the step is CE - H(q_t), its cross-entropy in closed form. Recorded are the mean of the reconstructions, so
    in nats per row, of KL(q || p), and of the KL of the step.

    Parameters
    ----------
    beta : float or Warmup, default=1
        Weight of the KL of a row's posterior.
    gamma : float or Warmup, default=10
        Weight of the KL of the step: more asks for components of which few move at a time.
    rate : float, default=6
        Inverse of the mean absolute step that the transition expects.
    expectation : {"exact", "point"}, default="exact"
        Whether the step's KL is averaged over the code before, or taken at its mean, as in the authors' code.
    form : {"symmetric", "forward", "reference"}, default="symmetric"
        `"forward"` is the equation above; `"symmetric"` the mean of both directions in time, each KL then being the
        mean over both rows; `"reference"` what the authors' code computes: there two cross-entropies of the step stand
        beside one entropy.

    References
    ----------
    D. Klindt et al., "Towards Nonlinear Disentanglement in Natural Data with Temporal Sparse Coding", ICLR 2021,
    https://arxiv.org/abs/2007.10930, eq. 8.

    Examples
    --------
    >>> from vaekit.objectives import LaplaceTransition
    >>> LaplaceTransition(gamma=5)
    LaplaceTransition(gamma=5)
    """

    beta: float | Warmup = 1.0
    gamma: float | Warmup = 10.0
    rate: float = 6.0
    expectation: str = "exact"
    form: str = "symmetric"

    _parameter_constraints: ClassVar[dict] = {
        "beta": nonnegative(),
        "gamma": nonnegative(),
        "rate": [Interval(Real, 0, None, closed="neither")],
        "expectation": [StrOptions({"exact", "point"})],
        "form": [StrOptions({"symmetric", "forward", "reference"})],
    }

    draws: ClassVar[dict] = NOW_AND_BEFORE
    weighted = ("beta", "gamma")

    @property
    def pressure(self):
        """The larger weight."""
        return max(final_value(self.beta), final_value(self.gamma))

    def noise_columns(self, widths):
        """Noise of the codes of both rows."""
        return {**super().noise_columns(widths), "before": widths.posterior}

    def loss(self, model, inputs, carried=None):
        """Loss of the pairs; what is carried on is the later row."""
        first = inputs.batches["first"]
        noise = torch.cat([inputs.noise[name][: first.n_rows] for name in ("posterior", "before")])
        output = model(one_batch(inputs), noise)
        penalty, terms = self.penalty(output, inputs)
        reconstruction = output.reconstruction.mean()
        loss = 2 * reconstruction + penalty
        return LossTerms(loss, {"reconstruction": reconstruction, **terms}, _of_first(model, first, output))

    def penalty(self, output, inputs):
        """The two weighted KLs of pairs, and each by itself."""
        kl = output.prior.kl(output.posterior, output.z).unflatten(0, (2, -1))
        entropy = entropy_normal(output.posterior.logvar).unflatten(0, (2, -1))
        cost = self._step_costs(output.posterior)
        if self.form == "forward":
            counted, step = kl[1].mean(), (cost[0] - entropy[0]).mean()
        else:
            n_directions = 2 if self.form == "symmetric" else 1
            counted, step = kl.mean(), (cost.sum(0) / n_directions - entropy.mean(0)).mean()
        beta, gamma = inputs.weights["beta"], inputs.weights["gamma"]
        return inputs.weights["warmup"] * (beta * counted + gamma * step), {"kl": kl.mean(), "step_kl": step}

    def _step_costs(self, posterior):
        """Cross-entropies of the step forward and of the step back, (2, n_pairs)."""
        (now, before), logvar = posterior.loc.chunk(2), posterior.logvar.unflatten(0, (2, -1))
        if self.expectation == "exact":
            logvar = torch.logsumexp(logvar, 0)
        return laplace_cross_entropy(now - before, logvar, self.rate).expand(2, *now.shape).sum(-1)

    def check(self, prior, posterior):
        """The step's KL in closed form is that of normals."""
        super().check(prior, posterior)
        needs_independent_normals("The KL of a step in time", posterior, "")


def _of_first(model, first, output):
    """The output for the first half of its rows."""
    posterior = NormalParameters(*(numbers.chunk(2)[0] for numbers in (output.posterior.loc, output.posterior.logvar)))
    z, reconstruction = output.z.chunk(2)[0], output.reconstruction.chunk(2)[0]
    prior = model.prior.given(first.given, model.encode)
    return output._replace(x=first.x, posterior=posterior, z=z, reconstruction=reconstruction, prior=prior)
