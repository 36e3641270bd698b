"""Walks through latent space, decoded."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_scalar

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, MUTED, draw_images, make_axes
from vaekit.inspection._fitted import (
    Fitted,
    as_rows,
    choose_components,
    choose_features,
    column_units,
    name_features,
)
from vaekit.inspection._walks import check_path, walk_between
from vaekit.utils._ambient import guarded_arithmetic

__all__ = ["TraversalDisplay"]

LEGEND = 1.8  # inches for the names of features beside the panels


@guarded_arithmetic
class TraversalDisplay(Display):
    """What changes in the data while a point walks through latent space.

    Images are drawn one walk per line. Of tables every walk has its own panel with a line for each feature, in units of
    the deviation of its column around the mean, as in :class:`ReconstructionDisplay`; the five that move most are in
    colour.

    Parameters
    ----------
    decoded : ndarray of shape (n_walks, n_steps, n_features), or (n_walks, n_steps, [channels,] height, width)
        Decoded means along each walk.
    positions : ndarray of shape (n_walks, n_steps)
        Where each step is: the value of the latent that is changed, or the share of the way from one row to the other.
    names : list of str
        Name of each walk.
    x_label : str
        What the positions are.
    limits : pair of float
        Values drawn as black and as white, in images.
    mean, deviation : float or ndarray of shape (n_features,), default=0.0 and 1.0
        Zero and unit of each column of a table.
    feature_names : sequence of str, default=None
        Names of the columns of a table; None is their numbers.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of matplotlib Axes
        Once drawn: one for images, one for each walk of a table.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from vaekit import DPVAE
    >>> from vaekit.inspection import TraversalDisplay
    >>> X = load_digits().data[:200]
    >>> model = DPVAE(n_components=4, max_epochs=2, random_state=0).fit(X)
    >>> walk = TraversalDisplay.from_estimator(model, X, components=[0, 1], n_steps=7, image_shape=(8, 8))
    >>> walk.decoded.shape
    (2, 7, 8, 8)
    >>> path = TraversalDisplay.from_pairs(model, X[:3], X[3:6], n_steps=7, image_shape=(8, 8))
    >>> path.decoded.shape
    (3, 7, 8, 8)
    """

    def __init__(
        self,
        *,
        decoded: np.ndarray,
        positions: np.ndarray,
        names: list[str],
        x_label: str,
        limits: Any,
        mean: float | np.ndarray = 0.0,
        deviation: float | np.ndarray = 1.0,
        feature_names: Sequence[str] | None = None,
    ) -> None:
        self.decoded, self.positions = decoded, positions
        self.names, self.x_label, self.limits = names, x_label, limits
        self.mean, self.deviation, self.feature_names = mean, deviation, feature_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        row: int | None = None,
        components: Any = None,
        n_steps: int = 9,
        spread: float = 0.95,
        image_shape: tuple[int, ...] | None = None,
    ) -> Self:
        """Change one latent at a time, the others staying where they are.

        Each latent walks through the central part of its own codes, since under a learned prior the scale of a latent
        means nothing by itself.

        Parameters
        ----------
        estimator : fitted object
            With `transform` and `inverse_transform`. Pipelines and searches are looked through.
        X : array-like of shape (n_rows, n_features), or images
            Data whose codes say how far to walk, and whose values what black and white or the units of a table are.
        row : int, default=None
            The row of X whose code the walks pass by; None is the mean code.
        components : int or sequence of int, default=None
            Latents to change; None is those in `active_components_`, or all where the object does not have that or none
            is active.
        n_steps : int, default=9
            Points along each walk.
        spread : float, default=0.95
            Share of a latent's codes that its walk covers, in (0, 1].
        image_shape : tuple of int, default=None
            Shape of the image that a row of a table is.

        Returns
        -------
        display : TraversalDisplay

        Raises
        ------
        ValueError
            If there is no such row or latent, or `spread` is out of range.
        """
        check_scalar(spread, "spread", Real, min_val=0, max_val=1, include_boundaries="right")
        fitted = Fitted.inside(estimator)
        codes = fitted.encode(X)
        if row is not None:
            check_scalar(row, "row", Integral, min_val=-len(codes), max_val=len(codes) - 1)
        n_components = codes.shape[1]
        components = choose_components(
            fitted.components_to_show(n_components) if components is None else components, n_components
        )
        start = codes.mean(axis=0) if row is None else codes[row]
        ends = np.quantile(codes[:, components], [(1 - spread) / 2, (1 + spread) / 2], axis=0)
        positions = np.linspace(*ends, n_steps, axis=1)
        Z = np.tile(start, (len(components), n_steps, 1))
        for walk, component, values in zip(Z, components, positions):
            walk[:, component] = values
        return cls(
            decoded=as_rows(fitted.decode(Z), image_shape),
            positions=positions,
            names=[f"$z_{{{component}}}$" for component in components],
            x_label="value of the latent",
            feature_names=fitted.feature_names,
            **units_of(X, image_shape),
        )

    @classmethod
    def from_pairs(
        cls,
        estimator: Any,
        X_from: ArrayLike,
        X_to: ArrayLike,
        *,
        X: ArrayLike | None = None,
        n_steps: int = 9,
        path: str = "slerp",
        space: str = "generation",
        image_shape: tuple[int, ...] | None = None,
    ) -> Self:
        r"""Walk from each row of one set to the row of another.

        .. math::
            \mathrm{slerp}(a, b, t) = \frac{\sin((1 - t)\, \omega)}{\sin \omega}\, a
            + \frac{\sin(t\, \omega)}{\sin \omega}\, b, \qquad \cos \omega = \frac{a \cdot b}{|a|\, |b|}

        Parameters
        ----------
        estimator : fitted object
            With `transform`, `inverse_transform` and, for generation space, `to_generation_space` and
            `to_representation_space`. Pipelines and searches are looked through.
        X_from, X_to : array-like of shape (n_pairs, n_features), or images
            Where the walks start and end.
        X : array-like of shape (n_rows, n_features), or images, default=None
            Data whose values say what black and white or the units of a table are; None is both ends together.
        n_steps : int, default=9
            Points along each walk, both ends among them.
        path : {"slerp", "lerp"}, default="slerp"
            Along the arc around the origin, which keeps to the distances that normal draws have, or straight.
        space : {"generation", "representation"}, default="generation"
            The space the walk is made in. In generation space codes are spread as the prior's draws are.
        image_shape : tuple of int, default=None
            Shape of the image that a row of a table is.

        Returns
        -------
        display : TraversalDisplay

        Raises
        ------
        ValueError
            If there is no such path or space, or `X_from` and `X_to` differ in number.

        References
        ----------
        K. Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985, section 3.3.
        """
        check_path(path, space)
        fitted = Fitted.inside(estimator)
        ends = [fitted.encode(X) for X in (X_from, X_to)]
        Z = walk_between(fitted, *ends, n_steps, path, space)
        return cls(
            decoded=as_rows(fitted.decode(Z), image_shape),
            positions=np.tile(np.linspace(0, 1, n_steps), (len(Z), 1)),
            names=[""] * len(Z),
            x_label="share of the way",
            feature_names=fitted.feature_names,
            **units_of(np.concatenate([as_rows(X_from), as_rows(X_to)]) if X is None else X, image_shape),
        )

    def plot(self, ax: Any = None, *, features: Any = None, cmap: str = "gray") -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or one for each walk of a table, default=None
            Where to draw; None is a new figure.
        features : int or str, or sequence of them, default=None
            Columns of a table to draw, by number or by name; None is all of them.
        cmap : str, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : TraversalDisplay

        Raises
        ------
        ValueError
            If there is no such column.
        """
        draw = self._draw_images if self.decoded.ndim > 3 else self._draw_lines
        return draw(ax, **({"cmap": cmap} if self.decoded.ndim > 3 else {"features": features}))

    def _draw_images(self, ax, cmap):
        n_walks, n_steps = self.positions.shape
        self.figure_, self.axes_ = make_axes(ax, 1, size=(0.5 * n_steps + 0.5, 0.5 * n_walks + 0.3))
        (axes,) = self.axes_
        draw_images(axes, self.decoded, self.limits, cmap)
        axes.set_yticks((self.decoded.shape[-2] + 1) * (np.arange(n_walks) + 0.5), self.names)
        axes.set_xlabel(f"{self.x_label} →")
        axes.tick_params(length=0)
        return self

    def _draw_lines(self, ax, features):
        names = name_features(self.feature_names, self.decoded.shape[-1])
        features = choose_features(range(len(names)) if features is None else features, names)
        values = ((self.decoded - self.mean) / self.deviation)[..., features]
        self.figure_, self.axes_ = make_axes(ax, len(values), size=(2.6, 2.6), sharey=True)
        colours = colours_of_movers(values)
        for axes, lines, positions, name in zip(self.axes_, values, self.positions, self.names):
            for line, colour, feature in zip(lines.T, colours, features):
                style = {"zorder": 1, "linewidth": 0.8} if colour == MUTED else {"label": names[feature]}
                axes.plot(positions, line, color=colour, **style)
            axes.set(title=name, xlabel=self.x_label)
            axes.spines[["top", "right"]].set_visible(False)
        self.axes_[0].set_ylabel("decoded (deviations)")
        self._draw_legend(is_beside=ax is None)
        return self

    def _draw_legend(self, is_beside):
        """Draw the legend beside the panels, on a figure that is widened for it, or inside the last one."""
        beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5)} if is_beside else {}
        if is_beside:
            self.figure_.set_figwidth(self.figure_.get_figwidth() + LEGEND)
        self.axes_[-1].legend(frameon=False, **beside)


def units_of(X, image_shape):
    """Return what values are measured by: the range of images, or mean and deviation of a table's columns."""
    X = as_rows(X, image_shape)
    mean, deviation = column_units(X) if X.ndim == 2 else (0.0, 1.0)
    return {"limits": (X.min(), X.max()), "mean": mean, "deviation": deviation}


def colours_of_movers(values):
    """Return a colour for each feature of walks (n_walks, n_steps, n_features), grey but for those that move most."""
    movers = np.argsort(-np.ptp(values, axis=1).max(axis=0), kind="stable")[: len(COLORS)]
    colours = np.full(values.shape[-1], MUTED, dtype=object)
    colours[np.sort(movers)] = COLORS[: len(movers)]
    return colours
