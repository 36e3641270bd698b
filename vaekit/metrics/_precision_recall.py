"""Fidelity and diversity of generated samples, from balls around nearest neighbours."""

import numbers
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from vaekit.metrics._parameters import metric
from vaekit.tables._feature_sets import common_exponent, open_two_sets
from vaekit.utils._repr import short_repr

DISTANCES_AT_ONCE = 2**24  # 128 MiB of float64


class PrecisionRecallScores(NamedTuple):
    """What `precision_recall_scores` returns, each a float."""

    precision: float
    recall: float
    density: float
    coverage: float

    __repr__ = short_repr


@metric
def precision_recall_scores(features_real: ArrayLike, features_fake: ArrayLike, *, k: int = 5) -> PrecisionRecallScores:
    r"""Precision, recall, density and coverage of generated samples.

    With B_k(r_i) the closed ball around a point that reaches to its k-th nearest other point of the same set, reals r_i
    (i = 1 .. n) and fakes f_j (j = 1 .. m),

    .. math::
        \text{precision} &= \tfrac{1}{m} \sum_j 1[f_j \in \cup_i B_k(r_i)] \qquad
        \text{recall} = \tfrac{1}{n} \sum_i 1[r_i \in \cup_j B_k(f_j)] \\
        \text{density} &= \tfrac{1}{k m} \sum_j \sum_i 1[f_j \in B_k(r_i)] \qquad
        \text{coverage} = \tfrac{1}{n} \sum_i 1[\min_j d(r_i, f_j) \leq \text{radius of } B_k(r_i)]

    Parameters
    ----------
    k : int, default=5
        Which neighbour sets the radius, at least 1 and less than either number of rows. A larger k makes wider balls
        and higher scores.

    Returns
    -------
    scores : PrecisionRecallScores
        `precision` (do samples look like data), `recall` (does every part of the data get generated), and their
        forms that a few outliers cannot spoil, `density` and `coverage`. Higher is better; within [0, 1], but density
        is unbounded (1 in expectation for samples of the data's own distribution).

    Raises
    ------
    ValueError
        If k is not below both numbers of rows, numbers of features differ, or a value is not finite.

    Notes
    -----
    Distances are sums of squared differences, never expanded into products: a sample that copies a row then has that
    row's own distances to the last digit, and ties fall the same way every time. Where rows repeat, the balls' surfaces
    count: copies of data have precision 1 whatever the radius, 0 included, and the density of a set in itself is
    (k + 1) / k, each row being in its own ball, too. Time of order (n + m)^2 x n_features; memory of a block of rows
    and of 128 MiB of distances. Compare at equal k, numbers of rows, and features.

    References
    ----------
    T. Kynkäänniemi, T. Karras, S. Laine, J. Lehtinen, T. Aila, "Improved Precision and Recall Metric for Assessing
    Generative Models", NeurIPS 2019, equations 1-2, https://arxiv.org/abs/1904.06991;
    M. F. Naeem, S. J. Oh, Y. Uh, Y. Choi, J. Yoo, "Reliable Fidelity and Diversity Metrics for Generative Models",
    ICML 2020, equations 3-4, https://arxiv.org/abs/2002.09797

    Examples
    --------
    >>> from vaekit.metrics import precision_recall_scores
    >>> precision_recall_scores([[0], [1], [2], [4], [7]], [[0.5], [1.5], [8], [20]], k=2)
    PrecisionRecallScores(precision=0.75, recall=1.0, density=1.0, coverage=1.0)
    """
    real, fake = open_two_sets(features_real, features_fake, fewest=1)
    exponent = common_exponent(real, fake)
    _check_k(real, fake, k)
    real, fake = real.over(exponent), fake.over(exponent)
    radius_real, radius_fake = _radii(real, k), _radii(fake, k)
    balls_around_fake, nearest_real, inside_a_fake_ball = _tally(fake, real, radius_real, radius_fake)
    return PrecisionRecallScores(
        precision=float(np.mean(balls_around_fake > 0)),
        recall=float(np.mean(inside_a_fake_ball)),
        density=float(np.mean(balls_around_fake) / k),
        coverage=float(np.mean(nearest_real <= radius_real)),
    )


def _check_k(real, fake, k):
    fewest = min(len(real), len(fake))
    if not isinstance(k, numbers.Integral) or isinstance(k, bool) or not 1 <= k < fewest:
        raise ValueError(
            f"k must be an integer of at least 1, below the number of rows of either set ({fewest}), got {k!r}."
        )


def _distances(points, others):
    """Yield (slice of points, [(slice of others, their Euclidean distances), ...]), some of either at a time."""
    n_others = min(len(others), others.rows_at_once, DISTANCES_AT_ONCE)
    for rows, block in points.blocks(max(1, DISTANCES_AT_ONCE // n_others)):
        yield rows, ((columns, cdist(block, against)) for columns, against in others.blocks(n_others))


def _radii(points, k):
    """Distance of each point to its k-th nearest other one (its own zero comes before)."""
    return np.concatenate([_smallest(parts, k + 1).max(axis=1) for _, parts in _distances(points, points)])


def _smallest(parts, n_kept):
    """The so many smallest distances of each row, in any order."""
    kept = None
    for _, distance in parts:
        both = distance if kept is None else np.hstack([kept, distance])
        kept = both if both.shape[1] <= n_kept else np.partition(both, n_kept - 1, axis=1)[:, :n_kept].copy()
    return kept


def _tally(fake, real, radius_real, radius_fake):
    """Per fake, how many real balls hold it; per real, the nearest fake's distance and whether a fake ball holds it."""
    balls_around_fake = np.zeros(len(fake))
    nearest = np.full(len(real), np.inf)
    inside_a_fake_ball = np.zeros(len(real), dtype=bool)
    for rows, parts in _distances(fake, real):
        for columns, distance in parts:
            balls_around_fake[rows] += np.sum(distance <= radius_real[columns], axis=1)
            nearest[columns] = np.minimum(nearest[columns], distance.min(axis=0))
            inside_a_fake_ball[columns] |= np.any(distance <= radius_fake[rows, None], axis=0)
    return balls_around_fake, nearest, inside_a_fake_ball
