"""Disentanglement, completeness and informativeness."""

from typing import Any, Literal, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from scipy.stats import entropy
from sklearn.base import is_regressor
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.metrics import root_mean_squared_error

from vaekit.metrics._learning import draw_seeds, fit_classifier, seeded_clone, split_rows, standardize
from vaekit.metrics._parameters import metric
from vaekit.tables._validation import check_factors_codes
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._typing import RandomStateLike

SMALLEST_IMPORTANCE = 1e-11


class DCIScores(NamedTuple):
    """Disentanglement, completeness, informativeness, and the importance (n_codes, n_factors) behind them."""

    disentanglement: float
    completeness: float
    informativeness: float
    importance: np.ndarray

    __repr__ = short_repr


@metric
def dci_scores(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    estimator: Any = None,
    n_train: int = 10000,
    n_test: int = 5000,
    continuous_factors: str = "error",
    n_bins: int | Literal["auto"] = 20,
    n_jobs: int | None = None,
    random_state: RandomStateLike = None,
) -> DCIScores:
    r"""Disentanglement, completeness and informativeness, from how much each code matters for predicting each factor.

    With P the importance of code i for factor k, rows and columns normalised to sum to 1 inside the entropies H,

    .. math:: D = \sum_i \rho_i \left(1 - H_K(P_{i \cdot})\right), \qquad
              C = \sum_k \rho_k \left(1 - H_L(P_{\cdot k})\right),

    where rho is the share of the row (column) in the sum of P, and H has base K (L). D asks whether a code serves one
    factor, C whether a factor is kept in one code, and I is the accuracy of the predictions.

    Parameters
    ----------
    estimator : classifier or regressor, default=None
        Fitted once per factor, on standardised codes; it must have `feature_importances_` or `coef_` (their absolute
        values are the importances). None is gradient boosted trees with scikit-learn's defaults, the convention of the
        field; other estimators give other numbers. A regressor takes factors as numbers: `LassoCV()` is the first
        variant of the paper.
    continuous_factors : {"error", "bin", "regress"}, default="error"
        Refuse continuous factors, cut them into `n_bins` bins of equal width, or predict every factor as a number.

    Returns
    -------
    scores : DCIScores
        `disentanglement` and `completeness` in [0, 1]; `informativeness`, the mean test accuracy in [0, 1], or for
        regression the mean of 1 - RMSE / standard deviation (at most 1, 0 for the constant mean); `importance`, of
        shape (n_codes, n_factors). Higher is better.

    Raises
    ------
    ValueError
        If there are fewer than two factors or codes (base 1 has no entropy), or the input is bad.

    Notes
    -----
    Importances sum to 1 per factor however little they predict: read D and C beside I. Boosting grows one tree per
    value of a factor and round, so that factors of many values are slow (twelve values in all at 10000 rows and ten
    codes: half a minute), which `n_jobs` divides.

    References
    ----------
    C. Eastwood, C. K. I. Williams, "A Framework for the Quantitative Evaluation of Disentangled Representations",
    ICLR 2018, section 2, https://openreview.net/forum?id=By-7dz-AZ. Trees and the floor of 1e-11 as in F. Locatello
    et al., ICML 2019 (disentanglement_lib).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from vaekit.metrics import dci_scores
    >>> factors = np.random.default_rng(0).integers(3, size=(300, 2))
    >>> scores = dci_scores(factors, factors * 0.5, estimator=DecisionTreeClassifier(), random_state=0)
    >>> round(scores.disentanglement, 3), round(scores.completeness, 3), scores.informativeness
    (1.0, 1.0, 1.0)
    """
    estimator = _choose_estimator(estimator, continuous_factors)
    regress = is_regressor(estimator)
    factors, codes = check_factors_codes(
        factors,
        codes,
        continuous_factors="regress" if regress else continuous_factors,
        n_bins=n_bins,
        regress=True,
        min_factors=2,
        min_codes=2,
    )
    rng = make_random_state(random_state)
    train, test = split_rows(len(codes), n_train, n_test, rng)
    codes = standardize(codes, train)
    predict = _regress_factor if regress else _classify_factor
    results = Parallel(n_jobs=n_jobs)(
        delayed(predict)(seeded_clone(estimator, seed), codes, factor, train, test)
        for factor, seed in zip(factors.T, draw_seeds(factors.shape[1], rng))
    )
    importance, informativeness = (np.array(column) for column in zip(*results))
    return scores_from_importance(importance.T, informativeness.mean())


def scores_from_importance(importance, informativeness):
    """Name the scores of an importance matrix (n_codes, n_factors)."""
    return DCIScores(
        disentanglement_from_importance(importance),
        completeness_from_importance(importance),
        float(informativeness),
        importance,
    )


def disentanglement_from_importance(importance):
    """Mean over codes, weighted by their importance, of 1 - H_K(row)."""
    n_factors = importance.shape[1]
    per_code = 1 - entropy(importance + SMALLEST_IMPORTANCE, base=n_factors, axis=1)
    return float(np.average(per_code, weights=_weights(importance.sum(axis=1))))


def completeness_from_importance(importance):
    """Mean over factors, weighted by their importance, of 1 - H_L(column)."""
    return disentanglement_from_importance(importance.T)


def _choose_estimator(estimator, continuous_factors):
    """Boosted trees, unless another estimator is given."""
    if estimator is None:
        return GradientBoostingRegressor() if continuous_factors == "regress" else GradientBoostingClassifier()
    if continuous_factors == "regress" and not is_regressor(estimator):
        raise ValueError(f"continuous_factors='regress' needs a regressor, got estimator={estimator!r}.")
    return estimator


def _weights(importance):
    return importance if importance.sum() > 0 else np.ones_like(importance)


def _classify_factor(classifier, codes, factor, train, test):
    classifier = fit_classifier(classifier, codes[train], factor[train])
    return _importance_of_codes(classifier, codes.shape[1]), classifier.score(codes[test], factor[test])


def _regress_factor(regressor, codes, factor, train, test):
    scale = factor[train].std() or 1.0
    target = (factor - factor[train].mean()) / scale
    regressor.fit(codes[train], target[train])
    error = root_mean_squared_error(target[test], regressor.predict(codes[test]))
    return _importance_of_codes(regressor, codes.shape[1]), 1 - error


def _importance_of_codes(fitted, n_codes):
    if hasattr(fitted, "feature_importances_"):
        return np.abs(fitted.feature_importances_)
    if hasattr(fitted, "coef_"):
        return np.abs(np.atleast_2d(fitted.coef_)).mean(axis=0)
    if hasattr(fitted, "constant_"):  # one class in the training rows: no code matters
        return np.zeros(n_codes)
    raise ValueError(f"{type(fitted).__name__} has neither feature_importances_ nor coef_, which DCI reads.")
