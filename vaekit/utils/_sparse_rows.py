"""Rows of a sparse matrix: densified when they are asked for, a block at a time."""

import numpy as np
from scipy import sparse

from vaekit.utils._column_moments import ColumnMoments
from vaekit.utils._on_disk import RowsOnDisk

__all__ = ["SparseRows"]


class SparseRows(RowsOnDisk):
    """A sparse matrix as a table, whose rows become an array when they are asked for.

    Parameters
    ----------
    matrix : sparse matrix or array of SciPy's, of two axes
    """

    def __init__(self, matrix):
        csr = sparse.csr_array(matrix)
        if not csr.has_canonical_format:
            csr = csr.copy()
            csr.sum_duplicates()
        super().__init__(csr)

    is_large = True  # never an array of all of it

    def __getitem__(self, rows):
        return self.source[rows].toarray()

    def __array__(self, dtype=None, copy=None):
        return self.source.toarray().astype(dtype or self.dtype, copy=False)

    def some(self, numbers):
        """Rows by numbers in any order, as another sparse matrix."""
        return SparseRows(self.source[np.asarray(numbers)])

    @property
    def moments(self):
        """`ColumnMoments` of all rows."""
        return self.moments_of(None)

    def moments_of(self, weight):
        """The same of rows that count as often as their weights say: zeros are counted, and not looked at."""
        low, high = (self._extreme(end) for end in ("min", "max"))
        n_rows, n_columns = self.shape
        weight = np.ones(n_rows) if weight is None else weight
        columns, share = self.source.indices, np.repeat(weight / weight.sum(), np.diff(self.source.indptr))
        values = self.source.data.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite stays so, and is told by whoever asks
            mean = np.bincount(columns, share * values, n_columns)
            filled = np.bincount(columns, share, n_columns)
            within = np.bincount(columns, share * np.square(values - mean[columns]), n_columns)
            deviation = np.sqrt(within + np.maximum(1 - filled, 0) * np.square(mean))
        varies = low < high
        return ColumnMoments(n_rows, low, high, np.where(varies, mean, low), np.where(varies, deviation, 0.0))

    def _extreme(self, end):
        return np.asarray(getattr(self.source, end)(axis=0).toarray(), dtype=np.float64).ravel()

    def min(self, axis=None):
        """Smallest value, of all or of each column; NaN where there is one."""
        return self.source.min() if axis is None else self._extreme("min")

    def max(self, axis=None):
        """Largest value, of all or of each column; NaN where there is one."""
        return self.source.max() if axis is None else self._extreme("max")

    def first(self, is_wanted):
        """Row, column and value of the first number beside 0 that is wanted, None if there is none."""
        wanted = np.flatnonzero(is_wanted(self.source.data))
        if not len(wanted):
            return None
        row = np.searchsorted(self.source.indptr, wanted[0], side="right") - 1
        return int(row), int(self.source.indices[wanted[0]]), self.source.data[wanted[0]]
