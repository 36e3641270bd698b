"""What conditional models are told: labels and numbers, one or several to a row, as rows of numbers."""

import math
import reprlib
from numbers import Real
from typing import Any

import numpy as np
import torch
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.multiclass import type_of_target
from torch import nn

from vaekit.frames import open_table
from vaekit.utils._containers import column_names, unwrap
from vaekit.utils._told import about, refuse_missing
from vaekit.utils._weights import in_proportion

__all__ = ["Conditions"]

MAX_SEEN = 10_000  # conditions that are remembered, to draw from
TEXT = (str, bytes)  # which are no arrays
NUMBERS = frozenset("biuf")
FILL = "fill them, with a label of their own where they are labels, or leave out such rows"
LIKE = (NUMBERS, {"U", "O"}, {"S"})  # kinds of arrays whose values are equal only where they are one label


class Conditions:
    """Columns of y, each as one-hot labels or as a standardised number.

    Floats that are not all whole are numbers, as objects, too; everything else, whole numbers and text and booleans,
    is labels.

    Attributes
    ----------
    encoders : list
        A `OneHotEncoder` or a `StandardScaler` for each column.
    mean : ndarray of shape (width,)
        Mean encoded condition.
    seen : ndarray of shape (n_seen, width)
        Encoded conditions of some training rows.
    names : list
        What the columns of y are called; none where they have no names.
    """

    names: Any = ()

    def fit(self, y, n_rows, weight=None):
        """Decide what each column is, given how often each row counts."""
        columns, self.names = _columns(y, n_rows), _names(y)
        if weight is not None:
            columns, weight = [column[weight > 0] for column in columns], weight[weight > 0]
        with about("y"):
            self.encoders = [_fitted_encoder(column, weight) for column in columns]
        encoded = self._encode(columns)
        mean = encoded.mean(axis=0) if weight is None else np.average(encoded, axis=0, weights=weight)
        self.mean = mean.astype(np.float32)
        few = slice(None, None, math.ceil(n_rows / MAX_SEEN)) if weight is None else in_proportion(weight, MAX_SEEN)
        self.seen = encoded[few]
        return self

    def encode(self, y, n_rows, weight=None):
        """Return conditions of shape (n_rows, width), float32; one condition, a scalar or a tuple, holds for all rows.

        None is the mean condition, for rows about which nothing is known. Those of rows without weight are 0, and may
        be anything.

        Raises
        ------
        ValueError
            If there are not as many conditions as rows, one is missing, or a label was not seen in `fit`.
        """
        if y is None:
            return np.tile(self.mean, (n_rows, 1))
        columns = _columns(y, n_rows)
        if len(columns) != len(self.encoders):
            raise ValueError(f"The 'y' has {len(columns)} columns, but the model was fitted with {len(self.encoders)}.")
        if weight is None:
            return self._encode(columns)
        encoded = np.zeros((n_rows, len(self.mean)), dtype=np.float32)
        encoded[weight > 0] = self._encode([column[weight > 0] for column in columns])
        return encoded

    def draw(self, n_rows, random_state):
        """Return conditions of n_rows rows, each that of some training row."""
        return self.seen[random_state.randint(len(self.seen), size=n_rows)]

    def program(self):
        """`encode` as a module of tensors alone, for programs that leave this library."""
        return ConditionsProgram(self.encoders)

    def taken(self, given, y, columns_of_rows):
        """Return y as the given cells have it, and cells that are given of the rows themselves.

        Raises
        ------
        ValueError
            If some of the conditions are given and others not, or y is passed, too; if y is not one for all.
        """
        told = [name for name in self.names if name in given]
        if not told:
            if y is not None and not _holds_for_all(y):
                raise ValueError("The 'y' must be one condition for all samples, a scalar or a tuple, beside 'given'.")
            return y, given
        if y is not None or len(told) < len(self.names):
            raise ValueError(
                f"The 'given' parameter names {told}, conditions of the model: pass all of {list(self.names)} there, "
                "and no y."
            )
        rest = {name: value for name, value in given.items() if name not in told or name in columns_of_rows}
        return tuple(given[name] for name in self.names), rest

    def _encode(self, columns):
        encoded = [_encoded(encoder, column) for encoder, column in zip(self.encoders, columns)]
        return np.hstack(encoded).astype(np.float32)


class ConditionsProgram(nn.Module):
    """Rows of numbers for y, float64 (n_rows,) or (n_rows, n_columns): what `Conditions.encode` has for them.

    Parameters
    ----------
    encoders : list
        Of each column.
    """

    def __init__(self, encoders):
        super().__init__()
        self.columns = nn.ModuleList(_program_of_column(encoder) for encoder in encoders)

    def forward(self, y):
        """Conditions (n_rows, width)."""
        columns = y.reshape(y.shape[0], len(self.columns)).unbind(1)
        return torch.cat([encode(column[:, None]) for encode, column in zip(self.columns, columns)], dim=1)

    def example(self, n_rows):
        """A y of so many rows."""
        return torch.zeros(n_rows, *([len(self.columns)] if len(self.columns) > 1 else []), dtype=torch.float64)


class OneHot(nn.Module):
    """1 where a label is one of those that there are, else 0."""

    def __init__(self, labels):
        super().__init__()
        self.register_buffer("labels", torch.from_numpy(labels))

    def forward(self, column):
        """(n_rows, 1) to (n_rows, n_labels)."""
        return (column == self.labels).to(torch.float32)


class Standardised(nn.Module):
    """(number - mean) / deviation."""

    def __init__(self, mean, scale):
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("scale", torch.from_numpy(scale))

    def forward(self, column):
        """(n_rows, 1) to (n_rows, 1)."""
        return ((column - self.mean) / self.scale).to(torch.float32)


def _program_of_column(encoder):
    if isinstance(encoder, StandardScaler):
        return Standardised(encoder.mean_, encoder.scale_)
    (labels,) = encoder.categories_
    return OneHot((labels if labels.dtype.kind in "biuf" else np.arange(len(labels))).astype(np.float64))


def _columns(y, n_rows):
    """Columns of y, each of n_rows values."""
    if y is None:
        raise ValueError("ConditionalVAE requires y to be passed, but the target y is None: a condition for every row.")
    with about("y"):
        columns = _opened_columns(y, n_rows)
    if any(len(column) != n_rows for column in columns):
        raise ValueError(
            f"The 'y' holds {len(columns[0])} conditions for {n_rows} rows; pass one for each, or one alone."
        )
    return columns


def _opened_columns(y, n_rows):
    if isinstance(y, TEXT):
        y = np.asarray(y)
    if isinstance(y, list) and (any(value is None for value in y) or _are_rows(y)):
        y = np.array(y, dtype=object)
    if isinstance(y, tuple):  # one condition of several columns
        return [_told_apart(np.full(n_rows, value)) for value in y]
    if column_names(y) is not None:
        table = open_table(y)
        if table is None or not table.columns:
            raise ValueError("y is a frame without columns, or with two of one name; name each once.")
        return [_told_apart(np.asarray(y[name])) for name in y.columns]
    array = np.asarray(unwrap(y))
    if array.ndim == 0:
        return [np.full(n_rows, _told_apart(array))]
    return [_told_apart(column) for column in np.atleast_2d(array.T)]


def _are_rows(y):
    """Whether a list holds rows, all as long: NumPy would make text of numbers beside text."""
    return all(isinstance(row, (list, tuple)) for row in y) and len({len(row) for row in y}) == 1


def _holds_for_all(y):
    """Whether y is one condition: a scalar, or a tuple."""
    return isinstance(y, (*TEXT, tuple)) or not (hasattr(y, "columns") or np.ndim(unwrap(y)))


def _told_apart(labels):
    """Labels as scikit-learn tells them apart: NumPy's texts of any length as objects, numbers in objects as numbers.

    A table of words and numbers is an array of objects once it has left its frame.
    """
    if labels.dtype == object and all(isinstance(label, (Real, np.bool_)) for label in labels.flat):
        are_truths = {isinstance(label, (bool, np.bool_)) for label in labels.flat}
        return labels if len(are_truths) > 1 else np.array(labels.tolist())
    return labels.astype(object) if labels.dtype.kind == "T" else labels


def _names(y):
    """What the columns of y are called."""
    if column_names(y) is not None:
        return list(y.columns)
    name = getattr(y, "name", None)  # of a series
    return [name] if isinstance(name, str) else []


def _fitted_encoder(column, weight):
    refuse_missing(column, "y", FILL)
    if column.dtype.kind == "f" and type_of_target(column) == "continuous":
        return StandardScaler().fit(column[:, None], sample_weight=weight)
    return OneHotEncoder(sparse_output=False).fit(column[:, None])


def _encoded(encoder, column):
    """A column as its encoder has it (n_rows, width): read here if it is plainly of the fit, else by scikit-learn."""
    read = _standardised if isinstance(encoder, StandardScaler) else _one_hot
    encoded = read(encoder, column)
    return _encoded_with_words(encoder, column) if encoded is None else encoded


def _standardised(scaler, column):
    """Numbers in deviations from their mean; None unless all are finite."""
    if column.dtype.kind not in NUMBERS:
        return None
    numbers = (column[:, None].astype(np.float64) - scaler.mean_) / scaler.scale_
    return numbers if np.isfinite(numbers).all() else None


def _one_hot(encoder, column):
    """1 at the place of each label among those of the fit; None if one is not among them, or of another type."""
    (labels,) = encoder.categories_
    if not any({labels.dtype.kind, column.dtype.kind} <= kinds for kinds in LIKE):
        return None
    try:
        places = np.searchsorted(labels, column).clip(max=len(labels) - 1)
        is_among_them = np.all(labels[places] == column)
    except (TypeError, ValueError):  # objects that have no order
        return None
    if not is_among_them:
        return None
    encoded = np.zeros((len(column), len(labels)))
    encoded[np.arange(len(column)), places] = 1
    return encoded


def _encoded_with_words(encoder, column):
    """By scikit-learn, or its words for what is wrong."""
    refuse_missing(column, "y", FILL)
    try:
        return encoder.transform(column[:, None])
    except ValueError as error:
        what = _unknown_label(encoder, column) or error
        raise ValueError(f"The 'y' holds what the model was not fitted with: {what}") from error
    except TypeError as error:
        some = getattr(encoder, "categories_", [np.zeros(1)])[0][0]
        raise ValueError(f"The 'y' holds {column.dtype}, and the model was fitted with such as {some!r}.") from error


def _unknown_label(encoder, column):
    """The first label that is new, and those that are not, in words; None of numbers."""
    labels = [label for known in getattr(encoder, "categories_", []) for label in known.tolist()]
    new = next((value for value in column.tolist() if labels and value not in labels), None)
    return None if new is None else f"{new!r}, which is none of {reprlib.repr(labels)[1:-1]}."
