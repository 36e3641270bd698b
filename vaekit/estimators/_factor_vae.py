"""FactorVAE: codes whose components are independent."""

from collections.abc import Sequence

from vaekit.estimators._base import estimator
from vaekit.estimators._vae import BaseVAE
from vaekit.objectives import TotalCorrelation, Warmup
from vaekit.priors import PriorSpec

__all__ = ["FactorDPVAE", "FactorVAE"]


@estimator
class FactorVAE(BaseVAE):
    """FactorVAE.

    Minimises -E_q log p(x | z) + KL(q(z | x) || p(z)) + gamma TC(q(z)), in nats per row; a discriminator between codes
    and codes with shuffled components gives the total correlation TC.

    References
    ----------
    H. Kim, A. Mnih, "Disentangling by Factorising", ICML 2018, https://arxiv.org/abs/1802.05983, eq. 2, algorithm 2.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import FactorVAE
    >>> FactorVAE(n_components=2, max_epochs=20, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    """

    gamma: float | Warmup = TotalCorrelation.gamma
    standardize_codes: bool | str = TotalCorrelation.standardize_codes
    discriminator_layer_sizes: Sequence[int] = TotalCorrelation.discriminator_layer_sizes
    discriminator_learning_rate: float = TotalCorrelation.discriminator_learning_rate

    _objective = TotalCorrelation


@estimator
class FactorDPVAE(FactorVAE):
    """FactorVAE with a decoupled prior: the total correlation is that of the codes, samples come from generation space.

    The same as `FactorVAE(prior="decoupled")`.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020,
    https://arxiv.org/abs/1911.10506, eq. 28 (corrected).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import FactorDPVAE
    >>> FactorDPVAE(n_components=2, max_epochs=20, random_state=0).fit(load_iris().data).sample(2).shape
    (2, 4)
    """

    prior: str | PriorSpec = "decoupled"
