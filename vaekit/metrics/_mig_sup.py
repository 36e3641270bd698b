"""Mutual information gap between factors, seen from each code."""

from typing import Any, Literal

from numpy.typing import ArrayLike

from vaekit.metrics._average import average_factors, gap_of_top_two
from vaekit.metrics._measure import measure_information
from vaekit.metrics._parameters import metric


@metric
def mig_sup_score(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_bins: int | Literal["auto"] = 20,
    binning: str = "uniform",
    continuous_factors: str = "error",
    estimator: str = "bins",
    n_neighbors: int = 10,
    average: str | None = "macro",
) -> float | Any:
    r"""MIG-sup: how much more a code says about its best factor than about its second best.

    .. math:: \frac{1}{L} \sum_j \left( \frac{I(z_j; v_{(1)})}{H(v_{(1)})} - \frac{I(z_j; v_{(2)})}{H(v_{(2)})} \right)

    where v_(1) and v_(2) are the factors of which code j knows the largest shares. There must be at least two. Draws of
    codes are taken as in :func:`mutual_info_matrix`.

    Parameters
    ----------
    average : {"macro", None}, default="macro"
        The mean over codes, or one gap per code.

    Returns
    -------
    score : float, or ndarray of shape (n_codes,) with ``average=None``
        Between 0 and 1, higher is better; a code that informs about nothing counts 0.

    See Also
    --------
    mig_score : the gap between codes, seen from each factor, which sees the duplicates that this one does not.

    References
    ----------
    Z. Li, J. V. Murkute, P. K. Gyawali, L. Wang, "Progressive Learning and Disentanglement of Hierarchical
    Representations", ICLR 2020, section 4, https://openreview.net/forum?id=SJxpsxrYPS.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import mig_sup_score
    >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> mig_sup_score(factors, np.c_[factors[:, 0], factors.sum(axis=1)], average=None).round(3)
    array([1., 0.])
    """
    information = measure_information(
        factors, codes, n_bins, binning, continuous_factors, estimator, n_neighbors, min_factors=2
    )
    return average_factors(gap_of_top_two(information.shares.T), average)
