"""Types of columns as plain text, which a file can hold and from which the type is made again."""

import narwhals.stable.v2 as nw
import numpy as np

from vaekit.frames._opening import plain, series_of

__all__ = ["categories_of_type", "dtype_of", "is_whole", "range_of", "range_of_moments"]


def dtype_of(library, column):
    """What the library calls a column's type, and what else is needed to make one."""
    return DTYPES[library](column)


def _of_array(column):
    return (column.dtype.str if column.dtype != object else "object",)


def _of_pandas(column):
    dtype = column.dtype
    if str(dtype) == "category":
        return ("category", _of_pandas(dtype.categories)[0], str(int(dtype.ordered or False)))
    if hasattr(dtype, "pyarrow_dtype"):
        return ("arrow", *_of_arrow_type(dtype.pyarrow_dtype))
    if type(dtype).__name__ == "StringDtype":
        return ("str" if type(dtype.na_value) is float else f"string[{dtype.storage}]",)
    return (str(dtype),)


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
        return ("decimal", str(kind.precision), str(kind.scale))
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
    """The range of a type of numbers, as floats that it holds, (None, None) where it is that of double precision."""
    if isinstance(column, np.ndarray):
        dtype = column.dtype
    else:
        narwhal = series_of(column).dtype
        is_plain = (narwhal.is_integer() and "128" not in str(narwhal)) or narwhal.is_float()
        dtype = np.dtype(str(narwhal).lower()) if is_plain else None
    if dtype is None or dtype.kind not in "iuf" or dtype == np.float64:
        return None, None
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    low, high = float(limits.min), float(limits.max)
    return low, high if dtype.kind == "f" or high < 2**53 else np.nextafter(high, 0)


def is_whole(column):
    """Whether a type holds whole numbers alone."""
    return column.dtype.kind in "iu" if isinstance(column, np.ndarray) else series_of(column).dtype.is_integer()


DATES = -719_161.0, 2_932_895.0  # days since 1970 of the years 1 to 9999, a day less at each end for time zones
NANOSECONDS = -106_751.0, 106_751.0  # days that 64 bits of them hold
DURATIONS = -106_751_990.0, 106_751_990.0  # days that 64 bits of microseconds hold


def range_of_moments(column, dtype):
    """The range of a type of moments, in days, given the type as text."""
    if any(part == "ns" or "[ns" in part for part in dtype):
        return NANOSECONDS
    return DURATIONS if series_of(column).dtype == nw.Duration else DATES
