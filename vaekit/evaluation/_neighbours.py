"""Whether a model generates or remembers."""

from typing import NamedTuple

import numpy as np
from scipy.stats import mannwhitneyu
from sklearn.neighbors import NearestNeighbors

from vaekit.evaluation._fitted import flat_rows


class NearestRows(NamedTuple):
    """What `nearest_neighbours` returns.

    Attributes
    ----------
    row : ndarray of shape (n_samples,)
        The row of X nearest to each sample.
    distance : ndarray of shape (n_samples,)
        How far it is, in the units of X.
    reference_distance : ndarray of shape (n_reference,)
        How far real data lie from the nearest row of X.
    share_closer : float
        Probability that a sample lies closer to X than real data do, in [0, 1].
    """

    row: np.ndarray
    distance: np.ndarray
    reference_distance: np.ndarray
    share_closer: float


def nearest_neighbours(samples, X, *, X_test=None):
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
    samples, X = flat_rows(samples), flat_rows(X)
    search = NearestNeighbors(n_neighbors=1).fit(X)
    distance, row = (values.ravel() for values in search.kneighbors(samples))
    reference = _distances_within(search, X, len(samples)) if X_test is None else _distances_to(search, X_test)
    closer = mannwhitneyu(reference, distance).statistic / (len(reference) * len(distance))
    return NearestRows(row, distance, reference, float(closer))


def _distances_to(search, X):
    return search.kneighbors(flat_rows(X))[0].ravel()


def _distances_within(search, X, n_most):
    """Distances to the nearest other row: of the two nearest, the first is the row itself."""
    rows = np.linspace(0, len(X) - 1, min(len(X), n_most)).astype(int)
    return search.kneighbors(X[rows], n_neighbors=2)[0][:, 1]
