"""beta-TCVAE: mutual information, total correlation and dimension-wise KL, each with its weight."""

from typing import ClassVar

from vaekit.estimators._base import estimator
from vaekit.estimators._vae import BaseVAE
from vaekit.objectives import KLDecomposition, Warmup
from vaekit.priors import PriorSpec

__all__ = ["BetaTCDPVAE", "BetaTCVAE"]

OWN = ("alpha", "beta", "gamma", "estimator", "total_samples", "allow_unbounded")


@estimator
class BetaTCVAE(BaseVAE):
    """beta-TCVAE.

    Minimises -E_q log p(x | z) + alpha MI + beta TC + gamma DW, in nats per row, the three parts of the KL: mutual
    information of row and code, total correlation of the code, and its components' divergences from the prior.

    Parameters
    ----------
    alpha, beta, gamma : float or Warmup, default=1, 4, 1
        Weights of the three parts; all 1 is the VAE. With a learned prior that does not factorise, gamma > beta is
        refused: the loss would reward total correlation without bound.
    estimator : {"mss", "mws", "batch", "full"}, default="mss"
        How q(z) is estimated from a batch: stratified or weighted sampling, the batch as the whole mixture, or the
        encodings of all rows.
    total_samples : int or None, default=None
        Rows of the whole data set, for `partial_fit`; None is the number of rows given.
    allow_unbounded : bool, default=False
        Whether gamma > beta is let through with a prior that does not factorise.

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

    alpha: float | Warmup = 1.0
    beta: float | Warmup = 4.0
    gamma: float | Warmup = 1.0
    estimator: str = "mss"
    total_samples: int | None = None
    allow_unbounded: bool = False

    _parameter_constraints: ClassVar[dict] = {name: KLDecomposition._parameter_constraints[name] for name in OWN}

    def _make_objective(self):
        return KLDecomposition(**{name: getattr(self, name) for name in OWN})


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
