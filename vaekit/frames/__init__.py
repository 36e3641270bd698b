"""Tables of mixed columns as matrices of numbers, and back: frames of pandas, polars and Arrow, and arrays."""

from vaekit.frames._cells import number_of, row_of_cells
from vaekit.frames._choice import columns_of, holds_several_kinds, is_mixed, numbers_of_columns
from vaekit.frames._columns import Column, Columns
from vaekit.frames._filling import filled, kept_columns, missing_cells, with_flags
from vaekit.frames._numbers import (
    as_frame,
    codes_of_columns,
    columns_in,
    frame_of_codes,
    indicator_names,
    indicators,
    words_of_cells,
)
from vaekit.frames._opening import Table, cells_of, frame_of, is_missing, open_table
from vaekit.frames._reading import is_moment, is_number

__all__ = [
    "Column",
    "Columns",
    "Table",
    "as_frame",
    "cells_of",
    "codes_of_columns",
    "columns_in",
    "columns_of",
    "filled",
    "frame_of",
    "frame_of_codes",
    "holds_several_kinds",
    "indicator_names",
    "indicators",
    "is_missing",
    "is_mixed",
    "is_moment",
    "is_number",
    "kept_columns",
    "missing_cells",
    "number_of",
    "numbers_of_columns",
    "open_table",
    "row_of_cells",
    "with_flags",
    "words_of_cells",
]
