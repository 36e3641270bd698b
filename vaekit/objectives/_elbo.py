"""The evidence lower bound, with the weight of beta-VAE and free bits."""

from numbers import Real
from typing import ClassVar

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.functional import free_bits
from vaekit.objectives._base import Objective, needs_independent_normals
from vaekit.objectives._schedule import Warmup, final_value, nonnegative
from vaekit.utils._sklearn import Interval, StrOptions
from vaekit.utils._spec import spec

__all__ = ["ELBO"]


@spec
class ELBO(Objective):
    """loss = -E_q log p(x | z) + w(t) beta KL(q(z | x) || p(z)), in nats per row; w(t) is the estimator's warm-up.

    Parameters
    ----------
    beta : float or Warmup, default=1.0
        Weight of the KL, at least 0: 1 is the VAE, whose loss is minus the evidence lower bound, 0 a noisy autoencoder;
        more than 1 asks for codes that carry less and whose latents depend less on each other, at the price of
        reconstruction and of samples.
    free_bits : float, default=0.0
        Nats that cost nothing: the KL counts as at least this much, so below it there is nothing to gain.
    free_bits_per : {"component", "row"}, default="component"
        Whether the free nats are each component's (of its batch mean; needs a factorised prior) or each row's.
    prior_weight : float or None, default=None
        As in `Objective`. With 1 this is the split objective of learned flow priors (FP-VAE), where beta may go to 0.

    References
    ----------
    D. Kingma, M. Welling, "Auto-Encoding Variational Bayes", ICLR 2014, https://arxiv.org/abs/1312.6114, eq. 3.
    I. Higgins et al., "beta-VAE: Learning basic visual concepts with a constrained variational framework", ICLR 2017,
    https://openreview.net/forum?id=Sy2fzU9gl, eq. 4.
    D. Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow", NeurIPS 2016,
    https://arxiv.org/abs/1606.04934, appendix C.8 (free bits).

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.objectives import ELBO
    >>> VAE(objective=ELBO(beta=4))
    VAE(objective=ELBO(beta=4))
    """

    beta: float | Warmup = 1.0
    free_bits: float = 0.0
    free_bits_per: str = "component"

    _parameter_constraints: ClassVar[dict] = {
        "beta": nonnegative(),
        "free_bits": [Interval(Real, 0, None, closed="left")],
        "free_bits_per": [StrOptions({"component", "row"})],
    }

    weighted = ("beta", "free_bits")

    @property
    def is_bound(self) -> bool:
        """Up to a weight of 1."""
        return final_value(self.beta) <= 1

    @property
    def is_mean_over_rows(self):
        """But for free bits of components, which are those of a batch."""
        return not self.free_bits or self.free_bits_per == "row"

    @property
    def pressure(self):
        """beta."""
        return final_value(self.beta)

    def penalty(self, output, inputs):
        """w(t) beta KL, and KL."""
        kl = output.prior.kl(output.posterior, output.z)
        mean = kl.mean()
        counted = self._with_free_bits(output, kl, inputs.weights["free_bits"]) if self.free_bits else mean
        return inputs.weights["warmup"] * inputs.weights["beta"] * counted, {"kl": mean}

    def _with_free_bits(self, output, kl, floor):
        if self.free_bits_per == "row":
            return free_bits(kl[:, None], floor, per="row")
        return free_bits(output.prior.kl_per_component(output.posterior, output.z), floor, per="batch")

    def check(self, prior, posterior):
        """Free bits per component need a KL that is a sum over components."""
        super().check(prior, posterior)
        if not self.free_bits or self.free_bits_per == "row":
            return
        needs_independent_normals("A floor of 'free_bits' for each component", posterior, ", or free_bits_per='row'")
        if not prior.is_factorised:
            raise IncompatibleChoiceError(
                "The 'free_bits' of each component need a factorised prior, whose KL is a sum over components; set "
                "free_bits_per='row', or choose prior='normal' or 'elementwise_flow'."
            )
