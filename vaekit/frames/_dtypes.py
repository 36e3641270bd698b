"""Types of columns as plain text, which a file can hold and from which the type is made again."""

import datetime
import decimal

import narwhals.stable.v2 as nw
import numpy as np

from vaekit.frames._opening import cells_of, plain, series_of

__all__ = ["are_integers", "categories_of_type", "dtype_of", "origin_of", "range_of", "range_of_moments"]

EXACT = 2**53  # up to which doubles tell all integers apart


def dtype_of(library, column):
    """What the library calls a column's type, and what else is needed to make one."""
    return DTYPES[library](column)


def _of_array(column):
    return (column.dtype.str if column.dtype != object else "object",)


def _of_pandas(column):
    dtype = column.dtype
    if str(dtype) == "object":
        return ("object", *_type_of_cells(column))
    if str(dtype) == "category":
        return ("category", _of_pandas(dtype.categories)[0], str(int(dtype.ordered or False)))
    if hasattr(dtype, "pyarrow_dtype"):
        return ("arrow", *_of_arrow_type(dtype.pyarrow_dtype))
    if type(dtype).__name__ == "StringDtype":
        return ("str" if type(dtype.na_value) is float else f"string[{dtype.storage}]",)
    return (str(dtype),)


def _type_of_cells(column):
    """The type of Python's objects that numbers and moments stand for, and what else is needed to make one."""
    known = [cell for cell in cells_of(column) if cell is not None]
    kind = next((kind for kind in OBJECTS if known and all(isinstance(cell, OBJECTS[kind]) for cell in known)), None)
    if kind == "Decimal":
        return kind, str(max(-cell.as_tuple().exponent for cell in known))
    if kind == "datetime":
        return kind, "UTC" if known[0].tzinfo is not None else ""
    return () if kind is None else (kind,)


OBJECTS = {
    "Decimal": decimal.Decimal,
    "datetime": datetime.datetime,
    "date": datetime.date,
    "timedelta": datetime.timedelta,
}


def _of_polars(column):
    dtype = column.dtype
    parts = (getattr(dtype, name, None) for name in ("time_unit", "time_zone", "precision", "scale"))
    return (type(dtype).__name__ if not isinstance(dtype, type) else dtype.__name__,
            *("" if part is None else str(part) for part in parts))  # fmt: skip


def _of_arrow(column):
    return _of_arrow_type(column.type)


def _of_arrow_type(kind):
    if hasattr(kind, "index_type"):
        return ("dictionary", str(kind.value_type), str(kind.index_type), str(int(kind.ordered)))
    if hasattr(kind, "tz"):
        return ("timestamp", kind.unit, kind.tz or "")
    if hasattr(kind, "precision"):
        return (f"decimal{kind.bit_width}", str(kind.precision), str(kind.scale))
    return (str(kind),)


DTYPES = {"numpy": _of_array, "pandas": _of_pandas, "polars": _of_polars, "pyarrow": _of_arrow}


def categories_of_type(column):
    """Categories that a type declares, None where the cells tell."""
    if isinstance(column, np.ndarray):
        return None
    if hasattr(column, "unify_dictionaries") and hasattr(column.type, "index_type"):
        chunks = column.unify_dictionaries().chunks
        return [value for value in chunks[0].dictionary.to_pylist() if value is not None] if chunks else []
    declared = getattr(getattr(column, "dtype", None), "categories", None)
    if declared is None or series_of(column).dtype not in (nw.Categorical, nw.Enum):
        return None
    is_listed = hasattr(declared, "to_list")
    return [plain(value) for value in declared.to_list()] if is_listed else None


def range_of(column):
    """The range of a type: integers, or floats that are narrower than doubles; (None, None) for others."""
    name = _type_of_numbers(column)
    if name in ("float16", "float32"):
        limits = np.finfo(name)
        return float(limits.min), float(limits.max)
    if name is None or name.startswith("float"):
        return None, None
    n_bits = int(name.lstrip("uint"))
    return (0, 2**n_bits - 1) if name.startswith("u") else (-(2 ** (n_bits - 1)), 2 ** (n_bits - 1) - 1)


def _type_of_numbers(column):
    """Such as "int64" and "float32", None for all else."""
    if isinstance(column, np.ndarray):
        return column.dtype.name if column.dtype.kind in "iuf" else None
    narwhal = series_of(column).dtype
    return str(narwhal).lower() if narwhal.is_integer() or narwhal.is_float() else None


def _integer_type(column):
    """Such as "int64", None for all else."""
    name = _type_of_numbers(column)
    return None if name is None or name.startswith("float") else name


def are_integers(column):
    """Whether a column holds integers, by its type or as objects."""
    if _integer_type(column) is not None:
        return True
    if str(getattr(column, "dtype", "")) not in ("object", "Object"):
        return False
    known = [cell for cell in cells_of(column) if cell is not None]
    return bool(known) and all(isinstance(cell, int) for cell in known)


def origin_of(column):
    """The least of integers that doubles cannot tell apart, 0 of others and of those whose differences are as large."""
    name = _integer_type(column)
    if name is None or not name.endswith(("64", "128")):
        return 0
    known = [cell for cell in cells_of(column) if cell is not None]
    low, high = (min(known), max(known)) if known else (0, 0)
    return low if max(-low, high) > EXACT and high - low <= EXACT else 0


DATES = -719_161.0, 2_932_895.0  # days since 1970 of the years 1 to 9999, a day less at each end for time zones
NANOSECONDS = -106_751.0, 106_751.0  # days that 64 bits of them hold
DURATIONS = -106_751_990.0, 106_751_990.0  # days that 64 bits of microseconds hold


def range_of_moments(column, dtype):
    """The range of a type of moments, in days, given the type as text."""
    if any(part == "ns" or "[ns" in part for part in dtype):
        return NANOSECONDS
    return DURATIONS if series_of(column).dtype == nw.Duration else DATES
