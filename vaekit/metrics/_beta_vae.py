"""The beta-VAE metric: which factor two rows share, from how their codes differ."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression

from vaekit.metrics._interventions import draw_pairs, group_every_factor
from vaekit.metrics._learning import fit_classifier
from vaekit.metrics._parameters import metric
from vaekit.tables._validation import check_counts, check_factors_codes, within_scale
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike

POINTS_AT_ONCE = 256


@metric
def beta_vae_score(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_train: int = 10000,
    n_test: int = 5000,
    batch_size: int = 64,
    min_group: int = 2,
    continuous_factors: str = "error",
    n_bins: int | Literal["auto"] = 20,
    random_state: RandomStateLike = None,
) -> float:
    r"""Accuracy of a linear classifier that tells which factor pairs of rows share.

    A point is made from `batch_size` pairs that share a random factor k, whatever its value:

    .. math:: d = \frac{1}{B} \sum_b |z_b - z'_b|

    and a multinomial logistic regression predicts k from d.

    Parameters
    ----------
    factors : array-like of shape (n_samples, n_factors)
        Ground-truth factors, at least two. Pairs are drawn among the rows that share a value, so factors should be
        independent in the table (see :func:`factor_dependence`).
    codes : array-like of shape (n_samples, n_codes)
        Codes, such as posterior means. They are not rescaled: the regression is penalised (``C=1``), so that codes of
        tiny scale score lower, as the metric was published. Codes beyond a million, which no penalty reaches, are
        brought back to it.
    n_train, n_test : int, default=10000, 5000
        Points to fit the classifier on, and to count its successes on.
    batch_size : int, default=64
        Pairs of a point.

    Returns
    -------
    score : float
        Between 0 and 1, higher is better; 1/n_factors by chance. It is an accuracy, not an error rate, and it
        saturates: rotated codes can score 1 too.

    Raises
    ------
    ValueError
        If there are fewer than two factors, a factor has no value shared by `min_group` rows, a count is too small, or
        the input is bad.

    References
    ----------
    I. Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework", ICLR 2017,
    section 3, https://openreview.net/forum?id=Sy2fzU9gl. Classifier and counts as in F. Locatello et al., ICML 2019
    (disentanglement_lib).

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import beta_vae_score
    >>> rng = np.random.default_rng(0)
    >>> factors = rng.integers(3, size=(300, 2))
    >>> beta_vae_score(factors, factors[:, ::-1], n_train=200, n_test=100, random_state=0)
    1.0
    """
    check_counts(n_train=n_train, n_test=n_test, batch_size=batch_size)
    factors, codes = check_factors_codes(
        factors, codes, continuous_factors=continuous_factors, n_bins=n_bins, min_factors=2, keep_scale=True
    )
    groups = group_every_factor(factors, min_group)
    codes = np.ascontiguousarray(within_scale(codes))  # whole rows are drawn
    rng = make_random_state(random_state)
    points, shared = draw_points(groups, codes, n_train, batch_size, rng)
    classifier = fit_classifier(LogisticRegression(max_iter=1000), points, shared)
    return float(classifier.score(*draw_points(groups, codes, n_test, batch_size, rng)))


def draw_points(groups, codes, n_points, batch_size, rng):
    """Draw mean absolute differences of pairs, (n_points, n_codes), and the factor that each shares."""
    points_per_factor = rng.multinomial(n_points, np.full(len(groups), 1 / len(groups)))
    points = []
    for group, n_k in zip(groups, points_per_factor):
        for start in range(0, n_k, POINTS_AT_ONCE):
            first, second = draw_pairs(group, min(POINTS_AT_ONCE, n_k - start), batch_size, rng)
            points.append(np.abs(codes[first] - codes[second]).mean(axis=0))
    return np.concatenate(points), np.repeat(np.arange(len(groups)), points_per_factor)
