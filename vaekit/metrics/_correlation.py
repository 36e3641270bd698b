"""Correlations: of codes with factors, of two sets of codes, and of the columns of a table of runs."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata
from sklearn.utils import check_array

from vaekit.tables._containers import as_array, columns_of_frame
from vaekit.tables._validation import check_factors_codes
from vaekit.utils._ambient import guarded


def absolute_correlation(a, b, method="pearson"):
    """Absolute correlation of each column of `a` with each of `b`; 0 where a column does not vary."""
    if method not in ("pearson", "spearman"):
        raise ValueError(f"method must be 'pearson' or 'spearman', got {method!r}.")
    if method == "spearman":
        a, b = rankdata(a, axis=0), rankdata(b, axis=0)
    return np.abs(_unit_columns(a).T @ _unit_columns(b)).clip(max=1.0)


def _unit_columns(columns):
    centred = columns - columns.mean(axis=0)
    length = np.linalg.norm(centred, axis=0)
    return centred / np.where(length > 0, length, 1.0)


@guarded
def mean_correlation_coefficient(factors: ArrayLike, codes: ArrayLike, *, method: str = "pearson") -> float:
    r"""Mean correlation coefficient: the mean absolute correlation of factors with the codes matched to them.

    .. math:: \max_\pi \frac{1}{K} \sum_k |corr(v_k, z_{\pi(k)})|

    over all ways of giving each factor a code of its own (the Hungarian algorithm).

    Parameters
    ----------
    factors : array-like of shape (n_samples,) or (n_samples, n_factors)
        Ground-truth factors; numbers, or classes in a meaningful order.
    codes : array-like of shape (n_samples, n_codes)
        Codes. With fewer codes than factors, the factors that go without a code count 0.
    method : {"pearson", "spearman"}, default="pearson"
        Linear correlation, or correlation of ranks (any increasing relation).

    Returns
    -------
    coefficient : float
        Between 0 and 1, higher is better. By chance above 0: of many codes the best matched are kept. A constant code
        correlates with nothing.

    Raises
    ------
    ValueError
        If a factor is not a number, or the input is bad.

    References
    ----------
    A. Hyvarinen, H. Morioka, "Unsupervised Feature Extraction by Time-Contrastive Learning and Nonlinear ICA",
    NeurIPS 2016; as used by D. Klindt et al., "Towards Nonlinear Disentanglement in Natural Data with Temporal Sparse
    Coding", ICLR 2021, https://arxiv.org/abs/2007.10930.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import mean_correlation_coefficient
    >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(mean_correlation_coefficient(factors, -factors[:, ::-1]), 3)
    1.0
    """
    factors, codes = check_factors_codes(factors, codes, continuous_factors="regress", regress=True)
    correlation = absolute_correlation(factors, codes, method)
    return float(correlation[linear_sum_assignment(correlation, maximize=True)].sum() / factors.shape[1])


@guarded
def rank_correlation(runs: Any) -> dict[str, Any]:
    r"""Spearman correlation of every two columns of a table of runs, such as scores against training terms.

    Parameters
    ----------
    runs : mapping of str to array-like of shape (n_runs,)
        Columns by name: a dictionary, a data frame, or an Arrow table. One entry per run (configuration and seed), at
        least three.

    Returns
    -------
    table : dict of dict
        ``table["mig"]["elbo"]`` is the correlation of two columns, in [-1, 1]; ties share their mean rank; NaN with a
        column that does not vary. ``pandas.DataFrame(table)`` shows it.

    Raises
    ------
    ValueError
        If there are fewer than three runs, or a value is missing or not finite.

    References
    ----------
    C. Spearman, "The Proof and Measurement of Association between Two Things", 1904.

    Examples
    --------
    >>> from vaekit.metrics import rank_correlation
    >>> table = rank_correlation({"beta": [1, 2, 4], "mig": [0.3, 0.2, 0.1]})
    >>> round(table["beta"]["mig"], 3)
    -1.0
    """
    columns = columns_of_frame(runs)
    names = list(runs.keys() if columns is None else getattr(runs, "column_names", runs.columns))
    columns = [as_array(runs[name]) for name in names] if columns is None else columns
    values = check_array(
        np.column_stack([column.astype(np.float64) for column in columns]),
        dtype=np.float64,
        ensure_min_samples=3,
        input_name="runs",
    )
    ranks = rankdata(values, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):  # a column that does not vary: NaN
        correlation = np.atleast_2d(np.corrcoef(ranks, rowvar=False))
    return {name: dict(zip(names, row.tolist())) for name, row in zip(names, correlation)}
