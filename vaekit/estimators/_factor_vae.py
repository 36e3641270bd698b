"""FactorVAE: codes whose components are independent."""

from collections.abc import Sequence
from typing import ClassVar

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

    Parameters
    ----------
    gamma : float or Warmup, default=10
        Weight of the total correlation, at least 0. 0 is the VAE; more asks for independent components, at much less
        cost in reconstruction than a larger beta.
    standardize_codes : bool or "auto", default="auto"
        Whether the discriminator sees codes brought to mean 0 and variance 1 over the batch; `"auto"` where the prior
        is learned, and holds no code to a scale.
    discriminator_layer_sizes : sequence of int, default=(256, 256, 256)
        Widths of the discriminator's hidden layers.
    discriminator_learning_rate : float, default=1e-4
        Step size of the discriminator's Adam, with betas (0.5, 0.9).

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

    gamma: float | Warmup = 10.0
    standardize_codes: bool | str = "auto"
    discriminator_layer_sizes: Sequence[int] = (256, 256, 256)
    discriminator_learning_rate: float = 1e-4

    _parameter_constraints: ClassVar[dict] = {
        name: TotalCorrelation._parameter_constraints[name]
        for name in ("gamma", "standardize_codes", "discriminator_layer_sizes", "discriminator_learning_rate")
    }

    def _make_objective(self):
        return TotalCorrelation(
            gamma=self.gamma,
            standardize_codes=self.standardize_codes,
            discriminator_layer_sizes=self.discriminator_layer_sizes,
            discriminator_learning_rate=self.discriminator_learning_rate,
        )


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
