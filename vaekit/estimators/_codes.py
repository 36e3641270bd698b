"""What every estimator can do with rows: give their codes."""

from typing import NamedTuple

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from vaekit.exceptions import NoDensityError
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._checks import check_count
from vaekit.utils._random import make_random_state

__all__ = ["CodesMixin", "Posterior"]


class Posterior(NamedTuple):
    """q(z | x) = N(loc, diag scale^2) for every row, in arrays of shape (n_samples, n_components)."""

    loc: np.ndarray
    scale: np.ndarray


class CodesMixin(GuardedMethods, ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Codes of rows, and the distributions they are the means of."""

    def transform(self, X):
        """Codes of X: the means of q(z | x).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components_)
            Posterior means; float32 for float32 and integer images, else float64.
        """
        X = self._validate(X)
        return self._encode(X)[0].astype(float_type(X), copy=False)

    def posterior(self, X):
        """Parameters of q(z | x) for every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data.

        Returns
        -------
        posterior : Posterior
            Named tuple `(loc, scale)` of arrays of shape (n_samples, n_components_); the scale of a deterministic
            encoder is 0.
        """
        return Posterior(*self._encode(self._validate(X)))

    def sample_posterior(self, X, n_samples=1, random_state=None):
        """Draw codes from q(z | x).

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or images
            Data.
        n_samples : int, default=1
            Draws per row.
        random_state : int, RandomState instance or None, default=None
            Decides the draws; None is the estimator's own `random_state`.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_rows, n_components_)
            Codes.
        """
        check_count(n_samples, "n_samples")
        loc, scale = self._encode(self._validate(X))
        random_state = self.random_state if random_state is None else random_state
        return loc + scale * make_random_state(random_state).standard_normal((n_samples, *loc.shape))

    def log_posterior(self, X, Z):
        """log q(z | x), row by row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or images
            Data.
        Z : array-like of shape (n_rows, n_components_) or (n_samples, n_rows, n_components_)
            Codes.

        Returns
        -------
        log_density : ndarray of shape (n_rows,) or (n_samples, n_rows)
            In nats.

        Raises
        ------
        NoDensityError
            If the encoder is deterministic.
        """
        X, Z = self._validate_pairs(self._validate(X), Z)
        loc, scale = self._encode(X)
        if not scale.all():
            raise NoDensityError(
                "A deterministic encoder has no posterior density; give it noise (FixedScale(scale=0.01), or "
                "deterministic_encoder=False)."
            )
        standardized = (Z - loc) / scale
        return -(0.5 * standardized**2 + np.log(scale) + 0.5 * np.log(2 * np.pi)).sum(axis=-1)

    @property
    def _n_features_out(self):
        return self.n_components_


def float_type(X):
    """float64 stays, float32 and bytes become float32."""
    return np.result_type(X.dtype, np.float32) if X.dtype != np.bool_ else np.float32
