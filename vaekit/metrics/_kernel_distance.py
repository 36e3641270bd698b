"""Kernel distance between two sets of features."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaekit.metrics._parameters import metric
from vaekit.tables._feature_sets import FeatureSet, open_two_sets
from vaekit.tables._validation import check_counts
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._typing import RandomStateLike

MOST_ROWS_OF_A_SUBSET = 1000
ROWS_AT_ONCE = 2**11  # of either set: 32 MiB of kernels


class KernelDistance(NamedTuple):
    """The mean over subsets, and its standard error, each a float."""

    value: float
    standard_error: float

    __repr__ = short_repr


@metric
def kernel_distance(
    features_real: ArrayLike,
    features_fake: ArrayLike,
    *,
    n_subsets: int = 100,
    subset_size: int | None = None,
    random_state: RandomStateLike = None,
) -> KernelDistance:
    r"""Kernel distance (squared maximum mean discrepancy) between two sets of features, without bias.

    .. math::
        \frac{1}{m (m - 1)} \sum_{i \neq j} \left( k(r_i, r_j) + k(f_i, f_j) \right)
        - \frac{2}{m^2} \sum_{i, j} k(r_i, f_j), \qquad k(x, y) = \left( \tfrac{1}{d} x^\top y + 1 \right)^3

    averaged over subsets of m rows of d features from either set. On features of the Inception network it is the KID.

    Parameters
    ----------
    n_subsets : int, default=100
        Number of subsets, drawn without replacement inside each.
    subset_size : int, default=None
        m, at least 2 and at most the rows of the smaller set, of which it then is the one subset. None is half of
        these, but at most 1000.
    random_state : int, RandomState instance or None, default=None
        Source of the subsets.

    Returns
    -------
    distance : KernelDistance
        `value`, 0 in expectation between sets of one distribution, lower is better (negative values happen); and its
        `standard_error`, NaN if a subset holds all rows. Both are infinite where the kernel exceeds all floats.

    Notes
    -----
    Other than the Frechet distance, it does not depend on the number of rows. It does depend on the scale of the
    features, through the 1 in the kernel. Subsets overlap, so that their deviation s alone says too little of the mean:
    the standard error is :math:`s \sqrt{m / (n - m) + 1 / S}`, with n the rows of the smaller set and S the number of
    subsets (the delete-d jackknife, and the luck of the draw). Of features that stay on a disk the rows of a subset are
    read at a time.

    References
    ----------
    M. Binkowski, D. J. Sutherland, M. Arbel, A. Gretton, "Demystifying MMD GANs", ICLR 2018, section 4,
    https://arxiv.org/abs/1801.01401. J. Shao, C. F. J. Wu, "A General Theory for Jackknife Variance Estimation", Annals
    of Statistics 17, 1989, equation 2.4.

    Examples
    --------
    >>> from vaekit.metrics import kernel_distance
    >>> corners = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> round(kernel_distance(corners, [[x + 3, y] for x, y in corners], subset_size=4).value, 2)
    366.52
    """
    real, fake = open_two_sets(features_real, features_fake)
    n = min(len(real), len(fake))
    m = min(MOST_ROWS_OF_A_SUBSET, max(2, n // 2)) if subset_size is None else subset_size
    check_counts(n_subsets=n_subsets)
    check_counts(2, subset_size=m)
    if m > n:
        raise ValueError(f"subset_size must be at most the rows of the smaller set ({n}), got {m}.")
    if m == len(real) == len(fake):
        return KernelDistance(unbiased_mmd(real, fake), math.nan)
    rng = make_random_state(random_state)
    values = [unbiased_mmd(*(some(features, m, rng) for features in (real, fake))) for _ in range(n_subsets)]
    if not np.isfinite(values).all():
        return KernelDistance(math.inf, math.inf)
    spread = np.std(values, ddof=1) if n_subsets > 1 and m < n else math.nan
    return KernelDistance(float(np.mean(values)), float(spread * math.sqrt(m / max(1, n - m) + 1 / n_subsets)))


def some(features, m, rng):
    """m rows of a set, drawn without replacement."""
    return FeatureSet(features[rng.permutation(len(features))[:m]], features.name, is_checked=True)


def unbiased_mmd(real, fake):
    """Squared maximum mean discrepancy of the cubic kernel: a U-statistic of two sets of equally many rows."""
    m = len(real)
    within = sum(_sum(features, features) - _sum_of_diagonal(features) for features in (real, fake))
    distance = float(within / (m * (m - 1)) - 2 * _sum(real, fake) / m**2)
    return distance if math.isfinite(distance) else math.inf


def _sum(a, b):
    """Sum of the kernel over all pairs, some rows of either at a time."""
    return sum(_kernel(u, v).sum() for _, u in a.blocks(ROWS_AT_ONCE) for _, v in b.blocks(ROWS_AT_ONCE))


def _sum_of_diagonal(a):
    return sum(((np.einsum("ij,ij->i", u, u) / u.shape[1] + 1) ** 3).sum() for _, u in a.blocks())


def _kernel(u, v):
    return (u @ v.T / u.shape[1] + 1) ** 3
