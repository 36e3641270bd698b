"""The way from one row to another."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import draw_cells, make_axes
from vaekit.inspection._fitted import Fitted, as_rows, name_features
from vaekit.inspection._walk_drawing import draw_walks_of_images, draw_walks_of_windows, units_of
from vaekit.inspection._walks import check_path, walk_between
from vaekit.inspection._windows import as_windows
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._style import DIVERGING, in_house_style

__all__ = ["InterpolationDisplay"]

MOST_FEATURES = 15


@guarded_arithmetic
class InterpolationDisplay(Display):
    """Decoded ways from rows to rows, between the rows themselves.

    Images stand in a line, the two rows at its ends; windows of time series lie over each other. Tables are cells that
    change colour, a column for each step, in deviations of their feature.

    Parameters
    ----------
    X_from, X_to : ndarray of shape (n_pairs, n_features), or images
        The ends, as they are in the data.
    decoded : ndarray of shape (n_pairs, n_steps, n_features), or images
        What the ways decode to, the decoded ends among them.
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
        Once drawn: one for images, one for each pair of a table.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from vaekit import VAE
    >>> from vaekit.inspection import InterpolationDisplay
    >>> X = load_digits().data[:200]
    >>> model = VAE(n_components=4, max_epochs=2, random_state=0).fit(X)
    >>> InterpolationDisplay.from_estimator(model, X[:3], X[3:6], image_shape=(8, 8)).decoded.shape
    (3, 9, 8, 8)
    """

    def __init__(
        self,
        *,
        X_from: np.ndarray,
        X_to: np.ndarray,
        decoded: np.ndarray,
        limits: Any,
        mean: float | np.ndarray = 0.0,
        deviation: float | np.ndarray = 1.0,
        feature_names: Sequence[str] | None = None,
    ) -> None:
        self.X_from, self.X_to, self.decoded, self.limits = X_from, X_to, decoded, limits
        self.mean, self.deviation, self.feature_names = mean, deviation, feature_names

    @classmethod
    def from_estimator(
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
        """Walk from each row of one set to the row of another, as :func:`latent_walk` does.

        Parameters
        ----------
        estimator : fitted object
            With `transform`, `inverse_transform` and, for generation space, `to_generation_space` and
            `to_representation_space`. Pipelines and searches are looked through.
        X_from, X_to : array-like of shape (n_pairs, n_features), or images
            Where the ways start and end.
        X : array-like of shape (n_rows, n_features), or images, default=None
            Data whose values say what black and white or the units of a table are; None is both ends together.
        n_steps : int, default=9
            Points along each way, both ends among them.
        path : {"slerp", "lerp"}, default="slerp"
            Along the arc around the origin, or straight.
        space : {"generation", "representation"}, default="generation"
            The space the way is made in.
        image_shape : tuple of int, default=None
            Shape of the image that a row of a table is.

        Returns
        -------
        display : InterpolationDisplay

        Raises
        ------
        ValueError
            If there is no such path or space, or `X_from` and `X_to` differ in number.
        """
        check_path(path, space)
        fitted = Fitted.inside(estimator)
        Z = walk_between(fitted, fitted.encode(X_from), fitted.encode(X_to), n_steps, path, space)
        ends = [fitted.numbers(rows, image_shape) for rows in (X_from, X_to)]
        data = np.concatenate(ends) if X is None else fitted.numbers(X, image_shape)
        return cls(
            X_from=ends[0],
            X_to=ends[1],
            decoded=as_rows(fitted.decode(Z), image_shape),
            feature_names=fitted.feature_names,
            **units_of(data),
        )

    @in_house_style
    def plot(self, ax: Any = None, *, cmap: str = "gray") -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or one for each pair of a table, default=None
            Where to draw; None is a new figure.
        cmap : str, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : InterpolationDisplay
        """
        names = [f"pair {i}" for i in range(len(self.decoded))]
        line = np.concatenate([self.X_from[:, None], self.decoded, self.X_to[:, None]], axis=1)
        if as_windows(self.decoded, leading=2) is not None:
            self.figure_, self.axes_ = draw_walks_of_windows(ax, self.decoded, names, "share of the way")
        elif self.decoded.ndim > 3:
            self.figure_, self.axes_ = draw_walks_of_images(ax, line, self.limits, [""] * len(line), cmap)
            self._label_ends()
        else:
            self._draw_cells(ax, line)
        return self

    def _label_ends(self):
        """Words above the two rows and what lies between, and a line around the rows."""
        from matplotlib.patches import Rectangle

        (n_pairs, n_steps), (height, width) = self.decoded.shape[:2], self.decoded.shape[-2:]
        ax = self.axes_[0]
        ax.set_xticks([width / 2 - 0.5, (n_steps + 2) * (width + 1) / 2, (n_steps + 1.5) * (width + 1) - 1],
                      ["data", "decoded way →", "data"])  # fmt: skip
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        for j in (0, n_steps + 1):
            corner = j * (width + 1) - 0.5, -0.5
            ax.add_patch(Rectangle(corner, width, n_pairs * (height + 1) - 1, fill=False, edgecolor="#d55e00",
                                   linewidth=1.2, clip_on=False))  # fmt: skip

    def _draw_cells(self, ax, line):
        values = (line - self.mean) / self.deviation
        names = name_features(self.feature_names, values.shape[-1])
        movers = np.argsort(-np.ptp(values[:, 1:-1], axis=1).max(axis=0), kind="stable")[:MOST_FEATURES]
        size = (1.4 + 0.24 * values.shape[1], 0.9 + 0.22 * len(movers))
        self.figure_, self.axes_ = make_axes(ax, len(values), size=size, wrap=3)
        for i, (axes, cells) in enumerate(zip(self.axes_, values)):
            picture = draw_cells(axes, cells[:, movers].T, rows=[names[j] for j in movers],
                                 columns=["data", *[""] * self.decoded.shape[1], "data"], cmap=DIVERGING,
                                 limits=(-2.5, 2.5), form=None)  # fmt: skip
            axes.set_title(f"pair {i}")
            if i % 3:
                axes.set_yticks([])
        self.figure_.colorbar(picture, ax=list(self.axes_), label="value (deviations)", extend="both", shrink=0.7)
