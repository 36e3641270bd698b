"""Tables of mixed columns as matrices of numbers, and back: frames of pandas, polars and Arrow, and arrays."""

from vaekit.frames._cells import number_of, row_of_cells
from vaekit.frames._choice import columns_of, is_mixed, numbers_of_columns
from vaekit.frames._columns import Column, Columns
from vaekit.frames._filling import filled, kept_columns, missing_cells, with_flags
from vaekit.frames._opening import Table, frame_of, open_table

__all__ = [
    "Column",
    "Columns",
    "Table",
    "columns_of",
    "filled",
    "frame_of",
    "is_mixed",
    "kept_columns",
    "missing_cells",
    "number_of",
    "numbers_of_columns",
    "open_table",
    "row_of_cells",
    "with_flags",
]
