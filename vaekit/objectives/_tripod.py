"""Tripod: independent codes, whose latents act one by one."""

from numbers import Integral, Real
from typing import ClassVar

from vaekit._outputs import LossTerms
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.functional import hessian_penalty, multi_information
from vaekit.objectives._base import Objective, trains_no_prior
from vaekit.objectives._schedule import Warmup, nonnegative
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec

__all__ = ["Tripod"]

SMALLEST_STEP, LARGEST_STEP = 1e-6, 1e6  # whose squares single precision tells from 0 and from infinity


@spec
class Tripod(Objective):
    """loss = -E_q log p(x | z) + klm_weight KLM + nhp_weight NHP, in nats per row.

    KLM = mean_i [log q(z_i) - sum_k log q_k(z_ik)], q a Gaussian kernel density over the codes of the batch, is their
    multi-information; NHP = Var[v'Hv] / (Var[u'Hu] + 1e-10), v of random signs and u normal, both in deviations of the
    codes, H the Hessian of each number that the decoder gives, and variances averaged over rows and numbers, is the
    share of its second derivatives that mix latents. The third leg is `posterior_family="quantized"`. There is no KL,
    and nothing holds codes to the prior: what `sample` draws is like them with `prior="grid"`, which has the values of
    quantised codes by their frequencies, or with `prior="post_hoc"`.

    Parameters
    ----------
    klm_weight : float or Warmup, default=1
        Weight of the kernel multi-information: more asks for codes whose components are independent.
    nhp_weight : float or Warmup, default=1
        Weight of the normalised Hessian penalty, which lies about in [0, 1]: more asks for latents that each change
        the data in its own way, whatever the others are. 0 leaves it out, and the decoder's passes that it takes.
    bandwidth : float or None, default=None
        Width of the kernels in deviations of the codes; None is Silverman's rule.
    n_directions : int, default=2
        Directions of each kind, signs and normal, for each row; each takes two passes of the decoder.
    step : float, default=0.1
        Length of the central differences, in deviations of the codes.

    Notes
    -----
    The NHP wants a decoder with second derivatives (activations like `"silu"` or `"tanh"`): those of a ReLU network are
    its kinks, and on small images it then spoiled the codes at every weight. Second differences lose digits:
    `precision="bf16"` has too few.

    The published weights are beside a reconstruction that is a mean over pixels: 1e-4 and 1e-2 on Shapes3D (64 x 64 x 3
    pixels) are 1.2 and 120 here. The authors penalise hidden layers of their decoder, too; here it is what any decoder
    has, the decoded tensor.

    References
    ----------
    K. Hsu et al., "Tripod: Three Complementary Inductive Biases for Disentangled Representation Learning", ICML 2024,
    https://arxiv.org/abs/2404.10282, sections 4.1 to 4.3.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.objectives import Tripod
    >>> model = VAE(objective=Tripod(nhp_weight=100), posterior_family="quantized", prior="grid")
    """

    klm_weight: float | Warmup = 1.0
    nhp_weight: float | Warmup = 1.0
    bandwidth: float | None = None
    n_directions: int = 2
    step: float = 0.1

    _parameter_constraints: ClassVar[dict] = {
        "klm_weight": nonnegative(),
        "nhp_weight": nonnegative(),
        "bandwidth": [Interval(Real, 0, None, closed="neither"), None],
        "n_directions": [Interval(Integral, 2, 1024, closed="both")],
        "step": [Interval(Real, SMALLEST_STEP, LARGEST_STEP, closed="both")],
    }

    weighted = ("klm_weight", "nhp_weight")

    @property
    def needs_density(self):
        """False: there is no KL."""
        return False

    @property
    def uses_warmup(self):
        """False: there is no KL."""
        return False

    def noise_columns(self, widths):
        """Noise of the codes, and the directions in which the decoder is looked at."""
        width = self.n_directions * widths.codes
        directions = {"signs": width, "directions": width} if self.nhp_weight != 0 else {}
        return {**super().noise_columns(widths), **directions}

    def penalty(self, output, inputs):
        """The weighted multi-information, and itself."""
        klm = multi_information(output.z, self.bandwidth).mean()
        return inputs.weights["klm_weight"] * klm, {"multi_information": klm}

    def loss(self, model, inputs, carried=None):
        """Reconstruction, KLM and NHP."""
        loss, terms, output = super().loss(model, inputs)
        if self.nhp_weight == 0:
            return LossTerms(loss, terms, output)
        nhp = self._hessian_penalty(model, inputs, output.z)
        return LossTerms(loss + inputs.weights["nhp_weight"] * nhp, {**terms, "hessian_penalty": nhp}, output)

    def _hessian_penalty(self, model, inputs, z):
        """NHP."""
        signs, directions = (
            inputs.noise[name][: len(z)].reshape(len(z), self.n_directions, -1).transpose(0, 1)
            for name in ("signs", "directions")
        )
        decode = model.given(inputs.batches["first"].given).decode
        return hessian_penalty(decode, z, signs, directions, self.step)

    def held_out_loss(self, output):
        """The reconstruction."""
        return output.reconstruction

    def check(self, prior, posterior):
        """Refuse, besides, a learned prior that nothing would train."""
        super().check(prior, posterior)
        if self.prior_weight is None:
            trains_no_prior(self, prior)
        elif prior.is_learned and not prior.has_density:
            raise IncompatibleChoiceError(
                "Tripod trains a learned prior by its density, and this prior can only be sampled; choose "
                "prior='normal' or 'decoupled', or prior='grid' with posterior_family='quantized'."
            )
