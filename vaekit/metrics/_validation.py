"""The one door of factors and codes: every metric checks here what it is given."""

import numbers

import numpy as np
from sklearn.utils import assert_all_finite, check_array, check_consistent_length

from vaekit.metrics._discretize import uniform_bins
from vaekit.utils._containers import on_host
from vaekit.utils._warnings import warn_user

MOST_VALUES_OF_A_DISCRETE_FLOAT = 100


def check_factors_codes(
    factors, codes, *, continuous_factors="error", n_bins=20, regress=False, min_factors=1, min_codes=1
):
    """Return integer-coded factors and float codes of the same rows, or say what is wrong with them.

    Parameters
    ----------
    factors : array-like of shape (n_samples,) or (n_samples, n_factors)
        Ground-truth factors: class numbers, labels or numbers.
    codes : array-like of shape (n_samples, n_codes)
        Codes of the same rows.
    continuous_factors : {"error", "bin", "regress"}, default="error"
        What to do with continuous factors: refuse them, cut them into `n_bins` equal-width bins, or (where the metric
        passes `regress=True`) take *every* factor as a number.
    n_bins : int, default=20
        Number of bins of a continuous factor.
    regress : bool, default=False
        Whether the metric has a form for factors that are numbers.
    min_factors, min_codes : int, default=1
        The fewest for which the metric is defined.

    Returns
    -------
    factors : ndarray of shape (n_samples, n_kept_factors)
        0, 1, ... per column (int64), or numbers (float64) with ``continuous_factors="regress"``.
    codes : ndarray of shape (n_samples, n_codes)
        float64; a code that varies by rounding error alone is made constant.
    """
    check_binning_options(continuous_factors, n_bins, regress)
    factors = check_factors(factors, continuous_factors=continuous_factors, n_bins=n_bins)
    codes = check_codes(codes)
    check_consistent_length(factors, codes)
    for name, array, fewest in (("factor", factors, min_factors), ("code", codes, min_codes)):
        if array.shape[1] < fewest:
            raise ValueError(f"This metric compares at least {fewest} {name}s, got {array.shape[1]} that can be used.")
    return factors, codes


def check_binning_options(continuous_factors, n_bins, regress=False):
    """Refuse what no metric, or not this one, can do with continuous factors."""
    options = ("error", "bin", "regress") if regress else ("error", "bin")
    if continuous_factors not in options:
        raise ValueError(f"continuous_factors must be one of {options} here, got {continuous_factors!r}.")
    check_counts(2, n_bins=n_bins)


def check_counts(fewest=1, **counts):
    """Refuse parameters that are not integers of at least `fewest`."""
    for name, count in counts.items():
        if not isinstance(count, numbers.Integral) or count < fewest:
            raise ValueError(f"{name} must be an integer of at least {fewest}, got {count!r}.")


def check_factors(factors, *, continuous_factors="error", n_bins=20):
    """Return the factors that vary, integer-coded or as numbers."""
    factors = check_array(
        on_host(factors),
        dtype=None,
        ensure_2d=False,
        ensure_all_finite=False,
        ensure_min_samples=2,
        input_name="factors",
    )
    columns = [_natural_type(column) for column in factors.reshape(len(factors), -1).T]
    if continuous_factors == "regress":
        _refuse_labels(columns)
        return _drop_constant(np.array(columns, dtype=np.float64).T)
    if continuous_factors == "error":
        _refuse_continuous(columns)
    return _drop_constant(np.array([_label(column, n_bins) for column in columns]).T)


def check_codes(codes):
    """Return the codes as floats, column by column in memory; one that varies by rounding alone is made constant."""
    codes = check_array(on_host(codes), dtype=(np.float64, np.float32), ensure_min_samples=2, input_name="codes")
    rounding = 8 * np.finfo(np.float32 if _are_single(codes) else np.float64).eps
    codes = np.array(codes, dtype=np.float64, order="F")
    low, high = codes.min(axis=0), codes.max(axis=0)
    dead = high - low <= rounding * np.maximum(-low, high)
    codes[:, dead] = codes[0, dead]
    return codes


def _are_single(codes):
    """Tell whether the codes are, or became float64 from, numbers in single precision: networks compute in these."""
    with np.errstate(over="ignore"):
        return np.array_equal(codes, codes.astype(np.float32, copy=False))


def pool_draws(factors, codes):
    """Let every draw of codes of shape (n_draws, n_samples, n_codes) be a row, beside the factors of its sample."""
    factors, codes = on_host(factors), on_host(codes)
    if np.ndim(codes) != 3:
        return factors, codes
    codes, factors = np.asarray(codes), np.asarray(factors)
    check_consistent_length(factors, codes[0])
    return np.concatenate([factors] * len(codes)), codes.reshape(-1, codes.shape[2])


def _natural_type(column):
    _refuse_missing(column)
    if column.dtype.kind not in "biuf":
        column = np.array(column.tolist())  # a column of a mixed table: numbers where it holds numbers, else labels
    if column.dtype.kind in "iu":
        return column.astype(np.int64, copy=False)  # differences of small integers overflow
    if column.dtype.kind == "f":
        assert_all_finite(column, input_name="factors")
    return column


def _refuse_missing(column):
    if column.dtype.kind == "O":
        missing = any(map(_is_missing, column))
    else:
        missing = column.dtype.kind in "fmM" and np.isnan(column).any()
    if missing:
        raise ValueError(
            "Input factors contains NaN or None: leave out the rows whose factors are not known, or give these a label "
            "of their own."
        )


def _is_missing(value):
    """Tell None, NaN, NaT and the NA of pandas: values that do not say they equal themselves."""
    equal = value == value
    return value is None or not isinstance(equal, (bool, np.bool_)) or not equal


def _is_continuous(column):
    if column.dtype.kind != "f":
        return False
    return np.any(column != np.floor(column)) or len(np.unique(column)) > MOST_VALUES_OF_A_DISCRETE_FLOAT


def _refuse_continuous(columns):
    continuous = [number for number, column in enumerate(columns) if _is_continuous(column)]
    if continuous:
        raise ValueError(
            f"Factors {continuous} are continuous (floats with fractions, or with more than "
            f"{MOST_VALUES_OF_A_DISCRETE_FLOAT} values): pass class numbers, or where the metric has it "
            "continuous_factors='bin' or 'regress'."
        )


def _refuse_labels(columns):
    if any(column.dtype.kind not in "biuf" for column in columns):
        raise ValueError("continuous_factors='regress' needs factors that are numbers, got labels.")


def _label(column, n_bins):
    """Number the values of a column, or the bins of a continuous one, 0, 1, ... in their order."""
    if _is_continuous(column):
        column = uniform_bins(column[:, np.newaxis], n_bins)[:, 0]
    if column.dtype.kind == "i" and np.ptp(column) < len(column):  # as np.unique below, without sorting
        column = column - column.min()
        return (np.cumsum(np.bincount(column) > 0) - 1)[column]
    return np.unique(column, return_inverse=True)[1]


def _drop_constant(factors):
    varies = np.ptp(factors, axis=0) > 0
    if not varies.any():
        raise ValueError("Every factor has one value only: there is nothing to disentangle in these rows.")
    if varies.all():
        return factors
    dropped = np.flatnonzero(~varies).tolist()
    warn_user(
        f"Factors {dropped} have one value only and are left out.",
    )
    return factors[:, varies]
