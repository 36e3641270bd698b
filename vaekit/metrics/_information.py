"""Mutual information between factors and codes, between codes, between factors."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.utils import resample

from vaekit.tables._discretize import discretize, mutual_information
from vaekit.tables._validation import (
    at_unit_scale,
    check_binning_options,
    check_bins,
    check_codes,
    check_factors,
    check_factors_codes,
    pool_draws,
)
from vaekit.utils._ambient import guarded

MOST_ROWS_OF_DEPENDENCE = 5000


@guarded
def mutual_info_matrix(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_bins: int | Literal["auto"] = 20,
    binning: str = "uniform",
    continuous_factors: str = "error",
) -> np.ndarray:
    r"""Mutual information of each code with each factor.

    .. math:: I(z_j; v_k) = H(z_j) + H(v_k) - H(z_j, v_k)

    from counts, with each code cut into bins.

    Parameters
    ----------
    factors : array-like of shape (n_samples,) or (n_samples, n_factors)
        Ground-truth factors.
    codes : array-like of shape (n_samples, n_codes) or (n_draws, n_samples, n_codes)
        Codes, such as posterior means; or draws from q(z|x), each of which then counts as a row.
    n_bins : int or "auto", default=20
        Bins of each code. More bins see finer codes and add more bias; fewer bins than a factor has values cap what
        even a perfect code can tell at log(n_bins). "auto" takes as many as tell the values of every factor apart (at
        least 20, at most twice the values, as far as the rows allow) and keeps the values of codes that have no more of
        them. Continuous factors are cut into the same number, with "auto" into 20.
    binning : {"uniform", "quantile"}, default="uniform"
        Bins of equal width over the code's own range, which one outlier can stretch, or of equal counts.
    continuous_factors : {"error", "bin"}, default="error"
        Refuse continuous factors or cut them into `n_bins` bins of equal width.

    Returns
    -------
    information : ndarray of shape (n_codes, n_factors)
        In nats, between 0 and the entropy of the factor. Factors of one value are left out.

    Raises
    ------
    ValueError
        If rows are missing, not finite or of different number, or factors are continuous.

    Notes
    -----
    The plug-in estimate is biased upwards, by about (bins - 1)(values - 1) / 2n nats for an independent code.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import mutual_info_matrix
    >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> mutual_info_matrix(factors, factors.astype(float)).round(3)
    array([[0.693, 0.   ],
           [0.   , 0.693]])
    """
    factors, codes = pool_draws(factors, codes)
    factors, codes = check_factors_codes(
        factors, codes, continuous_factors=continuous_factors, n_bins=check_bins(n_bins)
    )
    return mutual_information(discretize(codes, n_bins, binning, factors), factors)


@guarded
def code_mutual_information(codes: ArrayLike, *, n_bins: int | Literal["auto"] = 20, binning: str = "uniform") -> float:
    r"""Mean mutual information between two different codes, in nats; 0 for independent codes.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        Codes, at least two columns.
    n_bins, binning
        As in :func:`mutual_info_matrix`; there are no factors here, so that "auto" is 20 bins, and codes of no more
        values keep these.

    Returns
    -------
    information : float
        At least 0; lower is more independent.

    References
    ----------
    F. Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of Disentangled
    Representations", ICML 2019, https://arxiv.org/abs/1811.12359, among its unsupervised scores.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import code_mutual_information
    >>> codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(code_mutual_information(codes), 3)
    0.0
    """
    check_bins(n_bins)
    codes = at_unit_scale(check_codes(codes))[0]
    n_codes = codes.shape[1]
    if n_codes < 2:
        raise ValueError("Mutual information between codes needs at least 2 codes, got 1.")
    bins = discretize(codes, n_bins, binning)
    information = mutual_information(bins, bins)
    return float((information.sum() - np.trace(information)) / (n_codes * (n_codes - 1)))


@guarded
def factor_dependence(
    factors: ArrayLike, *, n_bins: int | Literal["auto"] = 20, continuous_factors: str = "error"
) -> float:
    r"""Largest adjusted mutual information between two factors: how far the table is from independent factors.

    .. math:: \max_{k \neq l} \; \max\left(0, \;
              \frac{I(v_k; v_l) - E_{kl}}{\tfrac{1}{2} \left( H(v_k) + H(v_l) \right) - E_{kl}} \right)

    where E is the information that counting finds on average when the values of the two columns are paired at random:
    many values in few rows share much of it by chance alone.

    Parameters
    ----------
    factors : array-like of shape (n_samples,) or (n_samples, n_factors)
        Ground-truth factors.
    n_bins : int, default=20
        Bins of a continuous factor.
    continuous_factors : {"error", "bin"}, default="error"
        As in :func:`mutual_info_matrix`.

    Returns
    -------
    dependence : float
        Between 0 (independent, or a single factor) and 1 (one factor gives another away). Above 0.1 the metrics that
        fix one factor (:func:`beta_vae_score`, :func:`factor_vae_score`) warn: fixing it then fixes others too.

    Notes
    -----
    The cost of E grows with rows and values, so that tables of more than 5000 rows are judged by 5000 of them, drawn
    with a fixed seed: dependence does not need more.

    References
    ----------
    N. X. Vinh, J. Epps, J. Bailey, "Information Theoretic Measures for Clusterings Comparison: Variants, Properties,
    Normalization and Correction for Chance", JMLR 2010, https://jmlr.org/papers/v11/vinh10a.html, the variant that
    divides by the mean entropy.

    Examples
    --------
    >>> from vaekit.metrics import factor_dependence
    >>> factor_dependence([[0, 0], [0, 1], [1, 0], [1, 1]])
    0.0
    """
    check_binning_options(continuous_factors, n_bins)
    return dependence_of_labels(check_factors(factors, continuous_factors=continuous_factors, n_bins=n_bins))


def dependence_of_labels(labels, least=0.0):
    """Largest adjusted mutual information of two columns of integer labels, in [0, 1]; 0 for one of at most `least`."""
    if len(labels) > MOST_ROWS_OF_DEPENDENCE:
        labels = resample(labels, replace=False, n_samples=MOST_ROWS_OF_DEPENDENCE, random_state=0)
    information = mutual_information(labels, labels)
    entropy = np.diag(information)
    # taking chance away from both lowers a share: the adjusted one, which is dear, is at most the plain one
    pairs = np.argwhere(np.triu(2 * information > least * (entropy[:, np.newaxis] + entropy), k=1))
    adjusted = [adjusted_mutual_info_score(*labels.T[pair]) for pair in pairs]
    return float(np.clip(max(adjusted, default=0.0), 0.0, 1.0))
