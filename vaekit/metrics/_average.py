"""What is done with one number per factor, or per code and factor."""

import numpy as np


def average_factors(values, average):
    """Return the mean over factors, or the values themselves with ``average=None``."""
    if average is None:
        return values
    if average != "macro":
        raise ValueError(f"average must be 'macro' or None, got {average!r}.")
    return float(np.mean(values))


def gap_of_top_two(matrix):
    """Return, for each column of a (n_codes, n_factors) matrix, the largest entry minus the second; alone, minus 0."""
    if len(matrix) == 1:
        return matrix[0]
    second, first = np.partition(matrix, (-2, -1), axis=0)[-2:]
    return first - second
