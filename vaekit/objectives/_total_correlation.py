"""FactorVAE: the total correlation of the codes, as a discriminator sees it."""

from typing import ClassVar

import torch

from vaekit._outputs import LossTerms
from vaekit.functional import density_ratio, discriminator_loss, permute_dims, standardize
from vaekit.objectives._adversarial import WithDiscriminator
from vaekit.objectives._base import Objective
from vaekit.objectives._schedule import Warmup, nonnegative
from vaekit.utils._sklearn import StrOptions
from vaekit.utils._spec import spec

__all__ = ["TotalCorrelation"]


@spec
class TotalCorrelation(WithDiscriminator, Objective):
    """loss = -E_q log p(x | z) + w(t) KL + gamma E_q[l_0(z) - l_1(z)], in nats per row.

    The logits (l_0, l_1) of a discriminator that tells codes from codes whose components were shuffled over a second,
    independent batch; at its optimum l_0 - l_1 = log q(z) - sum_j log q(z_j), whose mean is the total correlation. The
    discriminator learns in a phase of its own, on detached codes, and is fixed in the model's.

    Parameters
    ----------
    gamma : float or Warmup, default=10
        Weight of the total correlation, at least 0: 0 is the VAE; more asks for codes whose components are independent,
        at much less cost in reconstruction than a larger beta.
    standardize_codes : bool or "auto", default="auto"
        Whether the discriminator sees codes brought to mean 0 and variance 1 over the batch, which changes no total
        correlation. `"auto"` does so where the prior is learned: it then holds no code to a scale, and the
        discriminator, which learns slowly, loses codes whose scale drifts.

    References
    ----------
    H. Kim, A. Mnih, "Disentangling by Factorising", ICML 2018, https://arxiv.org/abs/1802.05983, eq. 2, algorithm 2.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.objectives import TotalCorrelation
    >>> model = VAE(objective=TotalCorrelation(gamma=10), prior="decoupled")
    """

    gamma: float | Warmup = 10.0
    standardize_codes: bool | str = "auto"

    _parameter_constraints: ClassVar[dict] = {
        "gamma": nonnegative(),
        "standardize_codes": ["boolean", StrOptions({"auto"})],
    }

    draws: ClassVar[dict] = {"first": None, "second": None}
    weighted = ("gamma",)

    def penalty(self, output, inputs):
        """w(t) KL, and KL."""
        kl = output.prior.kl(output.posterior, output.z).mean()
        return inputs.weights["warmup"] * kl, {"kl": kl}

    def loss(self, model, inputs, carried=None):
        """Loss on the first batch; the discriminator is looked through, not trained."""
        loss, terms, output = super().loss(model, inputs)
        tc = density_ratio(self._discriminate(model, output.z)).mean()
        return LossTerms(loss + inputs.weights["gamma"] * tc, {**terms, "total_correlation": tc}, output)

    def noise_columns(self, widths):
        """Noise of the codes of both batches, and what shuffles the second."""
        return {**super().noise_columns(widths), "second": widths.posterior, "permutation": widths.codes}

    def phases(self):
        """The model, then the discriminator."""
        return [*super().phases(), self.discriminator_phase(self._discriminator_loss)]

    def _discriminator_loss(self, model, inputs, carried):
        """Cross-entropy of telling this step's codes from shuffled codes of the second batch."""
        second = inputs.batches["second"]
        with torch.no_grad():
            z = model.given(second.given).encode(second.x).rsample(inputs.noise["second"][: second.n_rows])
            permuted = permute_dims(z, inputs.noise["permutation"][: second.n_rows])
        joint = carried.z.detach()
        return discriminator_loss(self._discriminate(model, joint), self._discriminate(model, permuted))

    def _discriminate(self, model, z):
        """Logits of codes, as the discriminator is to see them."""
        does_standardize = model.prior.is_learned if self.standardize_codes == "auto" else self.standardize_codes
        return model.discriminator(standardize(z) if does_standardize else z)
