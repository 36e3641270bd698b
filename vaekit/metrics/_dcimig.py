"""The gap of each factor's own code, as a share of all there is to know."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from vaekit.metrics._average import gap_of_top_two
from vaekit.metrics._measure import measure_information
from vaekit.metrics._parameters import metric


@metric
def dcimig_score(
    factors: ArrayLike,
    codes: ArrayLike,
    *,
    n_bins: int | Literal["auto"] = 20,
    binning: str = "uniform",
    continuous_factors: str = "error",
    estimator: str = "bins",
    n_neighbors: int = 10,
) -> float:
    r"""DCIMIG (3CharM): of all there is to know about the factors, what codes of their own know.

    .. math:: \frac{\sum_k \max_{j: k_j = k} R_j}{\sum_k H(v_k)}, \qquad
              R_j = I(z_j; v_{(1)}) - I(z_j; v_{(2)}), \quad k_j = \arg\max_k I(z_j; v_k)

    where a factor that is the best one of no code counts 0. There must be at least two factors. Draws of codes are
    taken as in :func:`mutual_info_matrix`.

    Returns
    -------
    score : float
        Between 0 and 1, higher is better. Factors that hold more information weigh more; duplicates cost nothing.

    References
    ----------
    A. Sepliarskaia, J. Kiseleva, M. de Rijke, "Evaluating Disentangled Representations", 2019, section 4,
    https://arxiv.org/abs/1910.05587; the sums as in M.-A. Carbonneau, J. Zaidi, J. Boilard, G. Gagnon, "Measuring
    Disentanglement: A Review of Metrics", 2020, https://arxiv.org/abs/2012.09276.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import dcimig_score
    >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(dcimig_score(factors, factors[:, :1]), 3)
    0.5
    """
    information = measure_information(
        factors, codes, n_bins, binning, continuous_factors, estimator, n_neighbors, min_factors=2
    )
    shared = np.minimum(information.shared, information.of_factors)
    best = np.zeros(len(information.of_factors))
    np.maximum.at(best, shared.argmax(axis=1), gap_of_top_two(shared.T))
    return float(best.sum() / information.of_factors.sum())
