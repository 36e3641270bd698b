"""Whether a model generates or remembers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import mannwhitneyu
from sklearn.neighbors import NearestNeighbors

from vaekit.features._comparable import ComparableRows, comparable_rows
from vaekit.utils._ambient import guarded
from vaekit.utils._containers import as_array
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import evenly_spaced, row_blocks


class NearestRows(NamedTuple):
    """What `nearest_neighbours` returns.

    Attributes
    ----------
    row : ndarray of shape (n_samples,)
        The row of X nearest to each sample.
    distance : ndarray of shape (n_samples,)
        How far it is, in the units of X; of a frame of several kinds of columns in deviations of each, where two
        categories are at distance 1.
    reference_distance : ndarray of shape (n_reference,)
        How far real data lie from the nearest row of X.
    share_closer : float
        Probability that a sample lies closer to X than real data do, in [0, 1].
    """

    row: np.ndarray
    distance: np.ndarray
    reference_distance: np.ndarray
    share_closer: float

    __repr__ = short_repr


@guarded
def nearest_neighbours(samples: ArrayLike, X: ArrayLike, *, X_test: ArrayLike | None = None) -> NearestRows:
    r"""Find the training row nearest to each sample, and compare with how near real data come.

    .. math:: \text{share closer} = P(d(s) < d(r)) + \tfrac12 P(d(s) = d(r))

    with d the distance to the nearest row of X, s a sample, and r a held-out row (or a row of X, whose nearest *other*
    row counts). This is the Mann-Whitney statistic of the two sets of distances.

    Parameters
    ----------
    samples : array-like of shape (n_samples, ...)
        Generated data; images are flattened.
    X : array-like of shape (n_rows, ...)
        The data that the model was trained on, at least two rows.
    X_test : array-like of shape (n_test, ...), default=None
        Held-out data of the same kind to compare with; None compares with rows of X, evenly spaced, at most as many as
        there are samples.

    Returns
    -------
    neighbours : NearestRows
        `row`, `distance`, `reference_distance`, `share_closer`. A share near 1/2 is what real data have; near 1 the
        samples copy the training data, near 0 they lie off it. (Decoded means are smoother than data and lie somewhat
        closer to the middle of it.)

    Raises
    ------
    ValueError
        If numbers of values differ or there are too few rows.

    References
    ----------
    C. Meehan, K. Chaudhuri, S. Dasgupta, "A Three Sample Hypothesis Test for Evaluating Generative Models", AISTATS
    2020, section 2, https://arxiv.org/abs/2004.05675

    Examples
    --------
    >>> from vaekit.evaluation import nearest_neighbours
    >>> X = [[0.0], [1.0], [3.0]]
    >>> nearest_neighbours([[0.0], [3.0]], X).share_closer  # copies
    1.0
    """
    to_numbers = comparable_rows(X)
    if isinstance(to_numbers, ComparableRows):
        samples, X, X_test = (None if rows is None else to_numbers(rows) for rows in (samples, X, X_test))
    center = _flat(X).mean(axis=0, dtype=np.float64)
    samples, X, X_test = (None if rows is None else _centred(rows, center) for rows in (samples, X, X_test))
    search = NearestNeighbors(n_neighbors=1).fit(X)
    row, distance = _nearest(search, X, samples)
    reference = _nearest_others(search, X, len(samples)) if X_test is None else _nearest(search, X, X_test)[1]
    closer = mannwhitneyu(reference, distance).statistic / (len(reference) * len(distance))
    return NearestRows(row, distance, reference, float(closer))


def _flat(X):
    """Rows of any number type, images too, as (n_rows, n_values); objects as floats."""
    X = as_array(X)
    X = X.astype(np.float64) if X.dtype.kind == "O" else X
    return X.reshape(len(X), -1)


def _centred(X, center):
    """Rows as float64 around the centre of the data, where the search's expanded squares lose the fewest digits."""
    flat = _flat(X)
    if flat.shape[1:] != center.shape:
        raise ValueError(f"All rows must hold as many values as those of X, {len(center)}, got {flat.shape[1]}.")
    return np.subtract(flat, center, dtype=np.float64)


def _nearest(search, X, points):
    """Return the nearest row of X to each point, and its distance."""
    found = search.kneighbors(points, return_distance=False)
    return found.ravel(), _distances(points, X, found).ravel()


def _nearest_others(search, X, n_most):
    """Distances from some rows to the nearest other row; of two rows found, one is the row itself, or a duplicate."""
    rows = evenly_spaced(X, n_most)
    found = search.kneighbors(X[rows], n_neighbors=2, return_distance=False)
    return np.where(found == rows[:, None], np.inf, _distances(X[rows], X, found)).min(axis=1)


def _distances(points, X, found):
    """Distance from each point to the rows found for it, from differences: equal rows are at distance 0."""
    blocks = row_blocks(points)
    return np.concatenate([np.linalg.norm(points[rows, None] - X[found[rows]], axis=2) for rows in blocks])
