"""Binning, entropies and mutual information of arrays; no checks."""

import numpy as np
from scipy.special import xlogy

from vaekit.utils._warnings import warn_user

OUTLYING_SHARE = 0.001
FEWEST_ROWS_WITH_OUTLIERS = 20
FEWEST_AUTOMATIC_BINS = 20


def discretize(codes, n_bins=20, binning="uniform", factors=None):
    """Number the bin of each code 0, 1, ..., column by column.

    Bins are of equal width over the range of the code, or of equal counts. ``n_bins="auto"`` takes
    :func:`automatic_bins` for the factors, and leaves the values of codes that have no more of them than bins, or than
    a factor has in twice as many rows, as they are.
    """
    if binning not in ("uniform", "quantile"):
        raise ValueError(f"binning must be 'uniform' or 'quantile', got {binning!r}.")
    if isinstance(n_bins, str):
        n_values = 0 if factors is None else 1 + int(factors.max())
        n_bins = automatic_bins(len(codes), factors)
        return _discretize_finely(codes, n_bins, max(n_bins, min(n_values, len(codes) // 2)), binning)
    return _discretize(codes, n_bins, binning)


def automatic_bins(n_samples, factors=None):
    r"""Return the number of bins that tells the values of every factor apart, as far as the rows allow.

    With V the largest number of values, fewer than V bins cap the information of perfect codes at log(bins), and more
    than 2 V tell nothing more even if values lie unevenly. Counting finds about (bins x V) / 2n nats in a useless code,
    so beyond V bins this is kept below 1/8 nat, and up to V bins below 1 nat.
    """
    n_values = FEWEST_AUTOMATIC_BINS / 2 if factors is None else 1 + int(factors.max())
    wanted = min(2 * n_values, max(n_values, n_samples / (4 * n_values)), 2 * n_samples / n_values)
    return max(FEWEST_AUTOMATIC_BINS, int(wanted))


def _discretize_finely(codes, n_bins, most_values, binning):
    """Keep the values of codes of at most so many; cut the others."""
    labels = number_values(codes)
    many = labels.max(axis=0) >= most_values
    if many.any():
        labels[:, many] = _discretize(codes[:, many], n_bins, binning, np.flatnonzero(many))
    return labels


def number_values(codes):
    """Number the values of each code 0, 1, ... in their order."""
    return np.array([np.unique(code, return_inverse=True)[1] for code in codes.T]).T


def _discretize(codes, n_bins, binning, numbers=None):
    """Cut codes into bins; `numbers` are what a warning calls them."""
    if binning == "quantile":
        return _bins_between(np.quantile(codes, np.arange(1, n_bins) / n_bins, axis=0), codes)
    bins = uniform_bins(codes, n_bins)
    _warn_of_outliers(bins, n_bins, np.arange(codes.shape[1]) if numbers is None else numbers)
    return bins


def uniform_bins(columns, n_bins):
    """Number the bins of equal width over the range of each column: closed on the left, the last on both sides."""
    return _bins_between(np.linspace(columns.min(axis=0), columns.max(axis=0), n_bins + 1)[1:-1], columns)


def _bins_between(inner_edges, columns):
    columns = np.ascontiguousarray(columns.T)
    bins = [np.searchsorted(edges, column, side="right") for edges, column in zip(inner_edges.T, columns)]
    return np.array(bins).T


def _warn_of_outliers(bins, n_bins, numbers):
    """Warn when a thousandth of the rows at each end of a code leaves half of its bins, or fewer, to the others."""
    if len(bins) < FEWEST_ROWS_WITH_OUTLIERS:
        return
    n_outlying = max(1, int(OUTLYING_SHARE * len(bins)))
    counts = np.array([np.bincount(column, minlength=n_bins) for column in bins.T])
    outlying_low = np.cumsum(counts, axis=1) <= n_outlying
    outlying_high = np.cumsum(counts[:, ::-1], axis=1) <= n_outlying
    n_left = n_bins - outlying_low.sum(axis=1) - outlying_high.sum(axis=1)
    varies = np.sum(counts > 0, axis=1) > 1
    stretched = numbers[varies & (n_left <= n_bins / 2)]
    if len(stretched):
        warn_user(
            f"In codes {stretched.tolist()} at most {n_outlying} outlying rows at each end take half of the bins of "
            "equal width or more, which are lost for the other rows: look at these rows, or pass binning='quantile'.",
        )


def entropy(labels):
    """Entropy of non-negative integer labels of shape (n_samples,), in nats.

    ``H = log n - (1/n) sum_v n_v log n_v``.
    """
    n = len(labels)
    counts = np.bincount(labels) if labels.max() < 100 * n else np.unique(labels, return_counts=True)[1]
    return np.log(n) - xlogy(counts, counts).sum() / n


def entropies(labels):
    """Entropy of each column, in nats."""
    return np.array([entropy(column) for column in labels.T])


def mutual_information(a, b):
    """Mutual information of each column of `a` with each of `b`, in nats, from integer labels.

    ``I(a; b) = H(a) + H(b) - H(a, b)``.
    """
    n_values = b.max(axis=0) + 1
    joint = np.array([[entropy(a_i * n_j + b_j) for b_j, n_j in zip(b.T, n_values)] for a_i in a.T])
    return np.maximum(entropies(a)[:, np.newaxis] + entropies(b) - joint, 0.0)
