"""InfoVAE: less weight on each row's KL, more on the aggregate posterior."""

from numbers import Real
from typing import ClassVar

from vaekit.estimators._base import estimator, word_of
from vaekit.estimators._vae import BaseVAE
from vaekit.exceptions import VaekitWarning
from vaekit.objectives import MMD, AggregateDivergence
from vaekit.priors import PriorSpec
from vaekit.utils._sklearn import Interval
from vaekit.utils._warnings import warn_user

__all__ = ["InfoDPVAE", "InfoVAE"]


@estimator
class InfoVAE(BaseVAE):
    """InfoVAE with maximum mean discrepancy.

    Minimises -E_q log p(x | z) + (1 - alpha) KL(q(z | x) || p(z)) + (alpha + lam - 1) MMD^2(q(z), p(z)), in nats per
    row.

    Parameters
    ----------
    alpha : float, default=0
        1 - alpha weighs the KL of each row's posterior; 1 leaves the Wasserstein autoencoder.
    lam : float, default=1000
        alpha + lam - 1 weighs the divergence of the aggregate posterior; alpha=0, lam=1 is the VAE.
    mmd_space : {"generation", "representation"}, default="generation"
        Where codes and prior are compared when the prior is learned. The same for a normal prior.

    References
    ----------
    S. Zhao, J. Song, S. Ermon, "InfoVAE: Balancing Learning and Inference in Variational Autoencoders", AAAI 2019,
    https://arxiv.org/abs/1706.02262, eq. 6.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import InfoVAE
    >>> InfoVAE(n_components=2, max_epochs=50, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    """

    alpha: float = 0.0
    lam: float = 1000.0
    kernel: str = MMD.kernel
    bandwidth: float | str | None = MMD.bandwidth
    mmd_space: str = AggregateDivergence.space

    _objective = AggregateDivergence
    _divergence = MMD

    _parameter_constraints: ClassVar[dict] = {
        "alpha": [Interval(Real, None, 1, closed="right")],
        "lam": [Interval(Real, 0, None, closed="left")],
        "mmd_space": AggregateDivergence._parameter_constraints["space"],
    }

    def _make_objective(self):
        weight = self.alpha + self.lam - 1
        if weight < 0:
            warn_user(
                f"alpha + lam - 1 is {weight:g}: the codes would be driven away from the prior, so the divergence is "
                "left out; choose 'alpha' and 'lam' with a sum of at least 1.",
                VaekitWarning,
            )
        weights = {"kl_weight": 1 - self.alpha, "weight": max(0.0, weight)}
        return word_of(self, AggregateDivergence, **weights, divergence=word_of(self, MMD), space=self.mmd_space)


@estimator
class InfoDPVAE(InfoVAE):
    """InfoVAE with a decoupled prior: codes are compared with the prior in generation space, whose scale is anchored.

    The same as `InfoVAE(prior="decoupled")`; `mmd_space="representation"` is the form of the paper.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020,
    https://arxiv.org/abs/1911.10506, eq. 33 (corrected).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import InfoDPVAE
    >>> InfoDPVAE(n_components=2, max_epochs=50, random_state=0).fit(load_iris().data).sample(2).shape
    (2, 4)
    """

    prior: str | PriorSpec = "decoupled"
