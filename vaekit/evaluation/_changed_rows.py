"""Rows changed by noise, by inverted colours, or as somebody says: some at a time."""

import functools
from typing import Any, NamedTuple

import numpy as np

from vaekit.frames import as_frame, codes_of_columns, frame_of_codes
from vaekit.utils._containers import as_array, take_rows
from vaekit.utils._on_disk import lazily

__all__ = ["change_of"]


class Scale(NamedTuple):
    """Extremes and deviation of values that are known: of all of them, or of each column."""

    low: Any
    high: Any
    deviation: Any

    @classmethod
    def of_columns(cls, values):
        """Those of each column of an array."""
        return cls(np.nanmin(values, axis=0), np.nanmax(values, axis=0), np.nanstd(values, axis=0))

    @classmethod
    def of_all(cls, blocks):
        """Those of all values, from one pass over them: within blocks, and between their means (Chan et al. 1979)."""
        n, mean, squares, lows, highs = 0, 0.0, 0.0, [], []
        for values in blocks:
            known = values[~np.isnan(values)] if values.dtype.kind == "f" else values.ravel()
            if known.size:
                between, total = known.mean() - mean, n + known.size
                squares += known.var() * known.size + between**2 * n * known.size / total
                n, mean = total, mean + between * known.size / total
                lows.append(known.min())
                highs.append(known.max())
        return cls(min(lows, default=np.nan), max(highs, default=np.nan), np.sqrt(squares / max(n, 1)))


# name: function of values, their scale, the strength and a random state
TRANSFORMATIONS = {
    "noise": lambda values, scale, strength, draw: (
        values + strength * scale.deviation * draw.standard_normal(values.shape)
    ),
    "inverted": lambda values, scale, strength, draw: scale.high + scale.low - values,
}


def change_of(X, blocks, how, strength, random_state, columns=None):
    """Return the function from a slice of X, and these rows, to changed rows of the type of X.

    Parameters
    ----------
    X : array, frame, or rows that stay on a disk
    blocks : list of slice
        That are taken in turn.
    how : str, callable, or changed rows
        As `robustness` takes it.
    strength : float
    random_state : RandomState
    columns : Columns, optional
        Of a frame of several kinds of columns.
    """
    if isinstance(how, str):
        if how not in TRANSFORMATIONS:
            raise ValueError(
                f"transformations knows {list(TRANSFORMATIONS)}, not {how!r}: pass a dict from names to functions or "
                "to changed rows."
            )
        transformation = functools.partial(TRANSFORMATIONS[how], strength=strength, draw=random_state)
        return _of_values(X, blocks, transformation) if columns is None else _of_columns(columns, transformation)
    if callable(how) and getattr(X, "stays_on_disk", False):
        return lambda rows, own: _of_one_shape(as_array(how(own)), own)
    changed = lazily(how(X) if callable(how) else how)
    is_array = columns is None and not getattr(changed, "stays_on_disk", False)
    changed = as_array(changed) if is_array else changed if columns is None else as_frame(changed)
    _of_one_shape(changed, X)
    return lambda rows, own: take_rows(changed, rows)


def _of_one_shape(changed, X):
    if tuple(changed.shape) != tuple(X.shape):
        raise ValueError(f"Changed rows must have the shape of X, {tuple(X.shape)}, got {tuple(changed.shape)}.")
    return changed


def _of_values(X, blocks, transformation):
    """All values on one scale, and within their range."""

    def values_of(X):
        return X.astype(np.float64 if X.dtype.kind == "f" else np.int64)

    scale = Scale.of_all(values_of(take_rows(X, rows)) for rows in blocks)

    def change(rows, own):
        changed = np.clip(transformation(values_of(own), scale), scale.low, scale.high)
        return (np.rint(changed) if own.dtype.kind != "f" else changed).astype(own.dtype)

    return change


def _of_columns(columns, transformation):
    """Columns of several kinds, each by its own scale; categories by their places in the list."""

    def change(rows, own):
        codes = codes_of_columns(columns, own)
        codes = np.where(np.isfinite(codes).any(axis=0), codes, 0.0)
        scale = Scale.of_columns(codes)
        return as_frame(frame_of_codes(columns, np.clip(transformation(codes, scale), scale.low, scale.high)))

    return change
