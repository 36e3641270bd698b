"""What each column contributes to a row's score: Shapley values against the inlier that the row is most like."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from vaekit.frames import Columns, columns_of, holds_several_kinds, open_table
from vaekit.outlier._mosaic import as_numbers, mosaic, plain_array
from vaekit.utils._containers import take_rows
from vaekit.utils._rows import evenly_spaced

__all__ = ["ReferenceRows", "contributions_of_columns"]

MOST_REFERENCES = 1000
FAR = 2.0  # deviations beyond which a column says no more about which rows are alike: it may be the one that is wrong
SCORES_AT_ONCE = 4096
PARTS_OF_SPARSE = ("data", "indices", "indptr")


class ReferenceRows(NamedTuple):
    """Inliers among the training rows, at most a thousand, and their scores."""

    rows: Any
    scores: np.ndarray

    @classmethod
    def among(cls, X, scores):
        """Those above the first quartile of the scores, evenly spaced."""
        inliers = np.flatnonzero(scores >= np.quantile(scores, 0.25))
        chosen = inliers[evenly_spaced(inliers, MOST_REFERENCES)]
        return cls(take_rows(X, chosen), scores[chosen])

    def packed(self):
        """The same as plain values: what a file without pickles can hold."""
        if sparse.issparse(self.rows):
            parts = {name: getattr(self.rows, name) for name in (*PARTS_OF_SPARSE, "shape")}
            return self._replace(rows={"sparse": parts})
        table = open_table(self.rows)
        if table is None or (table.library == "numpy" and not holds_several_kinds(table)):
            return self._replace(rows=plain_array(self.rows))
        if not all(isinstance(name, str) for name in table.names):  # which count as no names
            table = table._replace(names=list(range(len(table.names))))
        columns = columns_of(table)
        return self._replace(rows={"columns": columns.packed(), "matrix": columns.encode(table)})

    def unpacked(self):
        """What was packed."""
        if not isinstance(self.rows, dict):
            return self
        if "sparse" in self.rows:
            parts = self.rows["sparse"]
            matrix = sparse.csr_array(tuple(parts[name] for name in PARTS_OF_SPARSE), shape=tuple(parts["shape"]))
            return self._replace(rows=matrix)
        columns, matrix = Columns.unpacked(self.rows["columns"]), self.rows["matrix"]
        return self._replace(rows=columns.decode(matrix, columns.cells(matrix)))

    def nearest(self, X):
        """Positions of the references r that rows x are most like: the least sum_d min(|x_d - r_d| / s_d, 2)."""
        rows, references, are_numbers = as_numbers(X, self.rows)
        deviation = np.ma.masked_invalid(references).std(axis=0).filled(0)  # where nothing is known, 0
        unit = np.where(are_numbers & (deviation > 0), deviation, 0.0)
        return np.array([_distances(row, references, unit).argmin() for row in rows], dtype=int)


def _distances(row, references, unit):
    """How unlike one row is to each reference; where there is no unit, columns are alike or they are not."""
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(references - row) / unit
    return np.minimum(np.where(references == row, 0.0, np.nan_to_num(apart, nan=FAR)), FAR).sum(axis=1)


def contributions_of_columns(score, X, scores, reference, n_orders):
    """Shapley values (n_rows, n_features) that sum to the scores, by random orders and their reverses.

    Parameters
    ----------
    score : callable
        A table to one number for each row.
    X : array or frame of shape (n_rows, n_features)
    scores : ndarray of shape (n_rows,)
        Those of X.
    reference : ReferenceRows
    n_orders : int
    """
    n_features, random_state = X.shape[1], np.random.RandomState(0)
    forwards = [random_state.permutation(n_features) for _ in range(n_orders)]
    orders = [order for forward in forwards for order in (forward, forward[::-1])]
    found = np.empty((len(X), n_features))
    for rows in gen_batches(len(X), max(1, SCORES_AT_ONCE // n_features)):
        x = take_rows(X, rows)
        nearest = reference.nearest(x)
        r, ends = take_rows(reference.rows, nearest), (reference.scores[nearest], scores[rows])
        found[rows] = np.mean([_along(score, x, r, ends, order) for order in orders], axis=0)
        found[rows] += ends[0][:, np.newaxis] / n_features
    return found


def _along(score, x, r, ends, order):
    """What the score changes as one column after the other becomes that of x; the first and last scores are known."""
    n_rows, n_features = len(x), len(order)
    place = np.argsort(order)
    path = [ends[0]]
    if n_features > 1:
        is_x = np.repeat(place < np.arange(1, n_features)[:, np.newaxis], n_rows, axis=0)
        copies = np.tile(np.arange(n_rows), n_features - 1)
        between = mosaic(take_rows(x, copies), take_rows(r, copies), is_x)
        path.extend(np.reshape(score(between), (n_features - 1, n_rows)))
    return np.diff([*path, ends[1]], axis=0)[place].T
