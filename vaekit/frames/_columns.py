"""What the columns of a table are, and the matrix of numbers that stands for one: plain values alone."""

from typing import Any, NamedTuple

import numpy as np

from vaekit.frames._reading import codes_of_cells, floats_of
from vaekit.frames._writing import written

__all__ = ["Column", "Columns"]

MOST_NARROW = 2**15  # categories whose codes are of 16 bits
DURATIONS = ("timedelta", "duration")  # how the libraries call their types


class Column(NamedTuple):
    """One column.

    Attributes
    ----------
    name : str or int
    kind : {"number", "moment", "boolean", "category"}
        Moments are dates, times and durations, in days (dates and times since 1970).
    dtype : tuple of str
        What its library calls its type, and what else is needed to make one.
    categories : tuple
        Values of a category, in their order.
    step : float
        What numbers and moments are whole multiples of; 0 if of nothing.
    low, high : float or None
        Where they must lie.
    origin : int
        What integers are counted from, where doubles cannot tell them apart otherwise.
    is_empty : bool
        Whether no cell held anything in the fit: nothing is known of such a column, and none of its cells is made up.
    """

    name: Any
    kind: str
    dtype: tuple
    categories: tuple = ()
    step: float = 0.0
    low: float | None = None
    high: float | None = None
    origin: int = 0
    is_empty: bool = False

    @property
    def width(self):
        """Numbers that stand for a cell: one, or a one-hot of the categories."""
        return len(self.categories) if self.kind == "category" else 1

    @property
    def is_duration(self):
        """Whether moments are durations, and no dates."""
        return self.kind == "moment" and any(part.lower().startswith(DURATIONS) for part in self.dtype)

    def encoded(self, cells, when_unknown):
        """Cells of a series as numbers (n_rows, width), NaN where one is missing."""
        if self.kind != "category":
            return floats_of(cells, self)[:, np.newaxis]
        codes = codes_of_cells(cells, self, when_unknown)
        one_hot = np.equal.outer(codes, np.arange(self.width)).astype(np.float64)
        one_hot[codes < 0] = np.nan
        return one_hot

    def possible(self, values):
        """The nearest possible values of numbers (n_rows, width): codes of categories, truths, or numbers."""
        if self.kind == "category":
            return values.argmax(axis=1).astype(np.int16 if self.width <= MOST_NARROW else np.int64)
        if self.kind == "boolean":
            return values[:, 0] > 0.5
        low, high = (np.inf * sign if end is None else end for sign, end in ((-1, self.low), (1, self.high)))
        if not self.step:
            return np.clip(values[:, 0], low, high)
        return (
            np.clip(np.rint(values[:, 0] / self.step), np.ceil(low / self.step), np.floor(high / self.step)) * self.step
        )


class Columns(NamedTuple):
    """All of them.

    Attributes
    ----------
    library : {"pandas", "polars", "pyarrow", "numpy"}
        What the frame was made with.
    columns : tuple of Column
    """

    library: str
    columns: tuple

    def __repr__(self):
        kinds = (f"{column.name!r}: {_told(column)}" for column in self.columns)
        return f"Columns({self.library!r}, {{{', '.join(kinds)}}})"

    def __len__(self):
        return len(self.columns)

    @property
    def names(self):
        """Their names."""
        return [column.name for column in self.columns]

    @property
    def ends(self):
        """Where each column's numbers end in a row of the matrix."""
        return np.cumsum([column.width for column in self.columns])

    @property
    def places(self):
        """Which numbers of a row stand for each column, as slices."""
        return [slice(int(end) - column.width, int(end)) for end, column in zip(self.ends, self.columns)]

    @property
    def owners(self):
        """Which column each number of a row stands for."""
        return np.repeat(np.arange(len(self.columns)), [column.width for column in self.columns])

    def encode(self, table, when_unknown="error"):
        """A table as a matrix (n_rows, width), float64, NaN where a cell is missing.

        Raises
        ------
        ValueError
            If a column holds what it did not hold in the fit; the message names column and value.
        """
        blocks = [column.encoded(cells, when_unknown) for column, cells in zip(self.columns, table.columns)]
        return np.hstack(blocks)

    def possible(self, rows):
        """The nearest possible values of each column, given rows of the matrix."""
        return [column.possible(rows[:, place]) for column, place in zip(self.columns, self.places)]

    def decode(self, rows, is_missing=None):
        """A table of the library's own kind, of possible values alone, given rows of the matrix.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, width)
        is_missing : ndarray of bool of shape (n_rows, n_columns), optional
            Cells that are to be left empty; None is those of columns that were empty in the fit.
        """
        return self.written(self.possible(rows if is_missing is None else np.nan_to_num(rows)), is_missing)

    def written(self, values, is_missing=None):
        """A table of the library's own kind, of possible values by columns: a list that is empty afterwards."""
        if is_missing is None:
            is_missing = np.broadcast_to([column.is_empty for column in self.columns], (len(values[0]), len(self)))
        return written(self.library, self.columns, values, is_missing)

    def cells(self, rows):
        """Whether each cell (n_rows, n_columns) is missing in rows of the matrix."""
        return np.isnan(rows[:, self.ends - 1])

    def packed(self):
        """All of it as plain values."""
        return {"library": self.library, "columns": [column._asdict() for column in self.columns]}

    @classmethod
    def unpacked(cls, packed):
        """Return the columns that were packed."""
        return cls(packed["library"], tuple(Column(**column) for column in packed["columns"]))


def _told(column):
    """What a column is, in a few words."""
    return f"{column.kind} of {column.width}" if column.kind == "category" else column.kind
