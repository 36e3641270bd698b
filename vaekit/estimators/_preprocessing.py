"""Between the units of X and the units the network sees."""

from typing import Any, NamedTuple

import numpy as np

from vaekit.likelihoods import Bernoulli, Normal

__all__ = ["Preprocessing", "choose_likelihood", "choose_preprocessing"]

BLOCK = 4096  # rows converted at a time, so that the float64 copies stay small
WIDE_RANGE = 100  # columns whose ranges lie further apart than this factor are brought to one scale each
TOLERANCE = 1e-6  # how far outside [0, 1] a Bernoulli's data may lie


class Preprocessing(NamedTuple):
    """The network sees (X - offset) / unit.

    Attributes
    ----------
    offset, unit : float or ndarray of shape (n_features,), float64
    """

    offset: Any
    unit: Any

    def to_network(self, X):
        """float32 rows for the network; centred in float64, so that a large offset costs no digits."""
        rows = np.empty(X.shape, dtype=np.float32)
        for start in range(0, len(X), BLOCK):
            block = slice(start, start + BLOCK)
            rows[block] = (np.asarray(X[block], dtype=np.float64) - self.offset) / self.unit
        return rows

    def to_data(self, rows):
        """Rows in the units of X, float64."""
        return np.asarray(rows, dtype=np.float64) * self.unit + self.offset

    def log_volume(self, n_features):
        """log |d network units / d X|: what a density per network unit must gain to be one per unit of X."""
        return -float(np.log(np.broadcast_to(self.unit, n_features)).sum())


def is_binary(X):
    """Whether both 0 and 1, and nothing else, occur."""
    return X.dtype == bool or (X.min() == 0 and X.max() == 1 and bool(np.all((X == 0) | (X == 1))))


def choose_likelihood(X, is_image):
    """Bernoulli for bool, exactly-binary data and uint8 images, else Normal with a learned scale."""
    return Bernoulli() if (X.dtype == np.uint8 and is_image) or is_binary(X) else Normal()


def choose_preprocessing(X, *, support, standardize, is_image):
    """Decide offset and unit from the training rows (n_rows, n_features).

    Raises
    ------
    ValueError
        If a likelihood on [0, 1] is given data outside it.
    """
    if support == "unit_interval":
        unit = 255.0 if X.dtype == np.uint8 and X.max() > 1 else 1.0
        check_unit_interval(X, unit)
        return Preprocessing(0.0, unit)
    if standardize is None:
        return Preprocessing(0.0, 1.0)
    mean, deviation = column_moments(X)
    if is_image and standardize != "column":
        total = np.hypot(root_mean_square(deviation), root_mean_square(mean - mean.mean()))
        return Preprocessing(mean.mean(), total if X.max() > X.min() else 1.0)
    varying = deviation > 0
    common = root_mean_square(deviation[varying]) if varying.any() else 1.0
    # ranges, not deviations: a pixel that is rarely on has a small deviation and the same scale as its neighbours
    ranges = (X.max(axis=0).astype(np.float64) - X.min(axis=0))[varying]
    spread = ranges.max() / ranges.min() if varying.any() else 1.0
    if standardize == "column" or (standardize == "auto" and spread > WIDE_RANGE):
        return Preprocessing(mean, np.where(varying, deviation, 1.0))
    return Preprocessing(mean, common)


def check_unit_interval(X, unit=1.0):
    """Raise ValueError if data for a Bernoulli likelihood lie outside [0, 1]."""
    low, high = X.min() / unit, X.max() / unit
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        raise ValueError(
            f"X lies in [{low:.6g}, {high:.6g}], but likelihood='bernoulli' needs values in [0, 1]; scale X (with "
            "MinMaxScaler, say) or choose likelihood='normal'."
        )


def column_moments(X):
    """Mean and standard deviation of every column in float64, two passes in blocks; exactly 0 for constant columns."""
    n_rows = len(X)
    blocks = [slice(start, start + BLOCK) for start in range(0, n_rows, BLOCK)]
    mean = sum(X[block].sum(axis=0, dtype=np.float64) for block in blocks) / n_rows
    low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
    ranges = np.where(low < high, high - low, 1.0)  # shares of the range have squares that neither overflow nor vanish
    squares = sum((((X[block].astype(np.float64) - mean) / ranges) ** 2).sum(axis=0) for block in blocks)
    return mean, np.where(low < high, ranges * np.sqrt(squares / n_rows), 0.0)


def root_mean_square(values):
    """sqrt(mean(values^2)), for values of any size."""
    largest = np.abs(values).max()
    return largest * np.sqrt(np.mean((values / largest) ** 2)) if largest > 0 else 0.0
