"""Between the units of X and the units the network sees."""

from typing import Any, NamedTuple

import numpy as np

from vaekit.likelihoods import Bernoulli, Normal
from vaekit.utils._on_disk import RowsOnDisk
from vaekit.utils._sparse_rows import SparseRows

__all__ = [
    "LIMIT",
    "Preprocessing",
    "check_counts",
    "choose_likelihood",
    "choose_preprocessing",
    "extremes",
    "pixel_scale",
    "row_blocks",
]

BLOCK = 2**20  # values converted at a time: 8 MiB of float64, however wide a row is
WIDE_RANGE = 100  # columns whose ranges lie further apart than this factor are brought to one scale each
TOLERANCE = 1e-6  # how far outside [0, 1] a Bernoulli's data may lie
LIMIT = 1e12  # in network units: what a decoder makes of it, squared and divided by a small scale, is finite in float32

LARGEST_SINGLE = 1e30  # times what a decoder makes of it a number of single precision


class Preprocessing(NamedTuple):
    """The network sees (X - offset) / unit, at most `LIMIT` away from 0.

    Attributes
    ----------
    offset, unit : float or ndarray of shape (n_features,), float64
    """

    offset: Any
    unit: Any

    def to_network(self, X):
        """float32 rows for the network; centred in float64, so that a large offset costs no digits."""
        rows = np.empty(X.shape, dtype=np.float32)
        with np.errstate(over="ignore"):  # what overflows is clipped
            for block in row_blocks(X.shape):
                values = np.subtract(X[block], self.offset, dtype=np.float64)
                values /= self.unit
                rows[block] = np.clip(values, -LIMIT, LIMIT, out=values)
        return rows

    def to_data(self, rows, out=None):
        """Rows in the units of X, float64 or of the type of `out`, which may be the rows themselves."""
        out = np.empty(rows.shape, dtype=np.float64) if out is None else out
        for block in row_blocks(rows.shape):
            with np.errstate(over="ignore"):  # what overflows is clipped
                values = np.multiply(rows[block], self.unit, dtype=np.float64)
                values += self.offset
            out[block] = clipped_to(out.dtype, values)
        return out

    @property
    def is_single_precision(self):
        """Whether values as far from 0 as the data, and as near to each other, are numbers of single precision."""
        return np.max(np.abs(self.offset)) < LARGEST_SINGLE and 1 / LARGEST_SINGLE < np.max(self.unit) < LARGEST_SINGLE

    def log_volume(self, n_features):
        """log |d network units / d X|: what a density per network unit must gain to be one per unit of X."""
        return -float(np.log(np.broadcast_to(self.unit, n_features)).sum())

    def column_beyond(self, low, high):
        """Number of a column whose extremes (of all columns, or overall) lie beyond `LIMIT`, None if there is none."""
        with np.errstate(over="ignore"):
            ends = [np.abs((np.float64(end) - self.offset) / self.unit) for end in (low, high)]
        beyond = np.flatnonzero(np.maximum(*ends) > LIMIT)
        return int(beyond[0]) if beyond.size else None


class Columns(NamedTuple):
    """Smallest and largest value, mean and standard deviation of every column, float64."""

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray


def row_blocks(shape):
    """Slices of rows that together hold a limited number of values, at least a row each."""
    n_rows = max(1, BLOCK // max(1, shape[-1]))
    return [slice(start, start + n_rows) for start in range(0, shape[0], n_rows)]


def clipped_to(dtype, values):
    """Values as near as a floating-point type comes to them, without overflow."""
    largest = np.finfo(dtype).max
    return np.clip(values, -largest, largest, out=values)


def choose_likelihood(X, is_image, is_bound):
    """Bernoulli for bool and for images of bytes, else Normal: types decide, not what some rows happen to hold.

    Under a bound on log p(x) the Normal's scale has its closed form. A regulariser would be paid twice by it: in worse
    reconstructions, and in the noise that they leave, beside which no latent of a beta-VAE may be worth its price
    (beta times the latents against the features, per halving of the noise). Its strength is meant beside a noise that
    does not follow; a learned scale follows slowly.
    """
    if X.dtype == bool or (X.dtype == np.uint8 and is_image):
        return Bernoulli()
    return Normal(scale="closed_form" if is_bound else "learned")


def choose_preprocessing(X, *, support, standardize, is_image, n_channels=None, weight=None, has_gaps=False):
    """Decide offset and unit from all training rows (n_rows, n_features), and how often each counts.

    With gaps from the values that are known.

    Windows of `n_channels` channels have an offset and, but for standardize="common", a unit for each.

    Returns
    -------
    preprocessing : Preprocessing
    deviation : float
        Standard deviation of all values as the network sees them; 1 if they are all the same.

    Raises
    ------
    ValueError
        If a likelihood on [0, 1], or of counts, is given data outside its support; if values are too large for single
        precision.
    """
    columns = measure_known(X, weight) if has_gaps and isinstance(X, np.ndarray) else measure(X, weight)
    if support == "one_hot":
        return Preprocessing(0.0, 1.0), 1.0
    if support == "unit_interval":
        unit = pixel_scale(X.dtype, columns.high.max())
        check_unit_interval(columns.low.min(), columns.high.max(), unit)
        preprocessing = Preprocessing(0.0, unit)
    elif support == "counts":
        check_counts(X)
        preprocessing = Preprocessing(0.0, 1.0)
    elif standardize is None:
        preprocessing = Preprocessing(0.0, 1.0)
    elif n_channels is not None:
        preprocessing = _scale_of_channels(columns, n_channels, standardize)
    elif is_image and standardize != "column":
        preprocessing = _one_scale_for_pixels(columns)
    else:
        preprocessing = _scale_of_columns(columns, standardize)
    _check_size(preprocessing, columns)
    return preprocessing, _overall_deviation(preprocessing, columns)


def pixel_scale(dtype, largest):
    """What pixels are divided by for a Bernoulli: bytes by 255, but for masks of bytes 0 and 1; all else by 1."""
    return 255.0 if dtype == np.uint8 and largest != 1 else 1.0


def _one_scale_for_pixels(columns):
    low = columns.mean.min()
    centre = low + np.mean(columns.mean - low)  # exact for images of one grey
    total = np.hypot(root_mean_square(columns.deviation), root_mean_square(columns.mean - centre))
    return Preprocessing(centre, total if total > 0 else 1.0)


def _scale_of_channels(columns, n_channels, standardize):
    mean, deviation = (part.reshape(n_channels, -1) for part in (columns.mean, columns.deviation))
    centre = mean.mean(axis=1, keepdims=True)
    total = np.array([np.hypot(*map(root_mean_square, parts)) for parts in zip(deviation, mean - centre)])
    if standardize == "common":
        total[:] = root_mean_square(total)
    unit = np.broadcast_to(np.where(total > 0, total, 1.0)[:, None], mean.shape)
    return Preprocessing(np.broadcast_to(centre, mean.shape).ravel(), unit.ravel())


def _scale_of_columns(columns, standardize):
    varying = columns.deviation > 0
    # ranges, not deviations: a pixel that is rarely on has a small deviation and the same scale as its neighbours
    ranges = (columns.high - columns.low)[varying]
    is_wide = varying.any() and ranges.max() / ranges.min() > WIDE_RANGE
    if standardize == "column" or (standardize == "auto" and is_wide):
        return Preprocessing(columns.mean, np.where(varying, columns.deviation, 1.0))
    return Preprocessing(columns.mean, root_mean_square(columns.deviation[varying]) if varying.any() else 1.0)


def _overall_deviation(preprocessing, columns):
    """Within columns and between their means, by the law of total variance."""
    mean = (columns.mean - preprocessing.offset) / preprocessing.unit
    within, between = root_mean_square(columns.deviation / preprocessing.unit), root_mean_square(mean - mean.mean())
    return float(np.hypot(within, between)) or 1.0


def _check_size(preprocessing, columns):
    column = preprocessing.column_beyond(columns.low, columns.high)
    if column is not None:
        raise ValueError(
            f"Column {column} of X holds values between {columns.low[column]:.6g} and {columns.high[column]:.6g}, too "
            "large for single precision as they are; choose standardize='auto', or rescale X."
        )


def check_unit_interval(low, high, unit=1.0):
    """Raise ValueError if data for a Bernoulli likelihood, from `low` to `high`, lie outside [0, 1]."""
    if low / unit < -TOLERANCE or high / unit > 1 + TOLERANCE:
        raise ValueError(
            f"X lies in [{low / unit:.6g}, {high / unit:.6g}], but likelihood='bernoulli' needs values in [0, 1]: "
            "scale tables with MinMaxScaler(clip=True), which takes later rows to [0, 1] as well, divide pixels by "
            "their largest value (255), or choose likelihood='normal'."
        )


def check_counts(X):
    """Raise ValueError unless all values are whole numbers of at least 0."""
    found = _first(X, _is_no_count) if X.dtype.kind in "fi" else None
    if found is not None:
        row, column, value = found
        raise ValueError(
            f"X holds {value:.6g} (row {row}, column {column}), but a likelihood of counts needs whole numbers of at "
            "least 0: pass raw counts, neither scaled nor transformed, or choose likelihood='normal'."
        )


def _is_no_count(values):
    return (values < 0) | ((values != np.rint(values)) & ~np.isnan(values))


def _first(X, is_wanted):
    """Row, column and value of the first number that is wanted, None if there is none."""
    if isinstance(X, SparseRows):
        return X.first(is_wanted)
    for block in row_blocks(X.shape):
        wanted = is_wanted(X[block])
        if wanted.any():
            row, column = np.argwhere(wanted)[0]
            return block.start + row, column, X[block][row, column]
    return None


def extremes(X, axis=None):
    """Smallest and largest values, of those that are known."""
    ends = X.min(axis=axis), X.max(axis=axis)
    return (np.fmin.reduce(X, axis=axis), np.fmax.reduce(X, axis=axis)) if np.isnan(ends[0]).any() else ends


def measure_known(X, weight=None):
    """The same as `measure`, of the values that are not NaN; a column without one is 0."""
    is_known = ~np.isnan(X)
    filled = np.where(is_known | is_known.any(axis=0), X, 0.0).astype(np.float64)
    low, high = np.nanmin(filled, axis=0), np.nanmax(filled, axis=0)
    ranges = _ranges(low, high)
    t, counts = (filled - low) / ranges, ~np.isnan(filled)
    counts = counts if weight is None else counts * weight[:, np.newaxis]
    total = np.where(counts.sum(axis=0) > 0, counts.sum(axis=0), 1.0)
    mean = np.nansum(counts * t, axis=0) / total
    deviation = np.sqrt(np.nansum(counts * np.square(t - mean), axis=0) / total)
    return Columns(low, high, low + ranges * mean, np.where(low < high, ranges * deviation, 0.0))


def measure(X, weight=None):
    """Return the columns' extremes and moments: a constant column's mean is exact and its deviation exactly 0.

    Moments are those of t = (x - low) / (high - low), in [0, 1], so that no square overflows or vanishes; a column
    that varies holds a t of 0 and a t of 1, so that mean(t^2) - mean(t)^2 >= 1 / (2 n_rows) is no small difference.
    """
    low, high = (end.astype(np.float64) for end in (X.min(axis=0), X.max(axis=0)))
    ranges = _ranges(low, high)
    if isinstance(X, SparseRows):
        return Columns(*X.moments_of(weight)[1:])
    if isinstance(X, RowsOnDisk) and weight is None:
        return Columns(low, high, X.moments.mean, X.moments.deviation)
    total, squares = np.zeros_like(low), np.zeros_like(low)
    for block in row_blocks(X.shape):
        t = np.subtract(X[block], low, dtype=np.float64)
        t /= ranges
        total += t.sum(axis=0) if weight is None else weight[block] @ t
        squares += np.einsum("ij,ij->j", t, t) if weight is None else weight[block] @ np.square(t, out=t)
    n_rows = len(X) if weight is None else weight.sum()
    mean = total / n_rows
    deviation = np.sqrt(np.maximum(squares / n_rows - mean**2, 0))
    return Columns(low, high, low + ranges * mean, np.where(low < high, ranges * deviation, 0.0))


def _ranges(low, high):
    """Range of every column, 1 for constant ones."""
    with np.errstate(over="ignore"):
        ranges = np.where(low < high, high - low, 1.0)
    if not np.isfinite(ranges).all():
        column = int(np.argmin(np.isfinite(ranges)))
        raise ValueError(
            f"Column {column} of X holds values between {low[column]:.6g} and {high[column]:.6g}, a range that double "
            "precision cannot hold; rescale X."
        )
    return ranges


def root_mean_square(values):
    """sqrt(mean(values^2)), for values of any size."""
    largest = np.abs(values).max()
    return largest * np.sqrt(np.mean((values / largest) ** 2)) if largest > 0 else 0.0
