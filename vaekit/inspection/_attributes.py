"""What adding an attribute to codes does to the data."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, make_axes, shorten
from vaekit.inspection._fitted import Fitted, as_rows, column_units, name_features, range_of
from vaekit.inspection._walk_drawing import draw_walks_of_images, draw_walks_of_windows
from vaekit.inspection._walks import attribute_vector
from vaekit.inspection._windows import as_windows
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._containers import take_rows
from vaekit.utils._style import in_house_style

__all__ = ["AttributeDisplay"]

MOST_FEATURES = 15


@guarded_arithmetic
class AttributeDisplay(Display):
    """Rows with more and more of an attribute, decoded.

    Of images each row has a line; of tables there are bars for how far one whole attribute moves each feature, beside
    how far apart the rows with and without it are in the data.

    Parameters
    ----------
    decoded : ndarray of shape (n_rows, n_strengths, n_features), or images
        Decoded codes plus strength times the attribute's direction.
    strengths : ndarray of shape (n_strengths,)
        How much of the attribute was added; 0 is the row as it decodes.
    limits : pair of float
        Values drawn as black and as white, in images.
    difference : ndarray of shape (n_features,), default=None
        Mean of the rows of a table that have the attribute less that of the others.
    deviation : float or ndarray of shape (n_features,), default=1.0
        Unit of each column of a table.
    feature_names : sequence of str, default=None
        Names of the columns of a table; None is their numbers.
    name : str, default="attribute"
        Name of the attribute.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of one matplotlib Axes
        Once drawn.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import VAE
    >>> from vaekit.inspection import AttributeDisplay
    >>> X, species = load_iris(return_X_y=True)
    >>> model = VAE(n_components=2, max_epochs=2, random_state=0).fit(X)
    >>> AttributeDisplay.from_estimator(model, X, species == 0, rows=[60, 70]).decoded.shape
    (2, 7, 4)
    """

    def __init__(
        self,
        *,
        decoded: np.ndarray,
        strengths: np.ndarray,
        limits: Any,
        difference: np.ndarray | None = None,
        deviation: float | np.ndarray = 1.0,
        feature_names: Sequence[str] | None = None,
        name: str = "attribute",
    ) -> None:
        self.decoded, self.strengths, self.limits, self.name = decoded, strengths, limits, name
        self.difference, self.deviation, self.feature_names = difference, deviation, feature_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        has_attribute: ArrayLike,
        *,
        rows: Any = None,
        strengths: ArrayLike = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0),
        name: str = "attribute",
        image_shape: tuple[int, ...] | None = None,
    ) -> Self:
        """Find the direction of an attribute (:func:`attribute_vector`), and add it to rows.

        Parameters
        ----------
        estimator : fitted object
            With `transform` and `inverse_transform`. Pipelines and searches are looked through.
        X : array-like of shape (n_rows, n_features), or images
            Data.
        has_attribute : array-like of shape (n_rows,), bool
            Which rows have the attribute: some, and not all.
        rows : sequence of int, default=None
            Rows of X to add it to; None is the first four that lack it (of a table, all that do).
        strengths : array-like of shape (n_strengths,), default=(-1, -0.5, 0, 0.5, 1, 1.5, 2)
            How much of it to add.
        name : str, default="attribute"
            What it is called.
        image_shape : tuple of int, default=None
            Shape of the image that a row of a table is.

        Returns
        -------
        display : AttributeDisplay

        Raises
        ------
        ValueError
            If `has_attribute` is not one truth value per row, or all rows are of one kind.
        """
        fitted, direction = Fitted.inside(estimator), attribute_vector(estimator, X, has_attribute)
        has, strengths = as_rows(has_attribute).astype(bool), as_rows(strengths).astype(float)
        data = fitted.numbers(X, image_shape)
        is_table = data.ndim == 2
        chosen = np.flatnonzero(~has)[: None if is_table else 4] if rows is None else np.atleast_1d(rows)
        Z = fitted.encode(take_rows(fitted.rows(X), chosen))[:, None] + strengths[:, None] * direction
        return cls(
            decoded=as_rows(fitted.decode(Z), image_shape),
            strengths=strengths,
            limits=range_of(data),
            difference=column_units(data[has])[0] - column_units(data[~has])[0] if is_table else None,
            deviation=column_units(data)[1] if is_table else 1.0,
            feature_names=fitted.feature_names,
            name=name,
        )

    @property
    def effect(self) -> np.ndarray:
        """Change of each feature per whole attribute, mean over rows, in the units of X."""
        span = self.strengths[-1] - self.strengths[0]
        return (self.decoded[:, -1] - self.decoded[:, 0]).mean(axis=0) / (span or 1.0)

    @in_house_style
    def plot(self, ax: Any = None, *, cmap: str = "gray") -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        cmap : str, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : AttributeDisplay
        """
        blank = [""] * len(self.decoded)
        if as_windows(self.decoded, leading=2) is not None:
            self.figure_, self.axes_ = draw_walks_of_windows(ax, self.decoded, blank, self.name)
        elif self.decoded.ndim > 3:
            self.figure_, self.axes_ = draw_walks_of_images(ax, self.decoded, self.limits, blank, cmap)
            width = self.decoded.shape[-1] + 1
            words = [f"{strength:+.2g}" if strength else "row" for strength in self.strengths]
            self.axes_[0].set_xticks(width * (np.arange(len(words)) + 0.5) - 1, words)
            self.axes_[0].set_xlabel(f"{self.name} added")
        else:
            self._draw_bars(ax)
        return self

    def _draw_bars(self, ax):
        effect = self.effect / self.deviation
        names = name_features(self.feature_names, len(effect))
        shown = np.argsort(-np.abs(effect), kind="stable")[:MOST_FEATURES][::-1]
        self.figure_, self.axes_ = make_axes(ax, 1, size=(4.4, 1.0 + 0.24 * len(shown)))
        axes, places = self.axes_[0], np.arange(len(shown))
        axes.barh(places, effect[shown], color=COLORS[0], height=0.65, label="decoded, per whole attribute")
        if self.difference is not None:
            axes.plot((self.difference / self.deviation)[shown], places, linestyle="none", marker="D", markersize=4,
                      color=COLORS[1], label="difference in the data")  # fmt: skip
        axes.set_yticks(places, [shorten(names[i]) for i in shown])
        axes.axvline(0, color="0.5", linewidth=0.8)
        axes.set(xlabel="change (deviations of the feature)", title=f"what “{self.name}” changes")
        axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.16 - 0.4 / len(shown)), ncols=2)
