"""What a display asks of a fitted object: public methods, by name; searches and pipelines are looked through."""

import reprlib
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from vaekit.inspection._mixed_rows import as_numbers, names_of_numbers
from vaekit.utils._containers import as_array, take_rows, unwrap
from vaekit.utils._look_through import Inside, look_through

__all__ = ["Fitted", "as_rows", "choose_components", "choose_features", "column_units", "name_features"]


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
            raise AttributeError(
                f"Inspection asks for the method {method!r}, which {type(self.model).__name__} does not have; choose "
                "another display or number, or give the object that method."
            )
        return getattr(self.model, method)

    def into(self, X):
        """X as the model sees it."""
        if self.before is not None:
            return self.before.transform(X)
        return X if getattr(self.model, "columns_", None) is not None else unwrap(X)

    def out_of(self, rows):
        """Rows of the model in the units of X."""
        return self.rows(rows if self.before is None else self.before.inverse_transform(rows))

    @property
    def columns(self):
        """What the columns of a mixed table were read as, None where X is anything else."""
        return getattr(self.model, "columns_", None) if self.before is None else None

    def rows(self, X, image_shape=None):
        """Rows as an array; those of a mixed table as numbers, with a column for each category."""
        return as_rows(X, image_shape) if self.columns is None else as_numbers(X, self.columns)

    def some(self, X, numbers):
        """Some rows of X, in the kind of container that X is."""
        opened = X if self.columns is not None else unwrap(X) if hasattr(X, "shape") else np.asarray(X)
        return take_rows(opened, numbers)

    @property
    def names(self):
        """Names of the columns of :meth:`rows`, None where the object has not seen any."""
        return self.feature_names if self.columns is None else names_of_numbers(self.columns)

    @property
    def feature_names(self):
        """Names of the columns of X, None where the object has not seen any."""
        return getattr(self.model if self.before is None else self.before, "feature_names_in_", None)

    def components_to_show(self, n_components):
        """Numbers of the active latents; of all, where nothing is known of them or none is active."""
        active = np.flatnonzero(getattr(self.model, "active_components_", ()))
        return active if len(active) else np.arange(n_components)

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
    """Return mean and deviation of what is known of the columns of a table, 1 for the deviation of constant ones."""
    X = np.where(np.isnan(X).all(axis=0), 0.0, X)
    deviation = np.nanstd(X, axis=0)
    return np.nanmean(X, axis=0), np.where(deviation > 0, deviation, 1)


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
