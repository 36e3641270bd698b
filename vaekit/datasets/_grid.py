"""Grids of factors: the whole, a part, or a random sample of it."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from vaekit.utils._random import make_random_state


def choose_levels(sizes, **choices):
    """Return the class numbers a sub-grid keeps of each factor; choices carry the caller's parameter names."""
    return [_levels(name, size, choice) for size, (name, choice) in zip(sizes, choices.items())]


def _levels(name, n_levels, choice):
    """Return which of the classes 0 .. n_levels - 1 are kept: all (None), k evenly spaced, or those listed."""
    if choice is None:
        return np.arange(n_levels)
    if isinstance(choice, Integral):
        check_scalar(choice, name, Integral, min_val=1, max_val=n_levels)
        return np.arange(choice) * n_levels // choice
    levels = np.asarray(choice)
    if levels.ndim != 1 or levels.dtype.kind not in "iu" or not levels.size or np.unique(levels).size < levels.size:
        raise ValueError(f"{name} must be None, a number of values, or distinct class numbers; got {choice!r}.")
    if levels.min() < 0 or levels.max() >= n_levels:
        raise ValueError(f"{name} must hold class numbers in 0 .. {n_levels - 1}; got {choice!r}.")
    return levels


def grid_factors(sizes, n_samples=None, random_state=None):
    """Return cells of a grid, (n_samples, n_factors): all in lexicographic order, or some drawn without repeats."""
    n_cells = int(np.prod(sizes))
    if n_samples is None:
        cells = np.arange(n_cells)
    else:
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        if n_samples > n_cells:
            raise ValueError(
                f"n_samples={n_samples} distinct combinations of factors were asked for, the grid has {n_cells}."
            )
        cells = make_random_state(random_state).permutation(n_cells)[:n_samples]
    return np.stack(np.unravel_index(cells, sizes), axis=1)


def classes_of(factors, levels):
    """Return the class numbers of cells of a sub-grid: column j of `factors` counts within `levels[j]`."""
    return np.stack([level[column] for level, column in zip(levels, factors.T)], axis=1)


def check_classes(classes, names, sizes):
    """Return `classes` as an integer array of shape (n_samples, n_factors), each column within its factor's size."""
    classes = np.asarray(classes)
    if classes.ndim != 2 or classes.shape[1] != len(names) or classes.dtype.kind not in "iu":
        raise ValueError(f"classes must be integers of shape (n_samples, {len(names)}): {', '.join(names)}.")
    for name, size, column in zip(names, sizes, classes.T):
        if column.size and (column.min() < 0 or column.max() >= size):
            raise ValueError(f"{name} classes must be 0 .. {size - 1}, got {column.min()} .. {column.max()}.")
    return classes
