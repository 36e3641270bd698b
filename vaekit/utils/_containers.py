"""Whatever holds rows, opened: an array, or the data frame that it is."""

import importlib

import numpy as np
from scipy import sparse

from vaekit.utils._disk_sources import DatasetRows, is_dataset, is_grouped, naming_the_file, read_whole

__all__ = ["as_array", "column_names", "is_frame", "on_host", "take_rows", "unwrap"]

DATES = ("date", "time", "duration", "period")
NOT_NUMBERS = ("str", "object", "categor", "enum", "binary", "list", "struct", "array", "interval", "null", "unknown")
COMPLEX = "Complex data not supported: pass real and imaginary parts of X as columns of their own."
REMEDIES = "pass an array, a tensor, a data frame, or a list of rows"


def unwrap(X):
    """Return rows as a NumPy array, or as the pandas or polars frame that holds them.

    Tensors (on any device, of any type, with or without a gradient), memory maps, Arrow tables, lists of rows, of
    tensors and of pictures, and whatever speaks a protocol of arrays or frames (`__array__`, `__array_interface__`,
    `__dlpack__`, `__arrow_c_stream__`, `__dataframe__`) are opened; images that stay on disk until they are indexed
    stay there. Numbers and sparse matrices come back as they are: scikit-learn has words for them.

    Raises
    ------
    TypeError
        If X is no array nor like one; the message says what to pass.
    ValueError
        If rows or pictures differ in size; if columns have one name, or hold text or dates.
    """
    for is_such, opened in OPENERS:
        if is_such(X):
            return opened(X)
    return X


def as_array(X):
    """Return rows as a NumPy array, of numbers where objects are numbers."""
    array = np.asarray(unwrap(X))
    try:
        return array.astype(np.float64) if array.dtype == object else array
    except (TypeError, ValueError):
        return array


def on_host(values):
    """Return a tensor (or a list of tensors) as a NumPy array, anything else as it is: labels and text, too."""
    if isinstance(values, (list, tuple)) and any(hasattr(value, "detach") for value in values):
        return _stacked([np.asarray(on_host(value)) for value in values])
    if hasattr(values, "__array__") or isinstance(values, (list, tuple)):
        return _open_tensor(values) if hasattr(values, "detach") else values
    return unwrap(values)


def is_frame(X):
    """Whether X is a pandas or polars frame, or one like them."""
    return hasattr(X, "__array__") and hasattr(X, "columns") and hasattr(X, "dtypes") and getattr(X, "ndim", 2) == 2


def column_names(X):
    """Names of a frame's columns, None for anything else."""
    return list(X.columns) if is_frame(X) else None


def take_rows(X, rows):
    """Return some rows (a slice or an array of positions) of an array or a frame."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


# ---------------------------------------------------------------------- arrays


def _open_array(X):
    if isinstance(X, np.ma.MaskedArray):
        if np.ma.is_masked(X):
            raise ValueError("X is a masked array with values left out: fill them first, with X.filled(value).")
        X = X.data
    if isinstance(X, np.matrix):
        raise TypeError("X is a matrix, and np.matrix is not supported: pass np.asarray(X).")
    if X.dtype.names is not None:
        raise ValueError(
            "X is a structured array: pass plain columns, with numpy.lib.recfunctions.structured_to_unstructured(X)."
        )
    if X.dtype.kind in "Mm":
        raise ValueError(f"X holds {_dates_in('them')}")
    if X.dtype.kind == "c":
        raise ValueError(COMPLEX)
    if X.dtype == object and X.ndim == 1 and len(X) and _is_row(X[0]):  # as a column of a frame holds images
        return _open_sequence(list(X))
    return X if X.dtype.isnative else X.astype(X.dtype.newbyteorder("="))


def _is_row(value):
    return isinstance(value, (list, tuple)) or _is_array_like(value)


def _open_what_gives_an_array(X):
    with naming_the_file(X):
        return _open_array(np.asarray(X))


def _open_tensor(X):
    if getattr(X, "is_sparse", False) or "sparse" in str(getattr(X, "layout", "")):
        raise TypeError("Sparse data was passed in a tensor; dense data is required: use X.to_dense().")
    if str(getattr(X, "device", "")) == "meta":
        raise TypeError("X is a tensor on the device 'meta', which holds no numbers: pass one that does.")
    if getattr(X, "is_nested", False):
        raise ValueError(_of_different_sizes({tuple(row.shape) for row in X.unbind()}))
    X = X.detach().cpu().resolve_conj().resolve_neg()
    try:
        return _open_array(X.numpy())
    except TypeError:  # bfloat16 and its like, which NumPy does not know
        return X.float().numpy()


def _open_gpu_array(X):
    return X.get()


# ---------------------------------------------------------------------- lists


def _open_sequence(X):
    if _is_picture(X[0]):
        return _stacked([_pixels(picture) for picture in X])
    if any(not isinstance(row, (list, tuple)) and _is_array_like(row) for row in X):
        return _stacked([as_array(row) for row in X])
    try:
        rows = np.asarray(X)
    except ValueError as error:
        shapes = {np.shape(row) for row in X if _is_regular(row)}
        if not shapes:
            _refuse_rows(X)
        raise ValueError(_of_different_sizes(shapes)) from error
    if rows.dtype == object and rows.ndim == 1:
        _refuse_rows(X)
    return rows if rows.dtype.kind in "USO" else _open_array(rows)


def _refuse_rows(X):
    raise TypeError(
        f"X is a {type(X).__name__} of {type(X[0]).__name__} objects that are no rows of numbers: pass the rows alone, "
        "as in [row for row, *_ in pairs], or pandas.DataFrame(X) for dictionaries."
    )


def _stacked(rows):
    shapes = {row.shape for row in rows}
    if len(shapes) > 1:
        raise ValueError(_of_different_sizes(shapes))
    return np.stack(rows)


def _is_regular(row):
    try:
        return bool(np.shape(row)) or True
    except ValueError:
        return False


def _of_different_sizes(shapes):
    some = " and ".join(str(shape) for shape in sorted(shapes, key=str)[:2])
    if all(len(shape) < 2 for shape in shapes):
        return f"Rows of X have different lengths (shapes {some}, say): pass rows of equal length."
    return f"Images of X have different sizes ({some}, say): resize them to the same size and the same channels."


def _is_picture(X):
    """Whether X is a picture of Pillow's."""
    return hasattr(X, "getbands") and hasattr(X, "convert")


def _pixels(picture):
    """Pixels of a Pillow picture, channels first."""
    pixels = np.asarray(picture.convert("RGB") if picture.mode == "P" else picture)
    return pixels if pixels.ndim < 3 else pixels.transpose(2, 0, 1)


def _refuse_picture(X):
    raise TypeError("X is one picture: pass a list of pictures of the same size.")


# ---------------------------------------------------------------------- frames


def _open_frame(X):
    if len(X.columns) == 0:
        raise ValueError(f"Found array with 0 feature(s) (shape=({len(X)}, 0)), but X needs at least one column.")
    _check_names(list(X.columns))
    for name, dtype in zip(X.columns, X.dtypes):
        _check_column(X, name, str(dtype).lower())
    return _with_plain_types(X)


def _with_plain_types(X):
    """A frame without columns of the types that NumPy has no word for, though they are numbers."""
    dtypes = dict(zip(X.columns, map(str, X.dtypes)))
    if any(dtype.startswith("Sparse[") for dtype in dtypes.values()):
        return X.astype({name: X[name].dtype.subtype for name, dtype in dtypes.items() if dtype.startswith("Sparse[")})
    if any(dtype.lower().endswith("int128") for dtype in dtypes.values()) and hasattr(X, "with_columns"):
        return X.with_columns(
            [X[name].cast(float) for name, dtype in dtypes.items() if dtype.lower().endswith("int128")]
        )
    return X


def _check_names(names):
    twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
    if twice is not None:
        raise ValueError(f"Column names of X must differ, but {twice!r} occurs twice; rename one of them.")


def _check_column(X, name, dtype):
    """Refuse a column of dates, or one whose values are no numbers."""
    if any(word in dtype for word in DATES):
        raise ValueError(f"Column {name!r} of X holds {_dates_in(f'column {name!r}')}")
    if "complex" in dtype:
        raise ValueError(COMPLEX)
    if not any(word in dtype for word in NOT_NUMBERS):
        return
    try:
        if np.asarray(X[name], dtype=np.float64).ndim > 1:
            raise ValueError(f"several numbers to a cell, of type {dtype}")
    except (TypeError, ValueError) as error:
        value = next((value for value in X[name] if not _is_number(value)), None)
        raise ValueError(
            f"Column {name!r} of X holds {value!r}, which is no number ({error}): encode it first, with "
            f"ColumnTransformer([('encoded', OneHotEncoder(sparse_output=False), [{name!r}])], "
            "remainder='passthrough') before the model in a pipeline, or leave it out."
        ) from error


def _dates_in(what):
    return (
        f"dates or times, which have no scale of their own: turn {what} into numbers first, such as days since a "
        "date, or month and hour."
    )


def _is_number(value):
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _open_exchanged_frame(X):
    """A frame that speaks a protocol, as one of a library that is there."""
    names = getattr(X, "column_names", ())
    _check_names(list(names() if callable(names) else names))
    for field in getattr(X, "schema", ()):
        if "interval" in str(getattr(field, "type", "")):  # at which polars panics
            raise ValueError(f"Column {field.name!r} of X holds {field.type}, which are no numbers: leave it out.")
    openers = [("polars", "from_dataframe"), ("polars", "from_arrow"), ("pandas.api.interchange", "from_dataframe")]
    opened = (_opened_by(module, function, X) for module, function in openers)
    frame = next((frame for frame in opened if frame is not None), None)
    if frame is None:
        raise TypeError(
            f"X is a {type(X).__name__}, which takes pandas or polars to open: install one, leave out columns of types "
            f"that neither knows, or {REMEDIES}."
        )
    return _open_frame(frame)


def _opened_by(module, function, X):
    """What a library makes of a frame of others; None if it cannot, or is not there."""
    try:
        return getattr(importlib.import_module(module), function)(X)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # a panic of polars is no Exception
        return None


# ---------------------------------------------------------------------- what is none of these


def _is_array_like(X):
    speaks = any(hasattr(X, name) for name in ("__array__", "__array_interface__", "__dlpack__", "detach"))
    return speaks and not np.isscalar(X)


def _is_of_torch_data(X):
    return any(kind.__module__.startswith("torch.utils.data") for kind in type(X).__mro__)


def _refuse_loader(X):
    raise TypeError(
        f"X is a {type(X).__name__} of torch: batches are cut by the model itself, so pass an array or a tensor of all "
        "rows, such as torch.stack([row for row, *_ in dataset])."
    )


def _refuse_lazy_frame(X):
    raise TypeError(f"X is a {type(X).__name__}, a plan and no data yet: pass X.collect().")


def _refuse(X):
    raise TypeError(f"X is a {type(X).__name__}, which is no array: {REMEDIES}.")


def _is_left_to_others(X):
    is_number = np.isscalar(X) and not isinstance(X, (str, bytes, memoryview))  # NumPy's scalars, all of them
    return is_number or sparse.issparse(X) or (isinstance(X, (list, tuple)) and len(X) == 0)


# (which, how): the first that fits
OPENERS = [
    (_is_left_to_others, lambda X: X),
    (is_dataset, lambda X: DatasetRows(X)[:]),
    (is_grouped, lambda X: _open_exchanged_frame(read_whole(X))),
    (_is_of_torch_data, _refuse_loader),
    (lambda X: hasattr(X, "detach"), _open_tensor),
    (lambda X: isinstance(X, np.ndarray), _open_array),
    (lambda X: isinstance(X, memoryview), lambda X: _open_array(np.asarray(X))),
    (lambda X: getattr(X, "stays_on_disk", False), lambda X: X),
    (lambda X: isinstance(X, (list, tuple)), _open_sequence),
    (is_frame, _open_frame),
    (lambda X: hasattr(X, "collect") and hasattr(X, "lazy"), _refuse_lazy_frame),
    (lambda X: hasattr(X, "column_names") or hasattr(X, "__dataframe__"), _open_exchanged_frame),
    (lambda X: hasattr(X, "__cuda_array_interface__") and hasattr(X, "get"), _open_gpu_array),
    (_is_picture, _refuse_picture),
    (lambda X: hasattr(X, "__array__") or hasattr(X, "__array_interface__"), _open_what_gives_an_array),
    (lambda X: hasattr(X, "__dlpack__"), lambda X: _open_array(np.from_dlpack(X))),
    (lambda X: hasattr(X, "__arrow_c_stream__"), _open_exchanged_frame),
    (lambda X: True, _refuse),
]
