"""Tables of any kind, cell by cell: put together of two, and made comparable column by column."""

import numpy as np
from scipy import sparse

from vaekit.frames import frame_of, is_mixed, open_table
from vaekit.utils._containers import is_frame, unwrap

__all__ = ["alike", "as_given", "as_numbers", "dense", "mosaic", "opened", "plain_array"]


WIDEST = ("Int128", "UInt128")
TEXT_OF_ANY_LENGTH = "T"  # it stands beside nothing else


def opened(X):
    """Rows as an array, or as the frame or the sparse matrix that they are."""
    table = open_table(X)
    if table is not None and is_mixed(table):
        return frame_of(table)
    rows = sparse.csr_array(X) if sparse.issparse(X) else unwrap(X)
    if is_frame(rows) or sparse.issparse(rows):
        return rows
    rows = rows if hasattr(rows, "shape") else np.asarray(rows)
    return rows.astype(object) if rows.dtype.kind == TEXT_OF_ANY_LENGTH else rows


def dense(rows):
    """Rows as an array."""
    return rows.toarray() if sparse.issparse(rows) else np.asarray(rows)


def plain_array(rows):
    """An array of the same values in a type of NumPy's own, numbers where objects or text are numbers."""
    rows = np.asarray(rows)
    return rows if are_numbers(rows) else rows.astype(np.float64)


def are_numbers(rows):
    """Whether an array's type is one of real numbers or truths."""
    return rows.dtype.kind in "biuf"


def alike(table, other):
    """A table as one of the other's kind, so that cells of both can stand beside each other."""
    if isinstance(other, np.ndarray):
        return plain_array(table) if are_numbers(other) else np.asarray(table)
    if type(table) is type(other):
        return table
    if _is_of_pandas(other):
        return table.to_pandas() if _is_of_polars(table) else type(other)(table, columns=other.columns)
    if _is_of_polars(other):
        return _as_polars(table) if _is_of_pandas(table) else type(other)(table, schema=other.columns)
    return table


def _as_polars(table):
    import polars as pl

    return pl.from_pandas(table)


def mosaic(first, second, is_first):
    """A table of the first's kind whose cells are those of the first where told, else of the second.

    Parameters
    ----------
    first, second : arrays or frames of shape (n_rows, n_features)
    is_first : ndarray of bool of shape (n_rows, n_features)
    """
    if _is_of_polars(first):
        pairs = zip(first.get_columns(), second.get_columns(), is_first.T)
        return type(first)([one.zip_with(type(one)(chosen), other) for one, other, chosen in pairs])
    if _is_of_pandas(first):
        columns = [
            _joined(one.reset_index(drop=True), other.reset_index(drop=True), chosen)
            for (_, one), (_, other), chosen in zip(first.items(), second.items(), is_first.T)
        ]
        return type(first)(dict(enumerate(columns))).set_axis(first.columns, axis=1)
    return np.where(is_first, first, second)


def _joined(one, other, chosen):
    """Cells of two columns of pandas; categories of different lists are plain values."""
    if one.dtype != other.dtype and "category" in (one.dtype, other.dtype):
        one, other = one.astype(object), other.astype(object)
    return one.where(chosen, other.array)


def as_numbers(first, second):
    """Two tables of one kind as numbers, words as the numbers of their kinds; and which columns were numbers.

    Returns
    -------
    first, second : ndarray of shape (n_rows, n_features)
    are_numbers : ndarray of bool of shape (n_features,)
    """
    pairs = [_pair_as_floats(*pair) for pair in zip(_columns(first), _columns(second))]
    numbers, others, are_numbers = zip(*pairs)
    return np.stack(numbers, axis=1), np.stack(others, axis=1), np.array(are_numbers)


def _columns(table):
    return [_array(table[name]) for name in table.columns] if hasattr(table, "columns") else table.T


def _array(column):
    """A column as an array; integers of 128 bits, which NumPy has no place for, in double precision."""
    return np.asarray(column.cast(float) if str(column.dtype) in WIDEST else column)


def _pair_as_floats(one, other):
    try:
        return one.astype(np.float64), other.astype(np.float64), one.dtype != bool
    except (TypeError, ValueError):
        words = np.concatenate([one.astype(str), other.astype(str)])
        codes = np.unique(words, return_inverse=True)[1].astype(np.float64)
        return codes[: len(one)], codes[len(one) :], False


def as_given(values, X):
    """Numbers (n_rows, n_features) as a frame with the names and the row labels of X where X is a frame."""
    if _is_of_polars(X):
        return type(X)(values, schema=list(X.columns))
    if _is_of_pandas(X):
        return type(X)(values, index=X.index, columns=X.columns)
    return values


def _is_of_polars(table):
    return hasattr(table, "get_columns")


def _is_of_pandas(table):
    return hasattr(table, "iloc") and hasattr(table, "columns")
