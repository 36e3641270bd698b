"""Mutual information between factors and codes, between codes, between factors."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.utils import resample

from vaekit.metrics._measure import measure_information
from vaekit.metrics._parameters import metric
from vaekit.tables._discretize import discretize, mutual_information
from vaekit.tables._validation import (
    at_unit_scale,
    check_binning_options,
    check_bins,
    check_codes,
    check_factors,
)

MOST_ROWS_OF_DEPENDENCE = 5000


@metric
def mutual_info_matrix(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_bins: int | Literal["auto"] = 20,
    binning: str = "uniform",
    continuous_factors: str = "error",
    estimator: str = "bins",
    n_neighbors: int = 10,
) -> np.ndarray:
    r"""Mutual information of each code with each factor.

    .. math:: I(z_j; v_k) = H(z_j) + H(v_k) - H(z_j, v_k)

    from counts, with each code cut into bins; or from the distances of neighbours.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes) or (n_draws, n_samples, n_codes)
        Codes, such as posterior means; or draws from q(z|x), each of which then counts as a row.

    Returns
    -------
    information : ndarray of shape (n_codes, n_factors)
        In nats, between 0 and the entropy of the factor. Factors of one value are left out.

    Notes
    -----
    Counting is biased upwards, by about (bins - 1)(values - 1) / 2n nats for an independent code. Neighbours are
    nearly unbiased there, but find no more than about log(n / n_neighbors) nats between continuous columns.

    References
    ----------
    A. Kraskov, H. Stoegbauer, P. Grassberger, "Estimating Mutual Information", Physical Review E 69, 2004, equation 8,
    https://arxiv.org/abs/cond-mat/0305641; B. C. Ross, "Mutual Information between Discrete and Continuous Data Sets",
    PLoS ONE 9, 2014, equation 2, https://doi.org/10.1371/journal.pone.0087357 (as in scikit-learn).

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import mutual_info_matrix
    >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> mutual_info_matrix(factors, factors.astype(float)).round(3)
    array([[0.693, 0.   ],
           [0.   , 0.693]])
    """
    return measure_information(factors, codes, n_bins, binning, continuous_factors, estimator, n_neighbors).shared


@metric
def code_mutual_information(codes: ArrayLike, *, n_bins: int | Literal["auto"] = 20, binning: str = "uniform") -> float:
    r"""Mean mutual information between two different codes, in nats; 0 for independent codes.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        Codes, at least two columns. There are no factors here, so that ``n_bins="auto"`` is 20 bins.

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


@metric
def factor_dependence(
    factors: ArrayLike, *, n_bins: int | Literal["auto"] = 20, continuous_factors: str = "error"
) -> float:
    r"""Largest adjusted mutual information between two factors: how far the table is from independent factors.

    .. math:: \max_{k \neq l} \; \max\left(0, \;
              \frac{I(v_k; v_l) - E_{kl}}{\tfrac{1}{2} \left( H(v_k) + H(v_l) \right) - E_{kl}} \right)

    where E is the information that counting finds on average when the values of the two columns are paired at random:
    many values in few rows share much of it by chance alone.

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
