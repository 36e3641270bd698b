"""What a display asks of a fitted object: public methods, by name; searches and pipelines are looked through."""

import reprlib
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from vaekit.exceptions import MissingMethodError
from vaekit.frames import as_frame, columns_in, indicator_names, indicators
from vaekit.utils._containers import as_array, unwrap
from vaekit.utils._look_through import Inside, look_through

__all__ = [
    "Fitted",
    "as_rows",
    "choose_components",
    "choose_features",
    "column_units",
    "name_features",
    "range_of",
]

BETWEEN_SPACES = ("to_generation_space", "to_representation_space")
INSIDE = "pass the model itself and rows as it sees them (pipeline[-1] and pipeline[:-1].transform(X))"


class Fitted(Inside):
    """A model and the steps before it (None where there are none); rows go in and come out in the units of X."""

    @classmethod
    def inside(cls, estimator):
        """Look through searches and pipelines."""
        return cls(*look_through(estimator))

    def ask(self, method):
        """Return a method of the model; raise NotFittedError before the fit, or the AttributeError that names it."""
        if isinstance(self.model, BaseEstimator):
            check_is_fitted(self.model)
        if not hasattr(self.model, method):
            instead = "space='representation' where that is offered, " if method in BETWEEN_SPACES else ""
            is_inside = hasattr(getattr(self.model, "estimator_", None), method)
            raise AttributeError(
                f"Inspection asks for the method {method!r}, which {type(self.model).__name__} does not have; "
                f"{'pass its estimator_, which has it, or ' if is_inside else ''}choose {instead}another display or "
                "number, or give the object that method."
            )
        return getattr(self.model, method)

    def into(self, X):
        """X as the model sees it."""
        if self.before is not None:
            return self.before.transform(X)
        return as_frame(X) if self._are_kinds(X) else unwrap(X)

    def out_of(self, rows):
        """Rows of the model in the units of X, as numbers."""
        return self.numbers(rows if self.before is None else self.undone(rows))

    def undone(self, rows):
        """Rows of the model as they were before the earlier steps; raise an error that teaches if there is no way."""
        self._check_way_back()
        try:
            return self.before.inverse_transform(rows)
        except (ValueError, TypeError, LookupError) as error:  # as of encoders, whose numbers are not all
            raise ValueError(
                f"The steps before the model do not lead every row that it makes back to the units of X ({error}): "
                f"{INSIDE}."
            ) from error

    def _check_way_back(self):
        if self.before is not None and not hasattr(self.before, "inverse_transform"):
            steps = [step for _, step in self.before.steps if step not in (None, "passthrough")]
            without = [type(step).__name__ for step in steps if not hasattr(step, "inverse_transform")]
            raise MissingMethodError(
                f"This display shows rows in the units of X, and {' and '.join(without)} before the model has no "
                f"inverse_transform: {INSIDE}, or choose a display of codes."
            )

    @property
    def columns(self):
        """What the columns of a frame of several kinds are, None of a matrix."""
        return getattr(self.model, "columns_", None) if self.before is None else None

    def _are_kinds(self, X):
        """Whether the model, or what is inside it or before it, reads columns of several kinds."""
        return self.columns is not None or columns_in(X) is not None

    def rows(self, X):
        """X, of which rows can be taken: a frame of several kinds of columns, or an array."""
        if self._are_kinds(X):
            return as_frame(X)
        return unwrap(X) if hasattr(X, "shape") else np.asarray(X)

    def numbers(self, X, image_shape=None):
        """X as an array, or as images; each category of a frame of several kinds as a column of 0 and 1.

        NaN where a cell is missing.
        """
        self._check_way_back()
        if self.columns is not None:
            return indicators(self.columns, X)
        if self.before is not None and columns_in(X) is not None:
            raise ValueError(
                f"This display shows rows as numbers, and X holds words or dates before the first step: {INSIDE}."
            )
        return as_rows(X, image_shape)

    @property
    def feature_names(self):
        """Names of the numbers of a row, None where the object has not seen any."""
        if self.columns is not None:
            return indicator_names(self.columns)
        return self.column_names

    @property
    def column_names(self):
        """Names of the columns of X, None where the object has not seen any."""
        if self.columns is not None:
            return self.columns.names
        return getattr(self.model if self.before is None else self.before, "feature_names_in_", None)

    def components_to_show(self, n_components):
        """Numbers of the active latents; of all, where nothing is known of them or none is active."""
        active = np.flatnonzero(getattr(self.model, "active_components_", ()))
        return active if len(active) else np.arange(n_components)

    def draw_prior(self, noise, random_state):
        """Draws of the prior: the image of normal noise, or of a prior that has no such map, its own."""
        if hasattr(self.model, "to_representation_space") or not hasattr(self.model, "sample_prior"):
            return as_rows(self.ask("to_representation_space")(noise))
        return as_rows(self.ask("sample_prior")(len(noise), random_state=random_state))

    def encode(self, X):
        """Codes of X."""
        return as_array(self.ask("transform")(self.into(X)))

    def decode(self, Z):
        """Decoded means of codes (..., n_components), in the units of X."""
        flat = self.out_of(self.ask("inverse_transform")(Z.reshape(-1, Z.shape[-1])))
        return flat.reshape(*Z.shape[:-1], *flat.shape[1:])


def as_rows(X, image_shape=None):
    """Return rows as an array, those of a table as images if their shape is given."""
    X = as_array(X)
    return X if image_shape is None else X.reshape(*X.shape[:-1], *image_shape)


def choose_components(components, n_components):
    """Return the numbers of the latents that are asked for, one of them or several."""
    asked = np.atleast_1d(components)
    if (
        asked.ndim > 1
        or asked.dtype.kind not in "iu"
        or not np.isin(asked, np.arange(-n_components, n_components)).all()
    ):
        raise ValueError(f"components must be numbers of latents below {n_components}, got {components!r}.")
    return asked % n_components


def column_units(X):
    """Return mean and deviation of the columns of a table, 1 for the deviation of constant ones; gaps are left out."""
    if not (X.dtype.kind == "f" and np.isnan(X).any()):
        deviation = X.std(axis=0)
        return X.mean(axis=0), np.where(deviation > 0, deviation, 1)
    known = np.where(np.isfinite(X).any(axis=0), X, 0.0)
    deviation = np.nanstd(known, axis=0)
    return np.nanmean(known, axis=0), np.where(deviation > 0, deviation, 1)


def range_of(X):
    """Return the least and the largest value, of those that are known."""
    ends = X.min(), X.max()
    return (np.nanmin(X), np.nanmax(X)) if ends[0] != ends[0] and not np.isnan(X).all() else ends


def name_features(names, n_features):
    """Return the names of columns: those given, or their numbers in words."""
    return [f"feature {i}" for i in range(n_features)] if names is None else [str(name) for name in names]


def choose_features(features, names):
    """Return the numbers of the columns that are asked for by number or by name, one of them or several."""
    asked = [features] if isinstance(features, str | Integral) else list(features)
    n_features = len(names)
    numbers = {**{i: i % n_features for i in range(-n_features, n_features)}, **{n: i for i, n in enumerate(names)}}
    for feature in asked:
        if feature not in numbers:
            raise ValueError(
                f"features must be numbers of columns below {n_features} or names among {reprlib.repr(list(names))}, "
                f"got {feature!r}."
            )
    return [numbers[feature] for feature in asked]
