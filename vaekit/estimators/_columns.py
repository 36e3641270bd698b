"""Which table it is that came in, as the matrix that stands for it; and which likelihood each of its columns has."""

import numpy as np
from sklearn.base import clone

from vaekit.estimators._words import VOCABULARIES
from vaekit.frames import Table, columns_of, is_mixed, numbers_of_columns, open_table
from vaekit.likelihoods import Bernoulli, Categorical, Normal, Product
from vaekit.utils._containers import unwrap
from vaekit.utils._rows import count_rows
from vaekit.utils._sklearn import validate_data
from vaekit.utils._warnings import warn_user

__all__ = ["encoded_table", "is_masking", "likelihood_of_columns", "mixed_table"]

FITTING = {"category": {"one_hot"}, "boolean": {"unit_interval"}}  # supports, by what a column is
MOST_TEXTS = 20  # that may differ in a column however few cells it has
OF_NUMBERS = {"real", "unit_interval", "counts"}


def is_masking(estimator):
    """Whether cells may be missing."""
    return getattr(estimator, "missing_values", "error") == "mask"


def mixed_table(estimator, X, reset):
    """Return X as a table with columns of several kinds, None if it is a matrix (of images, say)."""
    if isinstance(X, Table):
        return X
    if reset:
        return _first_table(estimator, X)
    if not estimator.__sklearn_is_fitted__() or estimator._blueprint.columns is None:
        return None
    return _opened(X)


def _first_table(estimator, X):
    _refuse_idle_rule(estimator)
    chosen = getattr(estimator, "categorical_features", None)
    words = [getattr(estimator, name, None) for name in ("column_likelihoods", "column_bounds")]
    if any(words) or not (chosen is None or isinstance(chosen, str)):
        return _opened(X)
    if chosen is None or isinstance(X, np.ndarray):
        return None
    table = open_table(X)
    return table if table is not None and table.columns and is_mixed(table) else None


def _refuse_idle_rule(estimator):
    if getattr(estimator, "handle_unknown", "error") == "missing" and not is_masking(estimator):
        raise ValueError(
            "handle_unknown='missing' makes cells of unknown categories missing, which takes missing_values='mask'."
        )


def _opened(X):
    """The columns of X."""
    if isinstance(X, list | tuple):
        X = np.array(X, dtype=object)
    table = open_table(X)
    table = open_table(unwrap(X)) if table is None else table
    if table is None:
        raise ValueError(
            f"The columns of X have likelihoods of their own, and X is no table but a {type(X).__name__} of shape "
            f"{np.shape(X)}; pass a frame, or an array of shape (n_samples, n_features)."
        )
    return table


def encoded_table(estimator, table, reset):
    """A table as a matrix; what its columns are is decided if `reset`.

    Raises
    ------
    ValueError
        If columns differ from those of the fit, or hold what they may not hold.
    """
    validate_data(estimator, table.native, reset=reset, skip_check_array=True)
    if not table.columns:
        raise ValueError(
            f"X has 0 feature(s), while a minimum of 1 is required by {type(estimator).__name__}; pass a "
            "table with columns."
        )
    if count_rows(table.native) == 0:
        fewest = 2 if reset else 1
        raise ValueError(
            f"Found array with 0 sample(s) (shape=(0, {len(table.columns)})) while a minimum of {fewest} is required "
            f"by {type(estimator).__name__}."
        )
    if reset:
        estimator.image_shape_, estimator.columns_ = None, _columns(estimator, table)
    columns = estimator.columns_ if reset else estimator._blueprint.columns
    rows = columns.encode(table, estimator.handle_unknown)
    if not is_masking(estimator):
        _refuse_gaps(columns, rows)
    _refuse_infinity(columns, rows)
    if reset and isinstance(estimator.categorical_features, str):
        _warn_of_texts(columns, rows)
    return rows if table.encoded_as is None else table.encoded_as(columns, rows)


def _columns(estimator, table):
    words = _words(estimator, table)
    chosen, by_type = estimator.categorical_features, isinstance(estimator.categorical_features, str)
    chosen = [] if chosen is None or by_type else numbers_of_columns(table, chosen)
    categories = [number for number, word in words.items() if word.support == "one_hot"]
    counts = [number for number, word in words.items() if word.support == "counts"]
    are_categories = sorted({*chosen, *categories})
    return columns_of(table, are_categories, estimator.column_bounds, counts)


def _words(estimator, table):
    """Words of single columns, by the numbers of the columns."""
    given = estimator.column_likelihoods or {}
    numbers = numbers_of_columns(table, given, "column_likelihoods")
    return {number: VOCABULARIES["likelihood"].resolve(word) for number, word in zip(numbers, given.values())}


def _refuse_gaps(columns, rows):
    if np.isnan(rows).any():
        row, number = np.argwhere(np.isnan(rows))[0]
        name = columns.columns[columns.owners[number]].name
        raise ValueError(
            f"Input X contains NaN (nothing stands in row {row}, column {name!r}): choose missing_values='mask', which "
            "leaves missing cells out, or drop those rows."
        )


def _refuse_infinity(columns, rows):
    if np.isinf(rows).any():
        row, number = np.argwhere(np.isinf(rows))[0]
        name = columns.columns[columns.owners[number]].name
        raise ValueError(f"Input X contains infinity (in row {row}, column {name!r}); replace it, or drop those rows.")


def _warn_of_texts(columns, rows):
    """Warn where most cells of a column are categories of their own: dates that were not parsed, names, identifiers."""
    for column, place in zip(columns.columns, columns.places):
        n_known = int((~np.isnan(rows[:, place.start])).sum())
        if column.kind == "category" and column.width > max(MOST_TEXTS, n_known / 2):
            warn_user(
                f"Column {column.name!r} of X holds {column.width} different values in {n_known} cells, each read as a "
                "category of its own: turn dates into dates (pandas.to_datetime), and leave names and identifiers out; "
                "categories that are meant are named by 'categorical_features'."
            )


def likelihood_of_columns(estimator, objective):
    """The product of the columns' likelihoods."""
    columns, places, groups = estimator.columns_, estimator.columns_.places, {}
    words = _words(estimator, columns)
    for number, column in enumerate(columns.columns):
        word = words.get(number) or _word_for(estimator, column, objective)
        _check_fit(column, word)
        key = (repr(word), "" if word.knows_gaps or not is_masking(estimator) else number)
        groups.setdefault(key, (word, []))[1].append(number)
    return Product(parts=tuple(_part(word, numbers, columns, places) for word, numbers in groups.values()))


def _part(word, numbers, columns, places):
    """A word, of all columns that have it, and the numbers of a row that stand for these."""
    own = tuple(place for number in numbers for place in range(places[number].start, places[number].stop))
    if isinstance(word, Categorical):
        return Categorical(sizes=tuple(columns.columns[number].width for number in numbers)), own
    return clone(word), own


def _word_for(estimator, column, objective):
    if column.kind == "category":
        return Categorical()
    if column.kind == "boolean":
        return Bernoulli()
    if estimator.likelihood != "auto":
        return VOCABULARIES["likelihood"].resolve(estimator.likelihood)
    return Normal(scale="per_feature" if objective.is_bound else "learned_per_feature")


def _check_fit(column, word):
    if word.support not in FITTING.get(column.kind, OF_NUMBERS):
        kinds = {"category": "categories", "boolean": "truths", "number": "numbers", "moment": "dates or times"}
        raise ValueError(
            f"Column {column.name!r} of X holds {kinds[column.kind]}, which {word!r} is no likelihood of: change its "
            "entry in 'column_likelihoods', or the 'likelihood' of all numbers."
        )
