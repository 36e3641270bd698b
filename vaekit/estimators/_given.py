"""What is given of the samples that are wanted: columns of the table itself, by name or number."""

from collections.abc import Mapping

import numpy as np

from vaekit.fitted import check_support, codes_given, decode
from vaekit.frames import Table, number_of, numbers_of_columns, row_of_cells
from vaekit.utils._warnings import warn_user

__all__ = ["check_given", "sample_given"]

FEW = 100  # effective codes below which samples say little of what they are drawn from


def check_given(given):
    """Return what is given as a dict, None where that is nothing.

    Raises
    ------
    ValueError
        If it is no mapping from columns to single values.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise ValueError(
            f"The 'given' parameter must map columns to values, as {{'region': 'north'}}. Got {given!r} instead."
        )
    several = next((name for name, value in given.items() if np.ndim(value)), None)
    if several is not None:
        raise ValueError(f"The 'given' parameter holds several values for {several!r}; pass one, for all samples.")
    return dict(given)


def sample_given(estimator, given, n_samples, random_state, draws):
    """Samples whose given cells are what they are said to be, and the effective sample size of their codes."""
    known = _known_row(estimator, given)
    codes, size, model = codes_given(estimator.model_, known, n_samples, random_state)
    if size < FEW:
        warn_user(
            f"What is 'given' is rare: the samples come from codes with an effective sample size of {size:.1f}. Give "
            "less, or train a model that is told these columns, ConditionalVAE().fit(X, y=X[columns])."
        )
    return decode(model, codes, random_state if draws else None, known), size


def _known_row(estimator, given):
    """The given cells as a row (1, n_numbers) in the units of X, NaN elsewhere."""
    blueprint = estimator._blueprint
    if blueprint.image_shape is not None:
        raise ValueError("The 'given' parameter names columns of a table, and the fit was on images or windows.")
    columns = blueprint.columns
    row = _row_of_matrix(estimator, given) if columns is None else row_of_cells(columns, _by_number(columns, given))
    check_support(row, blueprint.likelihood, blueprint.preprocessing.unit)
    return row


def _row_of_matrix(estimator, given):
    names = list(getattr(estimator, "feature_names_in_", range(estimator.n_features_in_)))
    row = np.full((1, len(names)), np.nan)
    for number, value in _by_number(Table("numpy", names, [], None), given).items():
        row[0, number] = number_of(names[number], value)
    _check_one_hots(estimator._blueprint.likelihood, row[0])
    return row


def _by_number(table, given):
    numbers = numbers_of_columns(table, given, "given")
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"The 'given' parameter names a column twice. Got {list(given)} instead.")
    return dict(zip(numbers, given.values()))


def _check_one_hots(likelihood, row):
    """Refuse parts of a one-hot, and what is none."""
    if likelihood.support != "one_hot":
        return
    for one_hot in np.split(row, np.cumsum(likelihood.sizes or (len(row),))[:-1]):
        if not np.isnan(one_hot).all() and sorted(one_hot) != [0.0] * (len(one_hot) - 1) + [1.0]:
            raise ValueError("The 'given' parameter must hold a one-hot as a whole, a single 1 and otherwise 0.")
