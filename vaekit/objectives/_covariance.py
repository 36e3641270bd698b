"""DIP-VAE: the covariance of the codes, drawn to the identity."""

from typing import ClassVar

from vaekit.functional import dip_penalty
from vaekit.objectives._base import Objective, needs_independent_normals
from vaekit.objectives._schedule import Warmup, nonnegative
from vaekit.utils._sklearn import StrOptions
from vaekit.utils._spec import spec

__all__ = ["CovariancePenalty"]


@spec
class CovariancePenalty(Objective):
    """loss = -E_q log p(x | z) + w(t) KL + lambda_od sum_{i != j} C_ij^2 + lambda_d sum_i (C_ii - 1)^2.

    Parameters
    ----------
    kind : {"ii", "i"}, default="ii"
        C is the covariance of the codes z (`"ii"`) or of their means (`"i"`), over the batch.
    lambda_od : float or Warmup, default=10
        Weight of the off-diagonal entries: more asks for less correlated codes.
    lambda_d : float, Warmup or None, default=None
        Weight of the diagonal entries; None is `lambda_od` for kind `"ii"`, ten times that for `"i"`.

    References
    ----------
    A. Kumar, P. Sattigeri, A. Balakrishnan, "Variational Inference of Disentangled Latent Concepts from Unlabeled
    Observations", ICLR 2018, https://arxiv.org/abs/1711.00848, eqs. 6 and 7.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.objectives import CovariancePenalty
    >>> model = VAE(objective=CovariancePenalty(kind="i", lambda_od=5))
    """

    kind: str = "ii"
    lambda_od: float | Warmup = 10.0
    lambda_d: float | Warmup | None = None

    _parameter_constraints: ClassVar[dict] = {
        "kind": [StrOptions({"i", "ii"})],
        "lambda_od": nonnegative(),
        "lambda_d": [*nonnegative(), None],
    }

    weighted = ("lambda_od", "lambda_d")

    def penalty(self, output, inputs):
        """w(t) KL and the penalty; KL and the penalty."""
        kl = output.prior.kl(output.posterior, output.z).mean()
        lambda_od = inputs.weights["lambda_od"]
        default = lambda_od if self.kind == "ii" else 10 * lambda_od
        lambda_d = default if self.lambda_d is None else inputs.weights["lambda_d"]
        dip = dip_penalty(output.posterior.loc, output.posterior.logvar, lambda_od, lambda_d, self.kind)
        return inputs.weights["warmup"] * kl + dip, {"kl": kl, "covariance_penalty": dip}

    def check(self, prior, posterior):
        """The covariance of codes is that of their means and of the mean log-variances."""
        super().check(prior, posterior)
        if self.kind == "ii":
            needs_independent_normals("The covariance of codes (kind='ii')", posterior, ", or kind='i'")
