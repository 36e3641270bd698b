"""Rows whose numbers are of several kinds: the units of each, and what a density gains by them."""

import numpy as np

from vaekit.fitted._preprocessing import (
    Preprocessing,
    check_counts,
    check_unit_interval,
    choose_preprocessing,
    extremes,
    row_blocks,
)

__all__ = ["check_support", "log_units", "preprocessing_of"]


def _parts(likelihood, n_features):
    """Pairs of a word and the numbers of a row that it is of."""
    if likelihood.support == "parts":
        return [(word, list(numbers)) for word, numbers in likelihood.parts]
    return [(likelihood, slice(0, n_features))]


def preprocessing_of(X, likelihood, *, standardize, **how):
    """Offset and unit of every number of a row, and the standard deviation of those that are standardised.

    Each column of a table of several kinds is divided by its own deviation, unless nothing is to be standardised.
    """
    _check_one_hots(X, likelihood)
    if likelihood.support != "parts":
        return choose_preprocessing(X, support=likelihood.support, standardize=standardize, **how)
    offset, unit, deviation = np.zeros(X.shape[1]), np.ones(X.shape[1]), 1.0
    for support, numbers in _by_support(likelihood).items():
        chosen = "column" if standardize == "auto" else standardize
        own, spread = choose_preprocessing(X[:, numbers], support=support, standardize=chosen, **how)
        offset[numbers], unit[numbers] = own
        deviation = spread if support == "real" else deviation
    return Preprocessing(offset, unit), deviation


def _by_support(likelihood):
    """Numbers of a row by the support of their likelihood."""
    found = {}
    for word, numbers in likelihood.parts:
        found.setdefault(word.support, []).extend(numbers)
    return found


def log_units(likelihood, unit, n_features):
    """Log of the unit of every number that has a density, 0 of those that have a probability (n_features,)."""
    of_all, found = np.log(np.broadcast_to(unit, n_features)), np.zeros(n_features)
    for word, numbers in _parts(likelihood, n_features):
        if word.support == "real":
            found[numbers] = of_all[numbers]
    return found


def check_support(X, likelihood, unit):
    """Raise ValueError if rows hold values to which a likelihood gives no probability; gaps are none of these."""
    _check_one_hots(X, likelihood)
    for word, numbers in _parts(likelihood, X.shape[1]):
        own = X if isinstance(numbers, slice) else X[:, numbers]
        if word.support == "unit_interval":
            check_unit_interval(*extremes(own), unit if np.ndim(unit) == 0 else 1.0)
        elif word.support == "counts":
            check_counts(own)


def _check_one_hots(X, likelihood):
    """Raise ValueError where numbers of a row that are to be a one-hot are none; one that is missing is NaN."""
    places = [one for word, numbers in _parts(likelihood, X.shape[1]) for one in _one_hots(word, numbers, X.shape[1])]
    for block in row_blocks(X.shape) if places else []:
        rows = X[block]
        for place in places:
            is_none = ~_are_one_hots(rows[:, place])
            if is_none.any():
                row = int(is_none.argmax())
                raise ValueError(
                    f"X holds {np.array2string(rows[row, place], threshold=6, edgeitems=2)} (row {block.start + row}), "
                    "but likelihood='categorical' needs one-hots, a single 1 and otherwise 0: encode labels with "
                    "OneHotEncoder, or pass a frame with columns of categories."
                )


def _one_hots(word, numbers, n_features):
    """Numbers of a row that are a one-hot each, for a word that says how many each takes."""
    if word.support != "one_hot" or not hasattr(word, "widths"):
        return []
    numbers = np.arange(n_features)[numbers]
    return np.split(numbers, np.cumsum(word.widths(len(numbers)))[:-1])


def _are_one_hots(numbers):
    is_one = ((numbers == 0) | (numbers == 1)).all(axis=1) & (numbers.sum(axis=1) == 1)
    return is_one | np.isnan(numbers).all(axis=1)
