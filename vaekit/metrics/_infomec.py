"""Modularity, compactness and explicitness in terms of information."""

import numbers
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import OneHotEncoder

from vaekit.metrics._learning import split_rows, standardize
from vaekit.metrics._measure import Information
from vaekit.metrics._neighbours import neighbour_information, takes_few_values
from vaekit.metrics._parameters import metric
from vaekit.tables._validation import at_unit_scale, check_mixed_factors_codes
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._typing import RandomStateLike

WEAK_PENALTY = 1e5  # of weights that would grow without end where codes tell values apart, and make one error dear


class InfoMECScores(NamedTuple):
    """InfoM, InfoC and InfoE, each a float."""

    modularity: float
    compactness: float
    explicitness: float

    __repr__ = short_repr


@metric
def infomec_scores(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_neighbors: int = 10,
    active_range: float = 0.05,
    n_train: int = 10000,
    n_test: int = 5000,
    n_jobs: int | None = None,
    random_state: RandomStateLike = None,
) -> InfoMECScores:
    r"""InfoM, InfoC and InfoE: whether codes serve one factor each, factors are in one code, and can be read off.

    With R_jk = I(z_j; v_k) / H(v_k), of K factors and the L codes that are active,

    .. math::
        \text{InfoM} &= \frac{\operatorname{mean}_j \left( \max_k R_{jk} / \sum_k R_{jk} \right) - 1/K}{1 - 1/K} \qquad
        \text{InfoC} = \frac{\operatorname{mean}_k \left( \max_j R_{jk} / \sum_j R_{jk} \right) - 1/L}{1 - 1/L} \\
        \text{InfoE} &= \operatorname{mean}_k \left( 1 - \frac{H(v_k | z)}{H(v_k)} \right)

    where the H(v_k | z) of InfoE is the log-loss of a multinomial logistic regression on all codes, and its H(v_k) that
    of the frequencies alone, both on rows that neither has seen.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        Codes, at least two. Those whose values repeat, and are no more than automatic bins, are counted and read off
        value by value (of quantised models, or of codes that are factors); others go by neighbours and are
        standardised.
    active_range : float, default=0.05
        A code is active if its range is more than this share of the largest one, or if it has few values and varies.

    Returns
    -------
    scores : InfoMECScores
        `modularity` (InfoM), `compactness` (InfoC) and `explicitness` (InfoE), each in [0, 1], higher is better; 0
        when no code is active. One active code has no rival, and a compactness of 0.

    Raises
    ------
    ValueError
        If there are fewer than two factors or codes, or the input is bad.

    Notes
    -----
    Factors that are continuous are taken as numbers: their H is the information that the same estimate finds them to
    have of themselves, and InfoE the coefficient of determination of a linear regression. A share of nothing is that
    of chance: an active code that informs about no factor, and a factor that no code informs about, count 0.

    References
    ----------
    K. Hsu, W. Dorrell, J. C. R. Whittington, J. Wu, C. Finn, "Disentanglement via Latent Quantization", NeurIPS 2023,
    section 5, https://arxiv.org/abs/2305.18378. The authors' code scores InfoE on the rows of the fit, with classes
    balanced in the fit alone; here rows are held out, and all rows weigh the same.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import infomec_scores
    >>> factors = np.tile([[0, 0], [0, 1], [1, 0], [1, 1]], (20, 1))
    >>> modularity, compactness, explicitness = infomec_scores(factors, factors * 2.5, random_state=0)
    >>> round(modularity, 3), round(compactness, 3), round(explicitness, 2)
    (1.0, 1.0, 1.0)
    """
    if not isinstance(active_range, numbers.Real) or not 0 <= active_range < 1:
        raise ValueError(f"active_range must be a number from 0 up to 1, got {active_range!r}.")
    factors, continuous, codes = check_mixed_factors_codes(factors, codes, min_factors=2, min_codes=2, keep_scale=True)
    unit, exponent = at_unit_scale(codes)
    discrete = takes_few_values(unit, factors, continuous)
    active = active_codes(unit, exponent, discrete, active_range)
    if not active.any():
        return InfoMECScores(0.0, 0.0, 0.0)
    shares = Information(*neighbour_information(factors, continuous, unit[:, active], n_neighbors)).shares
    train, test = split_rows(len(unit), n_train, n_test, make_random_state(random_state))
    varies = np.ptp(unit, axis=0) > 0
    regressors = read_value_by_value(unit[:, varies], discrete[varies], train)
    explained = Parallel(n_jobs=n_jobs)(
        delayed(explained_share)(regressors, *factor, train, test) for factor in zip(factors.T, continuous)
    )
    return InfoMECScores(concentration(shares), concentration(shares.T), float(np.mean(explained)))


def active_codes(unit, exponent, discrete, active_range):
    """Tell the codes that vary, and unless they have few values move more than a share of the furthest one's range."""
    ranges = np.ldexp(np.ptp(unit, axis=0), exponent - exponent.max())
    return (ranges > active_range * ranges.max()) | (discrete & (np.ptp(unit, axis=0) > 0))


def concentration(shares):
    """Mean over rows of the largest entry's part in their sum, 1 for a row of one entry and 0 for an even one."""
    n = shares.shape[1]
    total = shares.sum(axis=1)
    part = np.divide(shares.max(axis=1), total, out=np.full(len(shares), 1 / n), where=total > 0)
    return float((np.mean(part) - 1 / n) / (1 - 1 / n)) if n > 1 else 0.0


def read_value_by_value(codes, discrete, train):
    """Return what a linear model reads: standardised codes, and for those of few values a column for each value."""
    encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore").set_output(transform="default")
    columns = encoder.fit(codes[train][:, discrete]).transform(codes[:, discrete]) if discrete.any() else codes[:, :0]
    return np.hstack([standardize(codes, train)[:, ~discrete], columns])


def explained_share(regressors, factor, is_continuous, train, test):
    """Of what is unknown of a factor in the test rows, the share that a linear model explains; at least 0."""
    if is_continuous:
        model = LinearRegression().fit(regressors[train], factor[train])
        return max(0.0, model.score(regressors[test], factor[test])) if np.ptp(factor[test]) > 0 else 0.0
    frequencies = np.bincount(factor[train].astype(np.intp)) / len(train)
    test = test[np.isin(factor[test], factor[train])]  # a value that was never seen has no probability
    labels = np.searchsorted(np.flatnonzero(frequencies), factor[test])
    unknown = -np.mean(np.log(frequencies[factor[test].astype(np.intp)])) if len(test) else 0.0
    if unknown == 0:
        return 0.0
    model = LogisticRegression(C=WEAK_PENALTY, solver="newton-cg", max_iter=1000, tol=1e-6).fit(
        regressors[train], factor[train]
    )
    log_loss = -np.mean(model.predict_log_proba(regressors[test])[np.arange(len(test)), labels])
    return max(0.0, 1 - log_loss / unknown)
