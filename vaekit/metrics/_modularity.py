"""Modularity and explicitness."""

from typing import Any, Literal

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from vaekit.metrics._average import average_factors
from vaekit.metrics._learning import split_rows, standardize
from vaekit.metrics._measure import measure_information
from vaekit.metrics._parameters import metric
from vaekit.tables._validation import check_factors_codes
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike


@metric
def modularity_score(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_bins: int | Literal["auto"] = 20,
    binning: str = "uniform",
    continuous_factors: str = "error",
) -> float:
    r"""Modularity: whether each code informs about one factor at most.

    .. math:: \frac{1}{L} \sum_j \left( 1 - \frac{\sum_k m_{jk}^2 - \max_k m_{jk}^2}{(K - 1) \max_k m_{jk}^2} \right)

    where m_jk is the mutual information of code j and factor k; a code that informs about nothing counts 0. There must
    be at least two factors. Draws of codes are taken as in :func:`mutual_info_matrix`.

    Returns
    -------
    score : float
        Between 0 and 1, higher is better.

    Notes
    -----
    Blind to what is missing: one code that holds one factor scores as well as a full set, and duplicated codes cost
    nothing. A useless code scores not 0 but what its estimation noise looks like, often above one half (0.58 for ten
    codes of noise against three factors).

    References
    ----------
    K. Ridgeway, M. C. Mozer, "Learning Deep Disentangled Embeddings with the F-Statistic Loss", NeurIPS 2018,
    section 3, https://arxiv.org/abs/1802.05312.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import modularity_score
    >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(modularity_score(factors, factors * 2.5), 3)
    1.0
    """
    information = measure_information(factors, codes, n_bins, binning, continuous_factors, min_factors=2)
    return modularity_from_information(information.shared)


def modularity_from_information(information):
    """Mean over codes of the modularity of a row of the (n_codes, n_factors) matrix of mutual informations."""
    squared = information**2
    largest = squared.max(axis=1)
    informs = largest > 0
    leak = (squared.sum(axis=1) - largest)[informs] / (largest[informs] * (information.shape[1] - 1))
    return float(np.sum(1 - leak) / len(information))


@metric
def explicitness_score(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_train: int = 10000,
    n_test: int = 5000,
    continuous_factors: str = "error",
    n_bins: int | Literal["auto"] = 20,
    average: str | None = "macro",
    n_jobs: int | None = None,
    random_state: RandomStateLike = None,
) -> float | Any:
    """Explicitness: how well a logistic regression on all codes ranks each value of a factor above the others.

    For each factor, the mean over its values of the one-versus-rest area under the ROC curve, on rows that the
    regression has not seen.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        Codes; they are standardised.

    Returns
    -------
    score : float, or ndarray of shape (n_factors,) with ``average=None``
        Between 0 and 1, higher is better; 0.5 by chance. Values absent from the training or from the test rows are
        skipped.

    Raises
    ------
    ValueError
        If a factor has fewer than two values in the training rows or in the test rows, or the input is bad.

    Notes
    -----
    Indifferent to rotations of the codes: it asks whether the factors are there, not whether they are apart.

    References
    ----------
    K. Ridgeway, M. C. Mozer, "Learning Deep Disentangled Embeddings with the F-Statistic Loss", NeurIPS 2018,
    section 3, https://arxiv.org/abs/1802.05312.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import explicitness_score
    >>> factors = np.random.default_rng(0).integers(2, size=(60, 2))
    >>> explicitness_score(factors, factors * 2.5, random_state=0)
    1.0
    """
    factors, codes = check_factors_codes(factors, codes, continuous_factors=continuous_factors, n_bins=n_bins)
    train, test = split_rows(len(codes), n_train, n_test, make_random_state(random_state))
    scaled = standardize(codes, train)
    areas = Parallel(n_jobs=n_jobs)(
        delayed(_area_of_factor)(scaled[train], factor[train], scaled[test], factor[test]) for factor in factors.T
    )
    return average_factors(np.array(areas), average)


def _area_of_factor(codes_train, factor_train, codes_test, factor_test):
    for rows, values in (("training", factor_train), ("test", factor_test)):
        if len(np.unique(values)) < 2:
            raise ValueError(f"A factor has one value only in the {rows} rows: explicitness needs more rows.")
    if not np.isin(factor_test, factor_train).any():
        raise ValueError("A factor has no value both in the training and in the test rows: explicitness needs more.")
    classifier = LogisticRegression(max_iter=1000).fit(codes_train, factor_train)
    return macro_area_under_curve(factor_test, classifier.predict_proba(codes_test), classifier.classes_)


def macro_area_under_curve(factor, probabilities, classes):
    """Mean over the classes that occur of the one-versus-rest area under the ROC curve."""
    pairs = zip(classes, probabilities.T)
    return np.mean([roc_auc_score(factor == value, column) for value, column in pairs if np.any(factor == value)])
