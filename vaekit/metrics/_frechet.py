"""Fréchet distance between two sets of features."""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaekit.metrics._parameters import metric
from vaekit.tables._feature_sets import check_same_features, open_two_sets
from vaekit.utils._ambient import guarded
from vaekit.utils._warnings import warn_user

LEAST_EXPONENT = -1100  # of which nothing is smaller


@metric
def frechet_distance(features_real: ArrayLike, features_fake: ArrayLike) -> float:
    r"""Fréchet distance between the normals fitted to two sets of features.

    .. math::
        d^2 = \|m_1 - m_2\|^2 + \mathrm{tr}\, S_1 + \mathrm{tr}\, S_2
        - 2\, \mathrm{tr}\,(S_1^{1/2} S_2 S_1^{1/2})^{1/2}

    with means m and covariances S (divided by n - 1) of the two sets: the squared 2-Wasserstein distance of the two
    normals. On features of the Inception network it is the FID.

    Returns
    -------
    distance : float
        At least 0, lower is better, in squared units of the features (infinite where these exceed all floats);
        symmetric in its arguments.

    Warns
    -----
    UserWarning
        If a set has no more rows than features: its covariance is then singular.

    Notes
    -----
    The estimate is biased upwards, the more the fewer the rows: compare values only at equal numbers of rows and on the
    same features. Rows are read once, some at a time: memory is of order n_features^2, whatever their number.

    References
    ----------
    M. Heusel, H. Ramsauer, T. Unterthiner, B. Nessler, S. Hochreiter, "GANs Trained by a Two Time-Scale Update Rule
    Converge to a Local Nash Equilibrium", NeurIPS 2017, equation 6, https://arxiv.org/abs/1706.08500

    Examples
    --------
    >>> from vaekit.metrics import frechet_distance
    >>> corners = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> round(frechet_distance(corners, [[x + 3, y] for x, y in corners]), 3)
    9.0
    """
    return distance_of_moments(
        *(FeatureMoments.of_set(features) for features in open_two_sets(features_real, features_fake))
    )


def distance_of_moments(real, fake):
    """The Fréchet distance of two sets of features of which the moments are known."""
    check_same_features(len(real.mean), len(fake.mean))
    exponent = max(real.exponent, fake.exponent)
    real, fake = real.over(exponent), fake.over(exponent)
    unit = normal_frechet_distance(real.mean, real.covariance, fake.mean, fake.covariance)
    with np.errstate(over="ignore"):
        return float(np.ldexp(unit, 2 * exponent))


class FeatureMoments(NamedTuple):
    """Mean and scatter of features x / 2^exponent, of which no square overflows.

    Attributes
    ----------
    n_rows : int
    exponent : int
    mean : ndarray of shape (n_features,)
    scatter : ndarray of shape (n_features, n_features)
        sum (x - mean)(x - mean)^T.
    """

    n_rows: int
    exponent: int
    mean: np.ndarray
    scatter: np.ndarray

    @classmethod
    def of_set(cls, features):
        """Those of a `FeatureSet`, from one pass over it."""
        n, d = features.shape
        if n <= d:
            warn_user(
                f"{features.name} has {n} rows of {d} features: its covariance is singular and the distance strongly "
                "biased; take more rows or fewer features.",
            )
        return functools.reduce(cls.joined, (block for _, block in features.blocks()), cls(0, LEAST_EXPONENT, 0.0, 0.0))

    def joined(self, rows):
        """Those of these rows and of others: within each part, and between the means of the two (Chan et al. 1979)."""
        largest = np.abs(rows).max()
        own = self.over(max(self.exponent, int(np.frexp(largest)[1]) if largest > 0 else LEAST_EXPONENT))
        rows = np.ldexp(rows, -own.exponent)
        mean, n = rows.mean(axis=0), self.n_rows + len(rows)
        between = mean - own.mean
        apart = np.vstack([rows - mean, np.sqrt(self.n_rows * len(rows) / n) * between])
        scatter = apart.T @ apart
        scatter += own.scatter
        return FeatureMoments(n, own.exponent, own.mean + len(rows) / n * between, scatter)

    def over(self, exponent):
        """The same of x / 2^exponent."""
        shift = self.exponent - exponent
        if shift == 0:
            return self
        return FeatureMoments(self.n_rows, exponent, np.ldexp(self.mean, shift), np.ldexp(self.scatter, 2 * shift))

    @property
    def covariance(self):
        """Divided by n - 1."""
        return self.scatter / (self.n_rows - 1)


@guarded
def normal_frechet_distance(
    mean_1: ArrayLike, covariance_1: ArrayLike, mean_2: ArrayLike, covariance_2: ArrayLike
) -> float:
    r"""Squared 2-Wasserstein distance between two normals given by their moments.

    .. math:: d^2 = \|m_1 - m_2\|^2 + \mathrm{tr}\, S_1 + \mathrm{tr}\, S_2 - 2\, \| S_1^{1/2} S_2^{1/2} \|_*

    whose nuclear norm (the sum of singular values) equals tr (S1^1/2 S2 S1^1/2)^1/2 without the square that would
    cost half the digits.

    Parameters
    ----------
    mean_1, mean_2 : array-like of shape (n_features,)
        Means.
    covariance_1, covariance_2 : array-like of shape (n_features, n_features)
        Symmetric positive semi-definite covariances; eigenvalues below 0, which rounding makes, count as 0.

    Returns
    -------
    distance : float
        At least 0.

    References
    ----------
    D. C. Dowson, B. V. Landau, "The Fréchet distance between multivariate normal distributions", Journal of
    Multivariate Analysis 12, 1982, equation 4.

    Examples
    --------
    >>> from vaekit.metrics import normal_frechet_distance
    >>> normal_frechet_distance([0.0], [[1.0]], [1.0], [[4.0]])
    2.0
    """
    m1, m2, S1, S2 = (np.asarray(moment, dtype=np.float64) for moment in (mean_1, mean_2, covariance_1, covariance_2))
    nuclear_norm = np.linalg.norm(_square_root(S1) @ _square_root(S2), ord="nuc")
    return max(0.0, float(np.sum((m1 - m2) ** 2) + np.trace(S1) + np.trace(S2) - 2 * nuclear_norm))


def _square_root(S):
    """S^1/2 of a symmetric positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(S)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T
