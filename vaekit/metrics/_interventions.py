"""Fixing a factor in a table: the rows that share its value stand in for fresh samples with the factor held."""

from typing import NamedTuple

import numpy as np

from vaekit.metrics._information import dependence_of_labels
from vaekit.tables._validation import check_counts
from vaekit.utils._warnings import warn_user

MOST_DEPENDENCE = 0.1


class Groups(NamedTuple):
    """Rows sorted by the value of one factor: ``rows[p]`` shares it with ``rows[start[p] : start[p] + size[p]]``."""

    rows: np.ndarray
    start: np.ndarray
    size: np.ndarray


def group_rows(factor, min_group=2):
    """Group the rows by the value of an integer-coded factor, without the values of fewer than `min_group` rows."""
    order = np.argsort(factor, kind="stable")
    size = np.bincount(factor)[factor[order]]
    rows, size = order[size >= min_group], size[size >= min_group]
    return Groups(rows, np.searchsorted(factor[rows], factor[rows]), size)


def group_every_factor(factors, min_group=2):
    """Group the rows by each factor in turn; warn when the factors depend on each other."""
    check_counts(2, min_group=min_group)
    groups = [group_rows(factor, min_group) for factor in factors.T]
    without = [number for number, group in enumerate(groups) if len(group.rows) == 0]
    if without:
        raise ValueError(f"Factors {without} have no value shared by {min_group} rows: more rows are needed.")
    _warn_of_dependence(factors)
    return groups


def draw_group(groups, n_draws, batch_size, rng):
    """Draw values as often as they occur, and for each `batch_size` rows with that value: (batch_size, n_draws)."""
    first = rng.randint(len(groups.rows), size=n_draws)
    within = (rng.random_sample((batch_size, n_draws)) * groups.size[first]).astype(np.intp)
    return groups.rows[groups.start[first] + within]


def draw_pairs(groups, n_draws, batch_size, rng):
    """Draw pairs of different rows that share a value; twice (batch_size, n_draws)."""
    first = rng.randint(len(groups.rows), size=(batch_size, n_draws))
    start, size = groups.start[first], groups.size[first]
    step = 1 + (rng.random_sample(first.shape) * (size - 1)).astype(np.intp)
    second = start + (first - start + step) % size
    return groups.rows[first], groups.rows[second]


def _warn_of_dependence(factors):
    dependence = dependence_of_labels(factors, least=MOST_DEPENDENCE)
    if dependence > MOST_DEPENDENCE:
        warn_user(
            f"The factors depend on each other (adjusted mutual information {dependence:.2f}): holding one holds "
            "others in part, so this score is not the one of independent factors."
        )
