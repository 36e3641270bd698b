"""IWAE: the bound of several importance samples."""

from typing import Any, ClassVar

import numpy as np

from vaekit.estimators._available import if_model_has_bound
from vaekit.estimators._base import estimator
from vaekit.estimators._vae import BaseVAE
from vaekit.objectives import ImportanceWeighted
from vaekit.utils._typing import RowsLike

__all__ = ["IWAE"]


@estimator
class IWAE(BaseVAE):
    """Importance-weighted autoencoder.

    Minimises -E log 1/K sum_k w_k, in nats per row, with log w_k = log p(x | z_k) + log p(z_k) - log q(z_k | x) of K
    samples of the posterior. What is trained, what early stopping watches and what `score` gives is that bound.

    References
    ----------
    Y. Burda, R. Grosse, R. Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016,
    https://arxiv.org/abs/1509.00519, eq. 8.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import IWAE
    >>> IWAE(n_components=2, max_epochs=20, random_state=0).fit_transform(load_iris().data).shape
    (150, 2)
    """

    n_samples: int = ImportanceWeighted.n_samples
    gradient: str = ImportanceWeighted.gradient

    _objective = ImportanceWeighted

    _not_exported: ClassVar[tuple] = ("score_samples",)  # a row's noise is a hash of its values

    @if_model_has_bound
    def score_samples(self, X: RowsLike, n_importance_samples: int | None = None) -> np.ndarray:
        """Lower bound on log p(x) for every row, log 1/K sum_k w_k.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data.
        n_importance_samples : int or None, default=None
            K; None is the estimator's `n_samples`. A row's noise is decided by its values alone.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            In nats per row, as a density over the units of X.

        Raises
        ------
        ValueError
            If X lies outside the likelihood's support.
        """
        bound: Any = super().score_samples
        return bound(X, self.n_samples if n_importance_samples is None else n_importance_samples)
