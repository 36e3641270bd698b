"""Cells of a mixed table as the numbers that displays draw: a column for each number and for each category."""

import numpy as np

__all__ = ["as_numbers", "names_of_numbers"]


def as_numbers(table, columns):
    """A table as a matrix, NaN where a cell is missing: moments in days, a category as a one-hot of 0 and 1.

    Parameters
    ----------
    table : frame or array of shape (n_rows, n_columns)
    columns : Columns
        What the fitted model read its columns as.

    Returns
    -------
    rows : ndarray of float of shape (n_rows, n_numbers)
    """
    from vaekit.frames import open_table

    opened = open_table(table)
    return columns.encode(open_table(np.array(table, dtype=object)) if opened is None else opened, "missing")


def names_of_numbers(columns):
    """What each number of a row is called."""
    return [name for column in columns.columns for name in _names(column)]


def _names(column):
    if column.kind == "category":
        return [f"{column.name} = {category}" for category in column.categories]
    return [f"{column.name} (days)" if column.kind == "moment" else str(column.name)]
