"""Joint entropy minus mutual information gap."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from vaekit.metrics._average import average_factors, gap_of_top_two
from vaekit.metrics._measure import measure_information
from vaekit.metrics._parameters import metric
from vaekit.tables._discretize import automatic_bins, entropies


@metric
def jemmig_score(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_bins: int | Literal["auto"] = 20,
    binning: str = "uniform",
    continuous_factors: str = "error",
    average: str | None = "macro",
) -> float | Any:
    r"""JEMMIG: as the mutual information gap, but what the best code holds besides the factor counts against it.

    .. math:: \frac{1}{K} \sum_k \left( 1 - \frac{H(z_{(1)}, v_k) - I(z_{(1)}; v_k) + I(z_{(2)}; v_k)}
              {H(v_k) + \log B} \right)

    where z_(1) and z_(2) are the two codes with most information on factor v_k, and B is the number of bins. Draws of
    codes are taken as in :func:`mutual_info_matrix`.

    Returns
    -------
    score : float, or ndarray of shape (n_factors,) with ``average=None``
        Between 0 and 1, higher is better; 1 for codes that are the factors.

    Notes
    -----
    The joint entropy of a dead code is that of the factor alone, so that constant codes do not score 0 but
    1 - H / (H + log B): .73 for three values and 20 bins, and more than noise. Read it beside :func:`mig_score`.

    References
    ----------
    K. Do, T. Tran, "Theory and Evaluation Metrics for Learning Disentangled Representations", ICLR 2020, section 4.3,
    https://arxiv.org/abs/1908.09961; from the better end, as in M.-A. Carbonneau, J. Zaidi, J. Boilard, G. Gagnon,
    "Measuring Disentanglement: A Review of Metrics", 2020, https://arxiv.org/abs/2012.09276.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import jemmig_score
    >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(jemmig_score(factors, factors * 2.5), 3)
    1.0
    """
    shared, of_factors, bins = measure_information(factors, codes, n_bins, binning, continuous_factors)
    best = shared.argmax(axis=0)
    of_joint = entropies(bins)[best] + of_factors - shared.max(axis=0)
    most = of_factors + np.log(automatic_bins(len(bins), None) if n_bins == "auto" else n_bins)
    return average_factors(1 - (of_joint - gap_of_top_two(shared)) / most, average)
