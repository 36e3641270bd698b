"""beta-VAE: codes that carry less, and more independent parts of it."""

from vaekit.estimators._base import estimator
from vaekit.estimators._vae import BaseVAE
from vaekit.objectives import ELBO, Warmup
from vaekit.priors import PriorSpec

__all__ = ["BetaDPVAE", "BetaVAE", "DecoupledBetaVAE"]


@estimator
class BetaVAE(BaseVAE):
    """beta-VAE.

    Minimises -E_q log p(x | z) + beta KL(q(z | x) || p(z)), in nats per row.

    References
    ----------
    I. Higgins, L. Matthey, A. Pal, C. Burgess, X. Glorot, M. Botvinick, S. Mohamed, A. Lerchner, "beta-VAE: Learning
    basic visual concepts with a constrained variational framework", ICLR 2017,
    https://openreview.net/forum?id=Sy2fzU9gl, eq. 4.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import BetaVAE
    >>> BetaVAE(n_components=2, beta=2, max_epochs=50, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    """

    beta: float | Warmup = 4.0

    _objective = ELBO


@estimator
class BetaDPVAE(BetaVAE):
    """beta-VAE with a decoupled prior: beta shapes the codes, samples come from generation space.

    The same as `BetaVAE(prior="decoupled")`.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020,
    https://arxiv.org/abs/1911.10506, eq. 22 (corrected).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import BetaDPVAE
    >>> BetaDPVAE(n_components=2, beta=2, max_epochs=50, random_state=0).fit(load_iris().data).sample(2).shape
    (2, 4)
    """

    prior: str | PriorSpec = "decoupled"


@estimator
class DecoupledBetaVAE(BetaDPVAE):
    """Another name for `BetaDPVAE`."""
