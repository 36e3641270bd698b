"""Whether a model generates or remembers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import mannwhitneyu
from sklearn.neighbors import NearestNeighbors

from vaekit.features._comparable import comparable_rows
from vaekit.features._feature_map import FeatureMap
from vaekit.tables._feature_sets import FeatureSet
from vaekit.utils._ambient import guarded
from vaekit.utils._containers import as_array
from vaekit.utils._on_disk import lazily
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import evenly_spaced, flat_rows


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
    to_numbers = comparable_rows(lazily(X))
    numbers = FeatureMap(to_numbers, to_numbers is flat_rows)
    samples, X, X_test = (None if rows is None else _opened(numbers, rows) for rows in (samples, X, X_test))
    for rows in (samples, X_test):
        if rows is not None and rows.shape[1] != X.shape[1]:
            raise ValueError(f"All rows must hold as many values as those of X, {X.shape[1]}, got {rows.shape[1]}.")
    center = sum(block.sum(axis=0) for _, block in X.blocks()) / len(X)
    row, distance = _nearest(X, samples, center)
    reference = _nearest_others(X, len(samples), center) if X_test is None else _nearest(X, X_test, center)[1]
    closer = mannwhitneyu(reference, distance).statistic / (len(reference) * len(distance))
    return NearestRows(row, distance, reference, float(closer))


def _opened(numbers, rows):
    """Rows of any number type, images too, as (n_rows, n_values), some at a time."""
    rows = lazily(rows)
    is_whole = numbers.is_by_row and not getattr(rows, "stays_on_disk", False)
    return FeatureSet(numbers.of(as_array(rows) if is_whole else rows), "rows", is_checked=True)


def _nearest(X, points, center, own=None):
    """Return the nearest row of X to each point, and how far it is; of rows of X, by number, the nearest other one.

    Both are taken from the centre of the data, where the search's expanded squares lose the fewest digits. Distances
    are those of differences: equal rows are at distance 0.
    """
    row, nearest = np.zeros(len(points), np.intp), np.full(len(points), np.inf)
    for rows, block in X.blocks():
        block = block - center
        # of two that are found, one is the row itself, or a duplicate
        search = NearestNeighbors(n_neighbors=min(len(block), 1 if own is None else 2)).fit(block)
        for some, chosen in points.blocks():
            chosen = chosen - center
            found = search.kneighbors(chosen, return_distance=False)
            distance = np.linalg.norm(chosen[:, None] - block[found], axis=2)
            found = found + rows.start
            if own is not None:
                distance[found == own[some, None]] = np.inf
            best = np.arange(len(found)), distance.argmin(axis=1)
            is_nearer = distance[best] < nearest[some]
            row[some] = np.where(is_nearer, found[best], row[some])
            nearest[some] = np.where(is_nearer, distance[best], nearest[some])
    return row, nearest


def _nearest_others(X, n_most, center):
    """Distances from some rows to the nearest other row."""
    if len(X) < 2:
        raise ValueError(
            "X must hold two rows or more (n_neighbors=2, a row and the one nearest to it), or pass X_test."
        )
    own = evenly_spaced(X, n_most)
    return _nearest(X, FeatureSet(X[own], "rows", is_checked=True), center, own)[1]
