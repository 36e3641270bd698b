"""What an estimator with densities can do: log p(x | z), log p(z), and bounds on log p(x)."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vaekit.estimators._available import if_model_has_bound, if_prior_has_density
from vaekit.estimators._validation import check_codes, check_in_support, check_pairs
from vaekit.fitted import evidence_lower_bounds, importance_bounds, log_likelihood, log_prior
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._checks import check_count
from vaekit.utils._typing import RowsLike
from vaekit.utils._weights import mean

__all__ = ["DensityMixin"]


class DensityMixin(GuardedMethods):
    """Densities in nats per row, in the units of X."""

    @if_model_has_bound
    def score_samples(self, X: RowsLike, n_importance_samples: int | None = None) -> np.ndarray:
        """Lower bound on log p(x) for every row.

        By default the evidence lower bound, the KL at weight 1 whatever the objective, with

            ELBO(x) = mean_m [log p(x | z_m) + log p(z_m)] + H(q(z | x)),  z_m = mu(x) + sigma(x) eps_m,

        and max(32, 2 n_components) noise vectors eps shared by all rows: antithetic, whitened to mean 0 and covariance
        I (so that quadratics are integrated exactly; fewer would not be), the same in every call.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data.
        n_importance_samples : int or None, default=None
            If given, the importance-weighted bound logmeanexp_k [log p(x | z_k) + log p(z_k) - log q(z_k | x)] with
            that many samples: tighter, and dearer. Each row has noise of its own, decided by its values alone, so that
            the mean over rows is an estimate of a bound on the mean log p(x); a single row's may lie above its log p(x)
            by chance.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            In nats per row, as a density over the units of X.

        Raises
        ------
        ValueError
            If X lies outside the likelihood's support.

        References
        ----------
        Y. Burda, R. Grosse, R. Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016,
        https://arxiv.org/abs/1509.00519, eq. 8.
        """
        X = check_in_support(self, X)
        if n_importance_samples is None:
            return evidence_lower_bounds(self.model_, X)
        return importance_bounds(self.model_, X, check_count(n_importance_samples, "n_importance_samples"))

    @if_model_has_bound
    def score(self, X: RowsLike, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """Mean of `score_samples`: the evidence lower bound, in nats per row.

        Among models that differ in the strength of a regulariser it prefers the weakest by construction: to search over
        strengths pass `scoring=`, or score a downstream step.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data.
        y : Ignored
            Present by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the mean.

        Returns
        -------
        score : float
            Nats per row; higher is better.
        """
        return mean(self.score_samples(X), sample_weight)

    def log_likelihood(self, X: RowsLike, Z: ArrayLike) -> np.ndarray:
        """log p(x | z), row by row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or images
            Data.
        Z : array-like of shape (n_rows, n_components_) or (n_samples, n_rows, n_components_)
            Codes.

        Returns
        -------
        log_density : ndarray of shape (n_rows,) or (n_samples, n_rows)
            In nats, as a density over the units of X.
        """
        X, Z = check_pairs(self, check_in_support(self, X), Z)
        return log_likelihood(self.model_, X, Z.reshape(-1, *Z.shape[-2:])).reshape(Z.shape[:-1])

    @if_prior_has_density
    def log_prior(self, Z: ArrayLike) -> np.ndarray:
        """log p(z) under the prior that was trained.

        Parameters
        ----------
        Z : array-like of shape (..., n_components_)
            Codes.

        Returns
        -------
        log_density : ndarray of shape (...)
            In nats.
        """
        Z = check_codes(self, Z)
        return log_prior(self.model_, Z)
