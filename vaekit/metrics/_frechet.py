"""Fréchet distance between two sets of features."""

import numpy as np
from numpy.typing import ArrayLike

from vaekit.metrics._parameters import metric
from vaekit.tables._validation import at_common_scale, check_features
from vaekit.utils._ambient import guarded
from vaekit.utils._warnings import warn_user


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
    same features.

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
    real, fake = check_features(features_real, "features_real"), check_features(features_fake, "features_fake")
    real, fake, exponent = at_common_scale(real, fake)
    unit = normal_frechet_distance(
        *_mean_and_covariance(real, "features_real"), *_mean_and_covariance(fake, "features_fake")
    )
    with np.errstate(over="ignore"):
        return float(np.ldexp(unit, 2 * exponent))


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


def _mean_and_covariance(features, name):
    n, d = features.shape
    if n <= d:
        warn_user(
            f"{name} has {n} rows of {d} features: its covariance is singular and the distance strongly biased; take "
            "more rows or fewer features.",
        )
    return features.mean(axis=0), np.cov(features, rowvar=False).reshape(d, d)


def _square_root(S):
    """S^1/2 of a symmetric positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(S)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T
