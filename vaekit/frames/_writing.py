"""Possible values as a frame of the library that they came from."""

import datetime
import decimal
import functools

import numpy as np

from vaekit.frames._reading import DAY

__all__ = ["written"]

ROWS_OF_A_PIECE = 2**15  # whose cells are Python's objects at a time, each several times as large as what comes of it
EPOCH = datetime.date(1970, 1, 1)


def written(library, columns, values, is_missing=None):
    """A table of these values: codes of categories, truths, numbers, days.

    Parameters
    ----------
    library : {"pandas", "polars", "pyarrow", "numpy"}
    columns : tuple of Column
    values : list of ndarray of shape (n_rows,)
        Those that are written are taken out of it: two of each column would be twice the memory.
    is_missing : ndarray of bool of shape (n_rows, n_columns), optional
        Cells that are to be left empty.

    Raises
    ------
    ImportError
        If the library is not there.
    """
    n_rows = len(values[0])
    is_missing = np.zeros((n_rows, len(columns)), dtype=bool) if is_missing is None else is_missing
    return WRITERS[library](columns, _taken(columns, values, is_missing.T))


def _taken(columns, values, is_missing):
    """Each column with its values, which nobody else holds any more, and its gaps."""
    for column, own in zip(columns, is_missing):
        yield column, values.pop(0), own


def _cells(column, values, is_missing):
    """Values as objects of Python, None where one is missing."""
    values = [column.categories[code] for code in values] if column.kind == "category" else values.tolist()
    if column.kind == "moment":
        values = [round(value * DAY) for value in values]
    elif column.step:
        values = [int(value) + column.origin for value in values]
    return [None if gap else value for value, gap in zip(values, is_missing)]


def _pieces(column, values, is_missing):
    """The same, some rows at a time."""
    for start in range(0, max(1, len(values)), ROWS_OF_A_PIECE):
        rows = slice(start, start + ROWS_OF_A_PIECE)
        yield _cells(column, values[rows], is_missing[rows])


# ---------------------------------------------------------------------- arrays


def _array(columns, parts):
    dtypes = {column.dtype[0] for column in columns}
    cells = [_cells(*part) for part in parts]
    dtype = np.dtype(dtypes.pop())
    if dtype.kind == "O":
        return np.array(cells, dtype=object).T
    if dtype.kind in "mM":
        nothing = np.iinfo(np.int64).min
        counts = np.array([[nothing if cell is None else cell for cell in column] for column in cells], dtype=np.int64)
        return counts.T.astype(f"{dtype.kind}8[us]").astype(dtype)
    as_floats = np.array([[np.nan if cell is None else cell for cell in column] for column in cells]).T
    return as_floats if dtype.kind == "f" and np.isnan(as_floats).any() else as_floats.astype(dtype)


# ---------------------------------------------------------------------- pandas


def _pandas(columns, parts):
    import pandas as pd

    series = [_pandas_series(pd, *part) for part in parts]
    frame = pd.concat(series, axis=1) if series else pd.DataFrame()
    return frame.set_axis([column.name for column in columns], axis=1)


def _pandas_series(pd, column, values, is_missing):
    name, *details = column.dtype
    if name == "arrow":
        import pyarrow as pa

        array = _arrow_array(pa, column._replace(dtype=tuple(details)), values, is_missing)
        return pd.Series(pd.arrays.ArrowExtensionArray(array))
    if name == "category":
        declared = [] if column.is_empty and column.categories == ("",) else list(column.categories)
        categories = _pandas_categories(pd, declared, details[0])
        codes = np.where(is_missing if declared else True, -1, values)
        return pd.Series(pd.Categorical.from_codes(codes, categories=categories, ordered=details[1] == "1"))
    if name.startswith("interval["):
        intervals = _pandas_categories(pd, list(column.categories), name)
        return pd.Series(
            intervals.take(np.where(is_missing, -1, values).astype(int), allow_fill=True, fill_value=np.nan)
        )
    if name == "object":
        return pd.Series(_objects(details, column, _cells(column, values, is_missing)), dtype=object)
    if column.kind == "moment":
        return _pandas_moments(pd, name, values, is_missing)
    if column.kind == "number" and not is_missing.any() and not column.origin:
        return pd.Series(values).astype(name)
    cells = _cells(column, values, is_missing)
    is_narrow = is_missing.any() and name in PLAIN_PANDAS
    return pd.Series(cells, dtype="object" if name == "bool" and is_narrow else "float64" if is_narrow else name)


def _objects(details, column, cells):
    """Cells as the objects of Python that they were."""
    kind, *how = details or (("date",) if column.kind == "moment" else ("",))
    return [None if cell is None else MAKERS[kind](cell, *how) for cell in cells]


MAKERS = {
    "": lambda cell: cell,
    "Decimal": lambda cell, scale: decimal.Decimal(f"{cell:.{max(int(scale), 0)}f}"),
    "date": lambda cell: EPOCH + datetime.timedelta(microseconds=cell),
    "datetime": lambda cell, zone: (
        datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC if zone else None) + datetime.timedelta(microseconds=cell)
    ),
    "timedelta": lambda cell: datetime.timedelta(microseconds=cell),
}


def _pandas_categories(pd, categories, name):
    """Categories of a type, intervals made of their text, "(0.5, 1.0]"."""
    if not name.startswith("interval["):
        return pd.Index(categories, dtype=name)
    kind, _, closed = name[len("interval[") : -1].rpartition(", ")
    ends = zip(*(text[1:-1].split(", ") for text in categories))
    parsed = "float64" if "int" in kind else kind  # whole ends are told as floats
    return pd.IntervalIndex.from_arrays(*(pd.Index(end).astype(parsed).astype(kind) for end in ends), closed=closed)


PLAIN_PANDAS = {"bool", *(f"{kind}{size}" for kind in ("int", "uint") for size in (8, 16, 32, 64))}


def _pandas_moments(pd, name, values, is_missing):
    is_duration = name.startswith("timedelta")
    moments = np.where(is_missing, np.iinfo(np.int64).min, np.rint(values * DAY).astype(np.int64))
    series = pd.Series(moments.view("m8[us]" if is_duration else "M8[us]"))
    return series.dt.tz_localize("UTC").astype(name) if "," in name else series.astype(name)


# ---------------------------------------------------------------------- polars


def _polars(columns, parts):
    import polars as pl

    return pl.DataFrame([_polars_series(pl, *part) for part in parts])


def _polars_series(pl, column, values, is_missing):
    dtype = _polars_dtype(pl, column)
    base = _polars_base(pl, column, dtype)
    # without a type that all pieces have it is found out from all cells
    pieces = _pieces(column, values, is_missing) if base is not None else [_cells(column, values, is_missing)]
    series = pl.concat([pl.Series(column.name, cells, dtype=base) for cells in pieces])
    if column.kind != "moment":
        return series.cast(dtype)
    unit = pl.Duration("us") if column.dtype[0] == "Duration" else pl.Datetime("us", column.dtype[2] or None)
    return series.cast(unit).cast(dtype)


def _polars_base(pl, column, dtype):
    """The type of the cells before they become what they are; None where polars is to tell."""
    if column.kind == "category":
        return pl.String if isinstance(column.categories[0], str) else None
    if column.kind == "number":
        return dtype if dtype.is_integer() else pl.Float64 if dtype.is_float() else None
    return pl.Int64 if column.kind == "moment" else pl.Boolean


def _polars_dtype(pl, column):
    name, time_unit, time_zone, *decimal = column.dtype
    if name == "Datetime":
        return pl.Datetime(time_unit, time_zone or None)
    if name == "Duration":
        return pl.Duration(time_unit)
    if name == "Enum":
        return pl.Enum(list(column.categories))
    if name == "Decimal":
        return pl.Decimal(int(decimal[0]) if decimal[0] else None, int(decimal[1] or 0))
    return _polars_names(pl)[name]


def _polars_names(pl):
    """A closed table: a file names types, and none is looked for. Older versions lack some."""
    names = ("Int8", "Int16", "Int32", "Int64", "Int128", "UInt8", "UInt16", "UInt32", "UInt64", "UInt128", "Float16",
             "Float32", "Float64", "Boolean", "String", "Categorical", "Date", "Null")  # fmt: skip
    return {name: getattr(pl, name) for name in names if hasattr(pl, name)}


# ---------------------------------------------------------------------- Arrow


def _arrow(columns, parts):
    import pyarrow as pa

    arrays = [_arrow_array(pa, *part) for part in parts]
    return pa.table(arrays, names=[column.name for column in columns])


def _arrow_array(pa, column, values, is_missing):
    name, *details = column.dtype
    if name == "dictionary":
        value_type, index_type, ordered = details
        codes = pa.array(np.where(is_missing, 0, values), mask=is_missing).cast(pa.type_for_alias(index_type))
        categories = pa.array(list(column.categories)).cast(pa.type_for_alias(value_type))
        return pa.DictionaryArray.from_arrays(codes, categories, ordered=ordered == "1")
    make = functools.partial(_arrow_piece, pa, column, name, details)
    return pa.concat_arrays([make(cells) for cells in _pieces(column, values, is_missing)])


def _arrow_piece(pa, column, name, details, cells):
    if column.kind != "moment":
        kind = _arrow_decimal(pa, name, details) if name.startswith("decimal") else pa.type_for_alias(name)
        return pa.array(cells).cast(kind) if column.kind != "number" else _arrow_numbers(pa, cells, kind)
    if name == "timestamp":
        return (
            pa.array(cells, pa.int64())
            .cast(pa.timestamp("us", details[1] or None))
            .cast(pa.timestamp(details[0], details[1] or None), safe=False)
        )
    if name.startswith("duration"):
        return pa.array(cells, pa.int64()).cast(pa.duration("us")).cast(pa.type_for_alias(name), safe=False)
    return pa.array(cells, pa.int64()).cast(pa.timestamp("us")).cast(pa.type_for_alias(name), safe=False)


def _arrow_decimal(pa, name, details):
    """Of 128 bits where nothing is said, as files of earlier versions say it."""
    return getattr(pa, name if name != "decimal" else "decimal128")(*map(int, details))


def _arrow_numbers(pa, cells, kind):
    if pa.types.is_integer(kind) or all(cell is None for cell in cells):
        return pa.array(cells, kind)
    return pa.array(cells).cast(kind, safe=False)


WRITERS = {"numpy": _array, "pandas": _pandas, "polars": _polars, "pyarrow": _arrow}
