"""Rows whose numbers are of several kinds: the units of each, and what a density gains by them."""

import numpy as np

from vaekit.fitted._preprocessing import (
    Preprocessing,
    check_counts,
    check_unit_interval,
    choose_preprocessing,
    extremes,
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
    for word, numbers in _parts(likelihood, X.shape[1]):
        own = X if isinstance(numbers, slice) else X[:, numbers]
        if word.support == "unit_interval":
            check_unit_interval(*extremes(own), unit if np.ndim(unit) == 0 else 1.0)
        elif word.support == "counts":
            check_counts(own)
