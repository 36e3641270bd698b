"""The evidence lower bound, with the weight of beta-VAE."""

from numbers import Real
from typing import ClassVar

from vaekit.objectives._base import Objective
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec

__all__ = ["ELBO"]


@spec
class ELBO(Objective):
    """loss = -E_q log p(x | z) + w(t) beta KL(q(z | x) || p(z)), in nats per row.

    Parameters
    ----------
    beta : float, default=1.0
        Weight of the KL; 1 is the evidence lower bound, 0 a noisy autoencoder, more than 1 asks for codes that carry
        less. w(t) is the estimator's warm-up.

    References
    ----------
    D. Kingma, M. Welling, "Auto-Encoding Variational Bayes", ICLR 2014, https://arxiv.org/abs/1312.6114, eq. 3.
    I. Higgins et al., "beta-VAE: Learning basic visual concepts with a constrained variational framework", ICLR 2017,
    https://openreview.net/forum?id=Sy2fzU9gl, eq. 4.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.objectives import ELBO
    >>> VAE(objective=ELBO(beta=4))
    VAE(objective=ELBO(beta=4))
    """

    beta: float = 1.0

    _parameter_constraints: ClassVar[dict] = {"beta": [Interval(Real, 0, None, closed="left")]}

    def penalty(self, output, inputs):
        """w(t) beta KL, and KL."""
        kl = output.prior.kl(output.posterior, output.z).mean()
        return inputs.warmup * self.beta * kl, {"kl": kl}
