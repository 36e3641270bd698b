"""Mutual information gap."""

from typing import Any, Literal

from numpy.typing import ArrayLike

from vaekit.metrics._average import average_factors, gap_of_top_two
from vaekit.metrics._measure import measure_information
from vaekit.metrics._parameters import metric


@metric
def mig_score(
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
    r"""Mutual information gap: how much more the best code says about a factor than the second best.

    .. math:: MIG = \frac{1}{K} \sum_k \frac{I(z_{(1)}; v_k) - I(z_{(2)}; v_k)}{H(v_k)}

    where z_(1) and z_(2) are the two codes with most information on factor v_k. With ``estimator="neighbors"`` the H of
    a continuous factor is the information that the same estimate finds the factor to have of itself.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes) or (n_draws, n_samples, n_codes)
        Codes, such as posterior means. Draws from q(z|x), as `sample_posterior` gives them, make this the MIG of the
        sampled code: each draw counts as a row, so that an uncertain code informs less.

    Returns
    -------
    score : float, or ndarray of shape (n_factors,) with ``average=None``
        Between 0 and 1, higher is better. A single code has no rival: the second information is 0. Factors of one
        value are left out, with a warning.

    See Also
    --------
    mutual_info_matrix : the informations themselves.

    Notes
    -----
    The chance level is near 0, not at it: a plug-in estimate finds a little information in any code (its bias shrinks
    as 1/n, and most of it cancels in the gap). Values depend on `n_bins`; compare at equal bins and rows. Twenty bins
    cap perfect codes of dSprites' 40 orientations and 32 x 32 positions at .902; "auto" does not. By neighbours, what a
    continuous factor has of itself grows as log(n / n_neighbors): compare at equal rows there, too.

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
    information = measure_information(factors, codes, n_bins, binning, continuous_factors, estimator, n_neighbors)
    return average_factors(gap_of_top_two(information.shares), average)
