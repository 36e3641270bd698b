"""What users pass in, checked: rows and codes as arrays, or errors that teach."""

import math

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from vaekit.estimators._columns import encoded_table, is_masking, mixed_table
from vaekit.fitted import LIMIT, check_support, extremes, row_blocks
from vaekit.utils._containers import column_names, unwrap
from vaekit.utils._on_disk import RowsOnDisk, on_disk
from vaekit.utils._sklearn import validate_data
from vaekit.utils._sparse_rows import SparseRows
from vaekit.utils._told import about
from vaekit.utils._warnings import warn_user

__all__ = ["check_codes", "check_codes_of_rows", "check_in_support", "check_pairs", "check_rows"]

# Types that are kept as they come; rows of these become float32 block by block.
NATIVE_TYPES = [np.float64, np.float32, np.float16, np.bool_]
NATIVE_TYPES += [np.dtype(f"{kind}{size}").type for kind in "ui" for size in (1, 2, 4, 8)]
KEPT_TYPES = frozenset(map(np.dtype, NATIVE_TYPES))
LARGEST_CODE = 1e15  # single precision holds the square of what a decoder makes of it


def check_rows(estimator, X, reset=False):
    """Return X as a 2-D array; remember (or compare) width, column names and image shape."""
    if not reset:
        check_is_fitted(estimator)
    table = mixed_table(estimator, X, reset)
    if table is not None:
        rows = encoded_table(estimator, table, reset)
        return _as_table(estimator, rows, None, 2 if reset else 1)
    if reset:
        estimator.columns_ = None
    large = _sparse(estimator, X, reset) if sparse.issparse(X) else on_disk(X)
    if large is not None:
        return _check_on_disk(estimator, large, reset)
    rows = unwrap(_with_gaps(X) if is_masking(estimator) else X)
    names = column_names(rows)
    if getattr(rows, "ndim", 2) < 2:
        raise ValueError(f"Expected 2D array, got {'1D' if rows.ndim else 'scalar'} array instead. {_what_to_do(rows)}")
    if getattr(rows, "ndim", 0) > 2:
        rows = _flat_images(estimator, rows, reset)
        if isinstance(rows, RowsOnDisk):
            return rows
    elif reset:
        estimator.image_shape_ = None
    if names is not None:
        validate_data(estimator, rows, reset=reset, skip_check_array=True)
    rows = _as_table(estimator, rows, names, 2 if reset else 1)
    if names is None:
        _check_width(estimator, rows, reset)
    _refuse_non_finite(rows, names, estimator.image_shape_, is_masking(estimator))
    if not reset:
        _check_scale(estimator, rows, names)
    return rows


def _what_to_do(rows):
    if rows.dtype.kind in "US":
        return "It holds text: open the pictures that it names, [PIL.Image.open(path) for path in X], say."
    return "Reshape your data: X.reshape(-1, 1) if it is a single column, X.reshape(1, -1) if it is a single row."


def _sparse(estimator, X, reset):
    """A sparse matrix as rows; scikit-learn's words for what is wrong with it."""
    csr = check_array(
        X,
        accept_sparse="csr",
        dtype=NATIVE_TYPES,
        ensure_all_finite=False,
        ensure_min_samples=2 if reset else 1,
        estimator=estimator,
        input_name="X",
    )
    return SparseRows(csr)


def _with_gaps(X):
    """A masked array with NaN for what it masks; anything else as it is."""
    return X.astype(np.float64).filled(np.nan) if isinstance(X, np.ma.MaskedArray) else X


def _check_on_disk(estimator, rows, reset):
    """Hold rows that stay on disk to what those in memory are held to, in one pass over them; none over bytes."""
    if rows.dtype.kind not in "biuf":
        raise ValueError(f"X holds {rows.dtype}, and rows that stay on disk must be numbers: store them as floats.")
    if len(rows.source.shape) > 2:
        _check_image_shape(estimator, rows.source.shape, reset)
    elif reset:
        estimator.image_shape_ = None
    _check_width(estimator, rows, reset)
    _refuse_non_finite(rows, None, estimator.image_shape_)
    if not reset:
        _check_scale(estimator, rows, None)
    return rows


def _flat_images(estimator, images, reset):
    """Return images as rows of pixels; remember (or compare) their shape."""
    _check_image_shape(estimator, images.shape, reset)
    if not isinstance(images, np.ndarray):
        few = RowsOnDisk(images)
        # nothing can be wrong with bytes but their scale
        if not reset and len(images) and images.dtype == np.uint8 and estimator._blueprint.pixels == "bytes":
            return few
        images = np.asarray(images)
    return images.reshape(len(images), math.prod(images.shape[1:]))


def _check_image_shape(estimator, all_shape, reset):
    """Remember (or compare) the shape of images, given that of all of them."""
    if len(all_shape) > 4:
        raise ValueError(
            f"Found array with dim {len(all_shape)}, but {type(estimator).__name__} takes tables (n_samples, "
            "n_features) and images (n_samples, height, width) or (n_samples, channels, height, width); pass volumes "
            "as tables, X.reshape(len(X), -1)."
        )
    shape = tuple(all_shape[1:])
    if reset:
        _warn_of_channels_last(all_shape)
        estimator.image_shape_ = shape
    elif shape != estimator.image_shape_:
        what = "windows" if estimator._blueprint.network.are_windows else "images"
        raise ValueError(
            f"X has {what} of shape {shape}, but {type(estimator).__name__} was fitted on "
            f"{f'{what} of shape {estimator.image_shape_}' if estimator.image_shape_ else 'tables'}."
        )


def _as_table(estimator, rows, names, n_least):
    """Return rows as a 2-D array of numbers; scikit-learn's words for what is none, and which column it is."""
    if _is_plain(rows) and len(rows) >= n_least:  # a single row waits for little else than to be looked at
        return rows
    try:
        return check_array(
            rows,
            dtype=NATIVE_TYPES,
            ensure_all_finite=False,
            ensure_min_samples=n_least,
            estimator=estimator,
            input_name="X",
        )
    except (TypeError, ValueError) as error:
        column = _column_without_numbers(rows)
        if column is None:
            raise
        raise type(error)(
            f"Column {column} of X holds no numbers ({error}): encode it first, with ColumnTransformer and "
            "OneHotEncoder before the model in a pipeline, or leave it out."
        ) from error


def _is_plain(rows):
    """Whether rows are an array of NumPy's as a model takes them."""
    return type(rows) is np.ndarray and rows.ndim == 2 and rows.shape[1] > 0 and rows.dtype in KEPT_TYPES


def _check_width(estimator, rows, reset):
    is_as_in_fit = not reset and _is_plain(rows) and rows.shape[1] == estimator.n_features_in_
    if is_as_in_fit and not hasattr(estimator, "feature_names_in_"):
        return
    if not reset and estimator.image_shape_ is not None and rows.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X has {rows.shape[1]} features, but {type(estimator).__name__} is expecting {estimator.n_features_in_} "
            f"features, the pixels of images of shape {estimator.image_shape_}."
        )
    validate_data(estimator, rows, reset=reset, skip_check_array=True)


def _check_scale(estimator, X, names):
    """Refuse pixels on another scale than those of the fit; warn of values that single precision cannot hold."""
    if X.dtype == np.uint8 and estimator._blueprint.pixels != "shares":
        return
    low, high = extremes(X)
    _check_pixels(estimator, X, low, high)
    preprocessing = estimator._blueprint.preprocessing
    if preprocessing.column_beyond(low, high) is not None:
        column = preprocessing.column_beyond(*extremes(X, axis=0))
        if column is not None:
            warn_user(
                f"In X, {_place(column, names)} holds values more than {LIMIT:.0e} units from the data "
                f"of the fit, which {type(estimator).__name__} takes to be {LIMIT:.0e} units away: if they stand for "
                "missing values, replace them."
            )


def _check_pixels(estimator, X, low, high):
    has_fractions = X.dtype == bool or (X.dtype.kind == "f" and low >= 0 and 0 < high <= 1 and not _are_whole(X))
    if estimator._blueprint.pixels == "bytes" and has_fractions:
        raise ValueError(
            f"X lies in [{float(low):.6g}, {float(high):.6g}], but {type(estimator).__name__} was fitted on bytes "
            "between 0 and 255: pass bytes, or the same numbers as floats (255 * X)."
        )
    if estimator._blueprint.pixels == "shares" and low >= 0 and 1 < high <= 255 and _are_whole(X):
        raise ValueError(
            f"X holds whole numbers up to {high}, but {type(estimator).__name__} was fitted on images in [0, 1]: "
            "divide bytes by 255, or masks by their largest value."
        )


def check_in_support(estimator, X):
    """Return X as a 2-D array; data outside the likelihood's support are a ValueError."""
    X = check_rows(estimator, X)
    blueprint = estimator._blueprint
    if blueprint.likelihood.support != "real" and not (X.dtype == np.uint8 and blueprint.pixels == "bytes"):
        check_support(X, blueprint.likelihood, blueprint.preprocessing.unit)
    return X


def check_codes(estimator, Z):
    """Return codes as a float64 array whose last axis is n_components_."""
    check_is_fitted(estimator)
    with about("codes"):
        Z = np.asarray(unwrap(Z), dtype=np.float64)
    if Z.ndim < 2 or Z.shape[-1] != estimator.n_components_ or Z.size == 0:
        raise ValueError(
            f"Codes have shape {Z.shape}, but {type(estimator).__name__} is expecting (..., n_rows, "
            f"{estimator.n_components_}), with at least one row."
        )
    if not np.isfinite(Z).all():
        raise ValueError("Codes contain NaN or infinity; pass finite values.")
    if np.abs(Z).max() > LARGEST_CODE:
        warn_user(f"Codes beyond {LARGEST_CODE:.0e} are taken to be {LARGEST_CODE:.0e}, of the same sign.")
    return np.clip(Z, -LARGEST_CODE, LARGEST_CODE)


def check_codes_of_rows(estimator, Z, name):
    """Return codes as a float64 array of shape (n_rows, n_components_); errors are about the argument of this name."""
    check_is_fitted(estimator)
    with about(name):
        Z = check_array(unwrap(Z), dtype=np.float64, input_name=name, estimator=estimator)
    return check_codes(estimator, Z)


def check_pairs(estimator, X, Z):
    """Return validated rows X and codes Z, one code (per leading sample) for every row."""
    Z = check_codes(estimator, Z)
    if Z.shape[-2] != len(X):
        raise ValueError(f"Z holds {Z.shape[-2]} rows of codes, but X has {len(X)} rows; pass one code per row.")
    return X, Z


def _warn_of_channels_last(shape):
    """Warn if rows look like images whose channels come last."""
    if len(shape) == 4 and shape[3] in (1, 3, 4) and min(shape[1:3]) > 4:
        warn_user(
            f"X of shape {tuple(shape)} is read as images of {shape[1]} channels and {shape[2]} x {shape[3]} pixels; "
            "if channels come last, pass X.transpose(0, 3, 1, 2)."
        )


def _refuse_non_finite(X, names, image_shape, may_miss=False):
    """Raise ValueError if a value is infinite, or NaN where none may be missing, naming its place."""
    if X.dtype.kind != "f":
        return
    if _is_finite(X):
        return
    for block in row_blocks(X.shape):
        bad = np.isinf(X[block]) if may_miss else ~np.isfinite(X[block])
        if bad.any():
            row, column = np.argwhere(bad)[0]
            place = f"image {block.start + row}" if image_shape else f"row {block.start + row}, {_place(column, names)}"
            if np.isnan(X[block][row, column]):
                raise ValueError(
                    f"Input X contains NaN (in {place}): choose missing_values='mask', which leaves missing cells out, "
                    "fill them with an imputer (VAEImputer, SimpleImputer) before the model, or drop those rows."
                )
            raise ValueError(f"Input X contains infinity (in {place}); replace it, or drop those rows.")


def _is_finite(X):
    """Whether all values are; True may be missed where their sum is too large."""
    with np.errstate(over="ignore", invalid="ignore"):
        if isinstance(X, SparseRows):
            return np.isfinite(X.source.data).all()
        total = X.min() + X.max() if isinstance(X, RowsOnDisk) else np.sum(X, dtype=np.float64)
    return np.isfinite(total)


def _place(column, names):
    return f"column {column if names is None else repr(names[column])}"


def _are_whole(X):
    """Whether all values are integers."""
    return X.dtype.kind != "f" or all(np.array_equal(X[block], np.rint(X[block])) for block in row_blocks(X.shape))


def _column_without_numbers(rows):
    """Number of the first column that cannot be read as numbers, None for what is no table of text or objects."""
    if getattr(rows, "ndim", 0) != 2 or getattr(getattr(rows, "dtype", None), "kind", "") not in "OUS":
        return None
    for number, column in enumerate(np.asarray(rows).T):
        try:
            column.astype(np.float64)
        except (TypeError, ValueError):
            return number
    return None
