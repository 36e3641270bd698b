"""The one door of factors and codes: every metric checks here what it is given."""

import numbers

import numpy as np
from sklearn.utils import assert_all_finite, check_array, check_consistent_length

from vaekit.tables._containers import as_array
from vaekit.tables._discretize import FEWEST_AUTOMATIC_BINS, uniform_bins
from vaekit.utils._warnings import warn_user

MOST_VALUES_OF_A_DISCRETE_FLOAT = 100


def check_factors_codes(
    factors,
    codes,
    *,
    continuous_factors="error",
    n_bins=20,
    regress=False,
    min_factors=1,
    min_codes=1,
    keep_scale=False,
):
    """Return integer-coded factors (int64) and codes (float64) of the same rows, or say what is wrong with them.

    With ``continuous_factors="regress"``, where the metric has a form for it, every factor is a number (float64).
    Unless the scale of codes means something to the metric, each comes divided by a power of two, so that codes of
    1e-300 and of 1e300 are the same numbers. Codes that vary by rounding error alone are made constant.
    """
    check_binning_options(continuous_factors, n_bins, regress)
    factors = check_factors(factors, continuous_factors=continuous_factors, n_bins=n_bins)
    codes = check_codes(codes) if keep_scale else at_unit_scale(check_codes(codes))[0]
    _check_shapes(factors, codes, min_factors, min_codes)
    return factors, codes


def check_mixed_factors_codes(factors, codes, *, min_factors=1, min_codes=1, keep_scale=False):
    """Return factors that are labels or, where a mask says so, numbers; the mask; and codes of the same rows."""
    columns = [_natural_type(column) for column in _columns(factors)]
    continuous = np.array([_is_continuous(column) for column in columns])
    coded = [_as_number(column) if is_number else _label(column) for column, is_number in zip(columns, continuous)]
    varies = np.array([np.ptp(column) > 0 for column in coded])
    factors = _drop_constant(np.array(coded, dtype=np.float64).T)
    codes = check_codes(codes) if keep_scale else at_unit_scale(check_codes(codes))[0]
    _check_shapes(factors, codes, min_factors, min_codes)
    return factors, continuous[varies], codes


def _check_shapes(factors, codes, min_factors, min_codes):
    check_consistent_length(factors, codes)
    for name, array, fewest in (("factor", factors, min_factors), ("code", codes, min_codes)):
        if array.shape[1] < fewest:
            raise ValueError(f"This metric compares at least {fewest} {name}s, got {array.shape[1]} that can be used.")


def check_binning_options(continuous_factors, n_bins, regress=False):
    """Refuse what no metric, or not this one, can do with continuous factors."""
    options = ("error", "bin", "regress") if regress else ("error", "bin")
    if continuous_factors not in options:
        raise ValueError(f"continuous_factors must be one of {options} here, got {continuous_factors!r}.")
    check_counts(2, n_bins=n_bins)


def check_bins(n_bins):
    """Refuse what is no number of bins; return the number for continuous factors, which have no use for "auto"."""
    if isinstance(n_bins, str) and n_bins == "auto":
        return FEWEST_AUTOMATIC_BINS
    if not isinstance(n_bins, numbers.Integral) or isinstance(n_bins, bool) or n_bins < 2:
        raise ValueError(f"n_bins must be an integer of at least 2, or 'auto', got {n_bins!r}.")
    return n_bins


def check_counts(fewest=1, **counts):
    """Refuse parameters that are not integers of at least `fewest`."""
    for name, count in counts.items():
        if not isinstance(count, numbers.Integral) or isinstance(count, bool) or count < fewest:
            raise ValueError(f"{name} must be an integer of at least {fewest}, got {count!r}.")


def check_factors(factors, *, continuous_factors="error", n_bins=20):
    """Return the factors that vary, integer-coded or as numbers."""
    columns = [_natural_type(column) for column in _columns(factors)]
    if continuous_factors == "regress":
        _refuse_labels(columns)
        return _drop_constant(np.array([_as_number(column) for column in columns]).T)
    if continuous_factors == "error":
        _refuse_continuous(columns)
    return _drop_constant(np.array([_label(column, n_bins) for column in columns]).T)


def check_codes(codes):
    """Return the codes as floats, column by column in memory; one that varies by rounding alone is made constant."""
    codes = check_array(as_array(codes), dtype=(np.float64, np.float32), ensure_min_samples=2, input_name="codes")
    rounding = 8 * np.finfo(np.float32 if _are_single(codes) else np.float64).eps
    codes = np.array(codes, dtype=np.float64, order="F")
    unit = at_unit_scale(codes)[0]
    low, high = unit.min(axis=0), unit.max(axis=0)
    dead = high - low <= rounding * np.maximum(-low, high)
    codes[:, dead] = codes[0, dead]
    return codes


def at_unit_scale(columns):
    """Return columns x / 2^e with 1/2 <= max |x| / 2^e < 1, and e: nothing is rounded, and no square overflows."""
    exponent = np.frexp(np.abs(columns).max(axis=0))[1]
    return np.ldexp(columns, -exponent), exponent


def within_scale(codes, most=20, least=None):
    """Return codes of which those beyond 2^most (all below 2^least) are brought back to it, by powers of two."""
    unit, exponent = at_unit_scale(codes)
    return np.ldexp(unit, np.clip(exponent, least, most))


def _are_single(codes):
    """Tell whether the codes are, or became float64 from, numbers in single precision: networks compute in these."""
    with np.errstate(over="ignore", under="ignore"):
        return np.array_equal(codes, codes.astype(np.float32, copy=False))


def pool_draws(factors, codes):
    """Let every draw of codes of shape (n_draws, n_samples, n_codes) be a row, beside the factors of its sample."""
    codes = as_array(codes)
    if codes.ndim != 3:
        return factors, codes
    factors = as_array(factors)
    check_consistent_length(factors, codes[0])
    return np.concatenate([factors] * len(codes)), codes.reshape(-1, codes.shape[2])


def _columns(factors):
    factors = check_array(
        as_array(factors),
        dtype=None,
        ensure_2d=False,
        ensure_all_finite=False,
        ensure_min_samples=2,
        input_name="factors",
    )
    if factors.size == 0:
        raise ValueError(f"factors of shape {factors.shape} have no column: pass at least one factor.")
    return factors.reshape(len(factors), -1).T


def _natural_type(column):
    """Return a column as int64 (uint64 where that is too small), float64, bool or labels."""
    _refuse_missing(column)
    if column.dtype.kind not in "biuf":
        column = _of_objects(column.tolist())
    if column.dtype.kind in "iu":
        return column.astype(np.int64 if column.max() <= np.iinfo(np.int64).max else np.uint64, copy=False)
    if column.dtype.kind == "f":
        assert_all_finite(column, input_name="factors")
        return column.astype(np.float64, copy=False)
    return column


def _of_objects(values):
    """Return the values of a column of a mixed table: numbers where it holds numbers, else labels."""
    if all(isinstance(value, numbers.Integral) for value in values):
        return _integers(values)
    column = np.array(values)
    if column.ndim == 1:
        return column
    column = np.empty(len(values), dtype=object)  # labels that are tuples
    column[:] = values
    return column


def _integers(values):
    """Return Python's integers in the type that holds them all, or as objects."""
    if all(isinstance(value, bool) for value in values):
        return np.array(values)
    low, high = min(values), max(values)
    fitting = [kind for kind in (np.int64, np.uint64) if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max]
    return np.array(values, dtype=fitting[0] if fitting else object)


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
    if not all(column.dtype.kind in "biuf" or isinstance(column[0], numbers.Integral) for column in columns):
        raise ValueError("continuous_factors='regress' needs factors that are numbers, got labels.")


def _as_number(column):
    """Return a column as float64 at unit scale; integers less their smallest, by wrapping twice, to keep apart."""
    if column.dtype.kind in "iu":
        column = column.astype(np.uint64) - column.min().astype(np.uint64)
    return at_unit_scale(column.astype(np.float64)[:, np.newaxis])[0][:, 0]


def _label(column, n_bins=None):
    """Number the values of a column, or the bins of a continuous one, 0, 1, ... in their order."""
    if _is_continuous(column):
        column = uniform_bins(at_unit_scale(column[:, np.newaxis])[0], n_bins)[:, 0]
    if column.dtype.kind in "iu" and int(column.max()) - int(column.min()) < len(column):  # as np.unique, unsorted
        column = (column - column.min()).astype(np.intp)
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
