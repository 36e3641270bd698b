"""DIP-VAE: codes whose covariance is the identity."""

from vaekit.estimators._base import estimator
from vaekit.estimators._vae import BaseVAE
from vaekit.objectives import CovariancePenalty, Warmup
from vaekit.priors import PriorSpec

__all__ = ["DIPDPVAE", "DIPVAE"]


@estimator
class DIPVAE(BaseVAE):
    """DIP-VAE, of both kinds.

    Minimises -E_q log p(x | z) + KL(q(z | x) || p(z)) + lambda_od sum_{i != j} C_ij^2 + lambda_d sum_i (C_ii - 1)^2.

    References
    ----------
    A. Kumar, P. Sattigeri, A. Balakrishnan, "Variational Inference of Disentangled Latent Concepts from Unlabeled
    Observations", ICLR 2018, https://arxiv.org/abs/1711.00848, eqs. 6 and 7.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import DIPVAE
    >>> DIPVAE(n_components=2, max_epochs=50, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    """

    kind: str = CovariancePenalty.kind
    lambda_od: float | Warmup = CovariancePenalty.lambda_od
    lambda_d: float | Warmup | None = CovariancePenalty.lambda_d

    _objective = CovariancePenalty


@estimator
class DIPDPVAE(DIPVAE):
    """DIP-VAE with a decoupled prior: the covariance is that of the codes, samples come from generation space.

    The same as `DIPVAE(prior="decoupled")`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import DIPDPVAE
    >>> DIPDPVAE(n_components=2, max_epochs=50, random_state=0).fit(load_iris().data).sample(2).shape
    (2, 4)
    """

    prior: str | PriorSpec = "decoupled"
