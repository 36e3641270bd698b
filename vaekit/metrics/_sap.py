"""Separated attribute predictability."""

from typing import Any, Literal

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.svm import LinearSVC

from vaekit.metrics._average import average_factors, gap_of_top_two
from vaekit.metrics._learning import draw_seeds, fit_classifier, split_rows, standardize
from vaekit.metrics._parameters import metric
from vaekit.tables._validation import check_factors_codes
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike


@metric
def sap_score(
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
    r"""Separated attribute predictability: how much better the best single code predicts a factor than the second best.

    .. math:: SAP = \frac{1}{K} \sum_k \left( S_{(1) k} - S_{(2) k} \right)

    where S_jk is the test accuracy of a linear support vector machine that predicts factor k from code j alone, or
    the squared correlation of the two with ``continuous_factors="regress"``.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        Codes, at least two. The support vector machine is penalised (``C=0.01``) and sees them standardised, so that
        neither form depends on their scale and origin. (As published it sees them as they are, so that its penalty, and
        the score, change with their unit.)
    n_train, n_test : int, default=10000, 5000
        Rows to fit the classifiers and to score them on, disjoint and drawn at random; of fewer rows the same shares.
        The squared correlation uses all rows.
    continuous_factors : {"error", "bin", "regress"}, default="error"
        Refuse continuous factors, cut them into `n_bins` bins of equal width, or take *every* factor as a number.
    n_jobs : int or None, default=None
        Codes handled at a time, as in joblib.

    Returns
    -------
    score : float, or ndarray of shape (n_factors,) with ``average=None``
        Between 0 and 1, higher is better; near 0 by chance.

    Raises
    ------
    ValueError
        If there are fewer than two codes, or the input is bad.

    Notes
    -----
    A single threshold per class on one code cannot single out a middle value, so that perfect codes of a factor with
    many values score well below 1 in the discrete form; in the regression form they score 1.

    References
    ----------
    A. Kumar, P. Sattigeri, A. Balakrishnan, "Variational Inference of Disentangled Latent Concepts from Unlabeled
    Observations", ICLR 2018, section 3, https://arxiv.org/abs/1711.00848. Classifier as in F. Locatello et al., ICML
    2019 (disentanglement_lib).

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import sap_score
    >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(sap_score(factors, factors * 2.5, continuous_factors="regress"), 3)
    1.0
    """
    factors, codes = check_factors_codes(
        factors, codes, continuous_factors=continuous_factors, n_bins=n_bins, regress=True, min_codes=2
    )
    if continuous_factors == "regress":
        predictability = squared_correlation(codes, factors)
    else:
        rng = make_random_state(random_state)
        train, test = split_rows(len(codes), n_train, n_test, rng)
        codes, seeds = standardize(codes, train), draw_seeds(codes.shape[1], rng)
        predictability = np.array(
            Parallel(n_jobs=n_jobs)(
                delayed(_accuracies_of_code)(code, factors, train, test, seed) for code, seed in zip(codes.T, seeds)
            )
        )
    return average_factors(gap_of_top_two(predictability), average)


def squared_correlation(codes, factors):
    """Squared correlation of each code with each factor, (n_codes, n_factors); 0 for a code that does not vary.

    Both are centred in place.
    """
    varies = np.ptp(codes, axis=0) > 0  # before centring: a constant need not equal its computed mean
    codes -= codes.mean(axis=0)
    factors -= factors.mean(axis=0)
    squares_of_codes = np.where(varies, np.vecdot(codes, codes, axis=0), np.inf)
    squares_of_factors = np.vecdot(factors, factors, axis=0)
    return (codes.T @ factors) ** 2 / np.outer(squares_of_codes, squares_of_factors)


def _accuracies_of_code(code, factors, train, test, seed):
    """Test accuracy of one standardised code for each factor."""
    code, machine = code[:, np.newaxis], LinearSVC(C=0.01, class_weight="balanced", random_state=seed)
    classifiers = (fit_classifier(clone(machine), code[train], factor[train]) for factor in factors.T)
    return [classifier.score(code[test], factor[test]) for classifier, factor in zip(classifiers, factors.T)]
