"""Mutual information gap."""

from typing import Any, Literal

from numpy.typing import ArrayLike

from vaekit.metrics._average import average_factors, gap_of_top_two
from vaekit.tables._discretize import discretize, entropies, mutual_information
from vaekit.tables._validation import check_bins, check_factors_codes, pool_draws
from vaekit.utils._ambient import guarded


@guarded
def mig_score(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_bins: int | Literal["auto"] = 20,
    binning: str = "uniform",
    continuous_factors: str = "error",
    average: str | None = "macro",
) -> float | Any:
    r"""Mutual information gap: how much more the best code says about a factor than the second best.

    .. math:: MIG = \frac{1}{K} \sum_k \frac{I(z_{(1)}; v_k) - I(z_{(2)}; v_k)}{H(v_k)}

    where z_(1) and z_(2) are the two codes with most information on factor v_k.

    Parameters
    ----------
    factors : array-like of shape (n_samples,) or (n_samples, n_factors)
        Ground-truth factors.
    codes : array-like of shape (n_samples, n_codes) or (n_draws, n_samples, n_codes)
        Codes, such as posterior means. Draws from q(z|x), as `sample_posterior` gives them, make this the MIG of the
        sampled code: each draw counts as a row, so that an uncertain code informs less.
    n_bins : int or "auto", default=20
        Bins of each code, over its own range. More bins see finer codes and add more bias; fewer than a factor has
        values cap the score (perfect codes of dSprites' 40 orientations and 32 x 32 positions have .902). "auto" does
        not: it takes as many as tell the values of every factor apart, at least 20 and at most twice the values, as far
        as the rows allow, and keeps the values of codes that have no more of them. Continuous factors are cut into the
        same number, with "auto" into 20.
    binning : {"uniform", "quantile"}, default="uniform"
        Bins of equal width (the convention of disentanglement_lib), or of equal counts, which no outlier can stretch.
    continuous_factors : {"error", "bin"}, default="error"
        Refuse continuous factors or cut them into `n_bins` bins of equal width.
    average : {"macro", None}, default="macro"
        The mean over factors, or one gap per factor.

    Returns
    -------
    score : float, or ndarray of shape (n_factors,) with ``average=None``
        Between 0 and 1, higher is better. A single code has no rival: the second information is 0. Factors of one
        value are left out, with a warning.

    Raises
    ------
    ValueError
        If rows are missing, not finite or of different number, or factors are continuous.

    See Also
    --------
    mutual_info_matrix : the informations themselves.

    Notes
    -----
    The chance level is near 0, not at it: a plug-in estimate finds a little information in any code (its bias shrinks
    as 1/n, and most of it cancels in the gap). Values depend on `n_bins`; compare at equal bins and rows.

    References
    ----------
    R. T. Q. Chen, X. Li, R. Grosse, D. Duvenaud, "Isolating Sources of Disentanglement in Variational Autoencoders",
    NeurIPS 2018, equation 6, https://arxiv.org/abs/1802.04942. Binning as in F. Locatello et al., ICML 2019
    (disentanglement_lib).

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import mig_score
    >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(mig_score(factors, factors * 2.5), 3)
    1.0
    >>> mig_score(factors, np.c_[factors[:, 0], factors[:, 0] + factors[:, 1]], average=None).round(3)
    array([0.5, 0.5])
    >>> levels = np.arange(400).reshape(-1, 1) % 40  # a perfect code of forty values
    >>> round(mig_score(levels, levels), 3), round(mig_score(levels, levels, n_bins="auto"), 3)
    (0.812, 1.0)
    """
    factors, codes = pool_draws(factors, codes)
    factors, codes = check_factors_codes(
        factors, codes, continuous_factors=continuous_factors, n_bins=check_bins(n_bins)
    )
    information = mutual_information(discretize(codes, n_bins, binning, factors), factors)
    return average_factors(gap_of_top_two(information) / entropies(factors), average)
