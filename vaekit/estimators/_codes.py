"""What every estimator can do with rows: give their codes."""

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from vaekit.estimators._available import if_posterior_has_density
from vaekit.estimators._validation import check_pairs, check_rows
from vaekit.files import write_array
from vaekit.fitted import encode, locations, log_posterior, sample_posterior
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._checks import check_count
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._typing import RandomStateLike, RowsLike

__all__ = ["CodesMixin", "Posterior"]


class Posterior(NamedTuple):
    """Location and scale of q(z | x) for every row, in arrays of shape (n_samples, n_components).

    By default q(z | x) is N(loc, diag scale^2); another family's scales are the deviations of its components.
    """

    loc: np.ndarray
    scale: np.ndarray

    __repr__ = short_repr


class CodesMixin(GuardedMethods, ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Codes of rows, and the distributions they are the means of."""

    if TYPE_CHECKING:  # scikit-learn writes it, and does not say what it gives

        def fit_transform(self, X: RowsLike, y: Any = None, **fit_params: Any) -> np.ndarray: ...

    def transform(self, X: RowsLike) -> np.ndarray:
        """Codes of X: the means of q(z | x).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components_)
            Posterior means; float64 for float64 and for integers of 32 bits and more, else float32.
        """
        X = check_rows(self, X)
        codes = np.empty((len(X), self.n_components_), float_type(X))
        for rows, loc in locations(self.model_, X):
            codes[rows] = loc
        return codes

    def transform_to(self, X: RowsLike, path: str | os.PathLike) -> np.memmap:
        """Codes of X as `transform` gives them, written to a file while they are made.

        For codes that memory does not hold: of rows that stay on disk, too, only a block is in memory at a time. The
        file appears under its name when it is complete.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data; memory maps, HDF5 datasets and torch's map-style datasets of more than 256 MiB are read as needed.
        path : str or path-like
            Where the codes go, in NumPy's format (.npy); a file of that name is replaced.

        Returns
        -------
        codes : memmap of shape (n_samples, n_components_)
            The file, opened for reading.
        """
        X = check_rows(self, X)
        blocks = (loc.astype(float_type(X), copy=False) for _, loc in locations(self.model_, X))
        write_array(path, blocks, (len(X), self.n_components_), float_type(X))
        return np.load(path, mmap_mode="r")

    def posterior(self, X: RowsLike) -> Posterior:
        """Parameters of q(z | x) for every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data.

        Returns
        -------
        posterior : Posterior
            Named tuple `(loc, scale)` of arrays of shape (n_samples, n_components_); the scale of a deterministic
            encoder is 0. Where a family has no closed form, the scales are the deviations of a few whitened draws:
            exact for draws that are linear in their noise.
        """
        X = check_rows(self, X)
        return Posterior(*encode(self.model_, X))

    def sample_posterior(self, X: RowsLike, n_samples: int = 1, random_state: RandomStateLike = None) -> np.ndarray:
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
        n_samples = check_count(n_samples, "n_samples")
        X = check_rows(self, X)
        random_state = make_random_state(self.random_state if random_state is None else random_state)
        return sample_posterior(self.model_, X, n_samples, random_state)

    @if_posterior_has_density
    def log_posterior(self, X: RowsLike, Z: ArrayLike) -> np.ndarray:
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
        X, Z = check_pairs(self, check_rows(self, X), Z)
        return log_posterior(self.model_, X, Z.reshape(-1, *Z.shape[-2:])).reshape(Z.shape[:-1])

    @property
    def _n_features_out(self):
        return self.n_components_


def float_type(X):
    """float64 stays, and integers that float32 cannot hold become it; all else becomes float32."""
    return np.result_type(X.dtype, np.float32) if X.dtype != np.bool_ else np.float32
