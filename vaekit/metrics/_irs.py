"""Interventional robustness: how little a code moves while its factor is held."""

import numbers
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from vaekit.metrics._interventions import group_every_factor
from vaekit.metrics._parameters import metric
from vaekit.tables._validation import at_unit_scale, check_factors_codes


@metric
def interventional_robustness_score(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    quantile: float = 0.99,
    min_group: int = 2,
    continuous_factors: str = "error",
    n_bins: int | Literal["auto"] = 20,
) -> float:
    r"""IRS: how little the other factors move a code while the factor it stands for is held.

    .. math:: IRS = \sum_j \frac{d_j}{\sum_i d_i} \max_k \left( 1 - \frac{1}{d_j} \operatorname{mean}_a
              q\left( |z_j - E[z_j | v_k = a]| \; \big| \; v_k = a \right) \right), \qquad
              d_j = \max |z_j - E z_j|

    with q a quantile over the rows that share the value a, and the mean over the values of factor k, each of which
    weighs the same. There must be at least two factors, independent in the table (see :func:`factor_dependence`).

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        Codes. Those that move further weigh more, so their relative scale matters; constant ones do not count.
    quantile : float, default=0.99
        1 takes the largest deviation, as the paper's definition does and one outlier can set.

    Returns
    -------
    score : float
        Between 0 and 1, higher is better; 0 when every code is constant. Duplicated codes cost nothing, and so does a
        factor that no code stands for.

    References
    ----------
    R. Suter, D. Miladinovic, B. Schoelkopf, S. Bauer, "Robustly Disentangled Causal Mechanisms: Validating Deep
    Representations for Interventional Robustness", ICML 2019, section 4, https://arxiv.org/abs/1811.00007. Quantile
    and weights as in disentanglement_lib.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import interventional_robustness_score
    >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> interventional_robustness_score(factors, factors)
    1.0
    >>> interventional_robustness_score(factors, factors @ [[1], [1]])
    0.5
    """
    if not isinstance(quantile, numbers.Real) or not 0 < quantile <= 1:
        raise ValueError(f"quantile must be a number above 0 and up to 1, got {quantile!r}.")
    factors, codes = check_factors_codes(
        factors, codes, continuous_factors=continuous_factors, n_bins=n_bins, min_factors=2, keep_scale=True
    )
    groups = group_every_factor(factors, min_group)
    unit, exponent = at_unit_scale(codes)
    codes = np.ldexp(unit, exponent - exponent.max())
    furthest = np.where(np.ptp(codes, axis=0) > 0, np.abs(codes - codes.mean(axis=0)).max(axis=0), 0.0)
    if not furthest.any():
        return 0.0
    moves = np.array([mean_deviation(codes, group, quantile) for group in groups]).min(axis=0)
    return float(np.clip(1 - np.sum(moves[furthest > 0]) / furthest.sum(), 0.0, 1.0))


def mean_deviation(codes, groups, quantile):
    """Mean over the held values of a quantile of each code's distance from its mean there, (n_codes,)."""
    rows_of_values = np.split(groups.rows, np.unique(groups.start)[1:])
    held = (codes[rows] for rows in rows_of_values)
    return np.mean([np.quantile(np.abs(z - z.mean(axis=0)), quantile, axis=0) for z in held], axis=0)
