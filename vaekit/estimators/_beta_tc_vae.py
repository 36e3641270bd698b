"""beta-TCVAE: mutual information, total correlation and dimension-wise KL, each with its weight."""

from vaekit.estimators._base import estimator
from vaekit.estimators._vae import BaseVAE
from vaekit.objectives import KLDecomposition, Warmup
from vaekit.priors import PriorSpec

__all__ = ["BetaTCDPVAE", "BetaTCVAE"]


@estimator
class BetaTCVAE(BaseVAE):
    """beta-TCVAE.

    Minimises -E_q log p(x | z) + alpha MI + beta TC + gamma DW, in nats per row, the three parts of the KL: mutual
    information of row and code, total correlation of the code, and its components' divergences from the prior. All
    weights 1 are the VAE.

    References
    ----------
    R. Chen, X. Li, R. Grosse, D. Duvenaud, "Isolating Sources of Disentanglement in Variational Autoencoders",
    NeurIPS 2018, https://arxiv.org/abs/1802.04942, eqs. 2 and 4.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import BetaTCVAE
    >>> BetaTCVAE(n_components=2, max_epochs=50, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    """

    alpha: float | Warmup = KLDecomposition.alpha
    beta: float | Warmup = KLDecomposition.beta
    gamma: float | Warmup = KLDecomposition.gamma
    aggregate: str = KLDecomposition.aggregate
    allow_unbounded: bool = KLDecomposition.allow_unbounded

    _objective = KLDecomposition


@estimator
class BetaTCDPVAE(BetaTCVAE):
    """beta-TCVAE with a decoupled prior.

    The same as `BetaTCVAE(prior="decoupled")`; DW is measured against the joint density of the decoupled prior.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020,
    https://arxiv.org/abs/1911.10506, eq. 31 (with the third term that it approximates).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import BetaTCDPVAE
    >>> BetaTCDPVAE(n_components=2, max_epochs=50, random_state=0).fit(load_iris().data).sample(2).shape
    (2, 4)
    """

    prior: str | PriorSpec = "decoupled"
