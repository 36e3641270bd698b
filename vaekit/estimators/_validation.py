"""What users pass in, checked: rows and codes as arrays, or errors that teach."""

import math

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from vaekit.estimators._preprocessing import check_unit_interval
from vaekit.utils._sklearn import validate_data
from vaekit.utils._warnings import warn_user

__all__ = ["ValidationMixin"]


def _looks_like_images(X):
    """Whether something that is no array (images on disk, a list of images) holds images."""
    return getattr(X, "ndim", 0) in (3, 4) or (isinstance(X, (list, tuple)) and len(X) > 0 and np.ndim(X[0]) in (2, 3))


def _warn_of_channels_last(shape):
    """Warn if rows look like images whose channels come last."""
    if len(shape) == 4 and shape[3] in (1, 3, 4) and min(shape[1:3]) > 4:
        warn_user(
            f"X of shape {tuple(shape)} is read as images of {shape[1]} channels and {shape[2]} x {shape[3]} pixels; "
            "if channels come last, pass X.transpose(0, 3, 1, 2)."
        )


class ValidationMixin:
    """Rows and codes, checked."""

    n_features_in_: int
    feature_names_in_: np.ndarray
    image_shape_: tuple[int, ...] | None

    def _validate(self, X, reset=False):
        """Return X as a 2-D array; remember (or compare) width, column names and image shape."""
        if not reset:
            check_is_fitted(self)
        if isinstance(X, torch.Tensor):
            X = X.detach().cpu()
            X = (X.float() if X.dtype in (torch.bfloat16, torch.float16) else X).numpy()
        elif not isinstance(X, np.ndarray) and _looks_like_images(X):
            X = np.asarray(X)
        image_shape = tuple(X.shape[1:]) if isinstance(X, np.ndarray) and X.ndim in (3, 4) else None
        if reset and image_shape is not None:
            _warn_of_channels_last(X.shape)
        if image_shape is not None and not reset and image_shape != self.image_shape_:
            raise ValueError(
                f"X has images of shape {image_shape}, but {type(self).__name__} was fitted on "
                f"{f'images of shape {self.image_shape_}' if self.image_shape_ else 'tables'}."
            )
        X = validate_data(
            self,
            X if image_shape is None else X.reshape(len(X), math.prod(image_shape)),
            reset=reset,
            dtype=[np.float64, np.float32, np.uint8, np.bool_],
            ensure_min_samples=2 if reset else 1,
        )
        if reset:
            self.image_shape_ = image_shape
        return X

    def _validate_in_support(self, X):
        """Return X as a 2-D array; data outside the likelihood's support are a ValueError."""
        X = self._validate(X)
        if self.likelihood_.support == "unit_interval":
            check_unit_interval(X, self._blueprint.preprocessing.unit)
        return X

    def _validate_codes(self, Z):
        """Return codes as a float64 array whose last axis is n_components_."""
        check_is_fitted(self)
        Z = np.asarray(Z, dtype=np.float64)
        if Z.ndim < 2 or Z.shape[-1] != self.n_components_ or Z.size == 0:
            raise ValueError(
                f"Codes have shape {Z.shape}, but {type(self).__name__} is expecting (..., n_rows, "
                f"{self.n_components_}), with at least one row."
            )
        if not np.isfinite(Z).all():
            raise ValueError("Codes contain NaN or infinity; pass finite values.")
        return Z

    def _validate_pairs(self, X, Z):
        """Return validated rows X and codes Z, one code (per leading sample) for every row."""
        Z = self._validate_codes(Z)
        if Z.shape[-2] != len(X):
            raise ValueError(f"Z holds {Z.shape[-2]} rows of codes, but X has {len(X)} rows; pass one code per row.")
        return X, Z
