"""Intervals of any metric from halves of the rows."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length

from vaekit.metrics._learning import draw_seeds
from vaekit.tables._containers import as_array
from vaekit.tables._validation import check_counts
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._typing import RandomStateLike

N_ORDERS = 20


class BootstrapInterval(NamedTuple):
    """The metric of all rows, and the two ends of its interval."""

    value: float
    low: float
    high: float

    __repr__ = short_repr


@guarded_arithmetic
def bootstrap_interval(
    metric: Callable[..., Any],
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_resamples: int = 200,
    confidence_level: float = 0.95,
    n_jobs: int | None = None,
    random_state: RandomStateLike = None,
    **options: Any,
) -> BootstrapInterval:
    r"""Interval for a metric, from random halves of the rows: the half-sample bootstrap.

    .. math:: [\, 2 m - q_{1 - \alpha / 2},\; 2 m - q_{\alpha / 2} \,]

    where m is the metric of all rows, averaged over 20 orders of them, q the quantiles of the metric of halves drawn
    without replacement, and 1 - alpha the confidence level.

    Parameters
    ----------
    metric : callable
        Called as ``metric(factors, codes, **options)``; returns a number, or an array.
    factors : array-like of shape (n_samples,) or (n_samples, n_factors)
        Ground-truth factors.
    codes : array-like of shape (n_samples, n_codes)
        Codes.
    n_resamples : int, default=200
        Number of halves.
    confidence_level : float, default=0.95
        Between 0 and 1.
    n_jobs : int or None, default=None
        Halves handled at a time, as in joblib.
    random_state : int, RandomState instance or None, default=None
        Source of the halves and orders.
    **options
        Passed to the metric. Give a metric that draws its own `random_state` here, under a lambda if need be.

    Returns
    -------
    interval : BootstrapInterval
        `value`, `low` and `high`, in the metric's unit. The ends are not cut to the metric's range.

    Raises
    ------
    ValueError
        If `confidence_level` or `n_resamples` is out of range, or the numbers of rows differ.

    Notes
    -----
    A half varies around all n rows as these vary around the truth, since 1/m - 1/n = 1/n for m = n/2, and what a
    metric owes to few rows, if it falls as 1/n, it owes once more in a half. The interval takes that off: it is one
    for the metric of many rows, and in small tables the value itself can lie outside (counted information is too
    high there). No row is drawn twice, so that no metric is tested on a copy of a row it learned from, and none
    counts copies. The orders matter to metrics that split the rows or draw some, and do so anew in each: reflected at
    a single split, the luck of that split would count double.

    At level 0.95 the mutual information gap of many rows was held by .72 to .95 of the intervals of 300 rows, and .82
    to .95 of those of 2000. Fewer hold it where the best two codes nearly tie, where a score still changes steeply with
    the rows it learns from (trees, penalised classifiers), at the end of a scale, and where there is no limit.

    References
    ----------
    A. C. Davison, D. V. Hinkley, "Bootstrap Methods and Their Application", Cambridge 1997, chapter 5 (the reflected,
    "basic" interval). B. Efron, "The Jackknife, the Bootstrap and Other Resampling Plans", SIAM 1982, chapters 8 and 9
    (half-samples, random subsamples).

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import bootstrap_interval, mig_score
    >>> rng = np.random.default_rng(0)
    >>> factors = rng.integers(3, size=(500, 2))
    >>> codes = factors + rng.normal(scale=0.3, size=(500, 2))
    >>> value, low, high = bootstrap_interval(mig_score, factors, codes, n_resamples=50, random_state=0)
    >>> bool(low < high < low + 0.2)
    True
    """
    if not 0 < confidence_level < 1:
        raise ValueError(f"confidence_level must lie between 0 and 1, got {confidence_level!r}.")
    check_counts(2, n_resamples=n_resamples)
    factors, codes = as_array(factors), as_array(codes)
    check_consistent_length(factors, codes)
    n, rng = len(codes), make_random_state(random_state)
    n_rows = [n] * N_ORDERS + [n // 2] * n_resamples
    seeds = draw_seeds(len(n_rows), rng)
    scores = Parallel(n_jobs=n_jobs)(
        delayed(_score_some)(metric, factors, codes, options, *some) for some in zip(seeds, n_rows)
    )
    centre = np.mean(scores[:N_ORDERS], axis=0)
    tail = (1 - confidence_level) / 2
    lower, upper = np.quantile(scores[N_ORDERS:], [tail, 1 - tail], axis=0)
    ends = metric(factors, codes, **options), 2 * centre - upper, 2 * centre - lower
    return BootstrapInterval(*map(_plain, ends))


def _plain(score):
    """Return a number as a float of Python's, an array as it is."""
    return score if np.ndim(score) else float(score)


def _score_some(metric, factors, codes, options, seed, n_rows):
    """Score some of the rows, in random order and without any twice."""
    rows = np.random.RandomState(seed).permutation(len(codes))[:n_rows]
    return metric(factors[rows], codes[rows], **options)
