"""Sets of features that memory need not hold: checked and converted a block at a time."""

import numpy as np
from sklearn.utils import assert_all_finite, check_array

from vaekit.tables._containers import as_array
from vaekit.utils._on_disk import on_disk

__all__ = ["FeatureSet", "check_same_features", "common_exponent", "open_features", "open_two_sets"]

VALUES_AT_ONCE = 2**21  # 16 MiB of float64
LARGEST_HELD = 2**24  # values of a set that is converted once where it is needed again and again, 128 MiB of float64


class FeatureSet:
    """Rows of features as float64, some at a time.

    Parameters
    ----------
    rows : array, or rows that stay on a disk, of shape (n_rows, n_features)
    name : str
        What errors call them.
    exponent : int, default=0
        Values come over 2^exponent.
    is_checked : bool, default=False
        Whether all values are known to be finite.
    """

    def __init__(self, rows, name, exponent=0, is_checked=False):
        self.rows, self.name, self.exponent, self.is_checked = rows, name, exponent, is_checked
        self.shape = tuple(rows.shape)

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, numbers):
        block = np.asarray(self.rows[numbers], dtype=np.float64)
        if not self.is_checked:
            assert_all_finite(block, input_name=self.name)
        return np.ldexp(block, -self.exponent) if self.exponent else block

    @property
    def rows_at_once(self):
        """How many hold a limited number of values."""
        return max(1, VALUES_AT_ONCE // max(1, self.shape[1]))

    def blocks(self, n_most=None):
        """Yield slices of rows, and these: so many as are taken at once, or fewer where `n_most` says so."""
        n_rows = self.rows_at_once if n_most is None else min(self.rows_at_once, n_most)
        for start in range(0, len(self), n_rows):
            rows = slice(start, min(start + n_rows, len(self)))
            yield rows, self[rows]

    def over(self, exponent):
        """The same over 2^exponent; few are converted once and for all."""
        scaled = type(self)(self.rows, self.name, exponent, self.is_checked)
        if np.prod(self.shape) > LARGEST_HELD:
            return scaled
        return type(self)(scaled[:], self.name, is_checked=True)

    @property
    def largest(self):
        """Largest of all magnitudes."""
        return max(np.abs(block).max() for _, block in self.blocks())


def open_features(features, name, fewest=2):
    """Return what holds features, in whatever container or on a disk, as a `FeatureSet`; or say what is wrong."""
    rows = features if getattr(features, "stays_on_disk", False) else on_disk(features)
    if rows is not None:
        shape = getattr(rows, "source", rows).shape
        like = np.empty((min(len(rows), fewest), *shape[1:]))
        check_array(like, ensure_all_finite=False, ensure_min_samples=fewest, input_name=name)
        return FeatureSet(rows, name)
    rows = as_array(features)
    dtype = None if rows.dtype.kind in "biuf" else np.float64  # numbers become float64 block by block
    return FeatureSet(check_array(rows, dtype=dtype, ensure_min_samples=fewest, input_name=name), name, is_checked=True)


def open_two_sets(features_real, features_fake, fewest=2):
    """Return features of data and of samples, which must be the same."""
    real = open_features(features_real, "features_real", fewest)
    fake = open_features(features_fake, "features_fake", fewest)
    check_same_features(real.shape[1], fake.shape[1])
    return real, fake


def check_same_features(n_real, n_fake):
    """Refuse sets of other widths."""
    if n_real != n_fake:
        raise ValueError(f"Both sets need the same features, got {n_real} and {n_fake}.")


def common_exponent(*sets):
    """The least e of which 2^e exceeds all values: over it, no square overflows."""
    return int(np.frexp(max(features.largest for features in sets))[1])
