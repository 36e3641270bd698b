"""DIP-VAE: codes whose covariance is the identity."""

from typing import ClassVar

from vaekit.estimators._base import estimator
from vaekit.estimators._vae import BaseVAE
from vaekit.objectives import CovariancePenalty, Warmup
from vaekit.priors import PriorSpec

__all__ = ["DIPDPVAE", "DIPVAE"]


@estimator
class DIPVAE(BaseVAE):
    """DIP-VAE, of both kinds.

    Minimises -E_q log p(x | z) + KL(q(z | x) || p(z)) + lambda_od sum_{i != j} C_ij^2 + lambda_d sum_i (C_ii - 1)^2.

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
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import DIPVAE
    >>> DIPVAE(n_components=2, max_epochs=50, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    """

    kind: str = "ii"
    lambda_od: float | Warmup = 10.0
    lambda_d: float | Warmup | None = None

    _parameter_constraints: ClassVar[dict] = {
        name: CovariancePenalty._parameter_constraints[name] for name in ("kind", "lambda_od", "lambda_d")
    }

    def _make_objective(self):
        return CovariancePenalty(kind=self.kind, lambda_od=self.lambda_od, lambda_d=self.lambda_d)


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
