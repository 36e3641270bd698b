"""Rows beside what a model makes of them."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, MUTED, draw_images, draw_points, make_axes, shorten, tile_of
from vaekit.inspection._fitted import Fitted, as_rows, column_units, name_features, range_of
from vaekit.inspection._windows import as_windows, channel_limits, draw_windows
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_number
from vaekit.utils._style import in_house_style, robust_limits

__all__ = ["ReconstructionDisplay"]

LABEL = 0.8  # inches of the words beside images
WIDE = 6.0  # inches that a line of images fills
MOST_COLUMNS = 10  # images side by side
MOST_BARS = 20  # columns of a table whose R2 is drawn


@guarded_arithmetic
class ReconstructionDisplay(Display):
    """Reconstructions beside the data.

    Images are drawn above their reconstructions, windows of time series (few lines, many steps) as lines below theirs.
    Of tables every value is drawn as a point, the value against its reconstruction, each column in units of its own
    deviation, and beside it what share of each column's variance is reconstructed; a perfect model lies on the
    diagonal, with a share of 1.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features), or images of shape (n_rows, [channels,] height, width)
        Data.
    reconstructions : ndarray of the shape of X
        Decoded codes of the data.
    feature_names : sequence of str, default=None
        Names of the columns of a table; None is their numbers.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    ax_ : matplotlib Axes
        Once drawn, where rows and reconstructions are.
    axes_ : ndarray of matplotlib Axes
        Once drawn: `ax_`, and the one of the shares, of a table.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from vaekit import VAE
    >>> from vaekit.inspection import ReconstructionDisplay
    >>> X = load_digits().data[:200]
    >>> model = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> display = ReconstructionDisplay.from_estimator(model, X[:8], image_shape=(8, 8))
    >>> display.reconstructions.shape
    (8, 8, 8)
    """

    def __init__(
        self, *, X: np.ndarray, reconstructions: np.ndarray, feature_names: Sequence[str] | None = None
    ) -> None:
        self.X, self.reconstructions, self.feature_names = X, reconstructions, feature_names

    @property
    def r2(self) -> np.ndarray:
        """Share of the variance of each column that is reconstructed, at most 1; NaN of columns that do not vary."""
        X = np.reshape(self.X, (len(self.X), -1)).astype(float)
        errors = np.square(X - np.reshape(self.reconstructions, X.shape))
        deviations = np.square(X - column_units(X)[0])
        errors, variance = (column_units(squares)[0] for squares in (errors, deviations))
        return np.where(variance > 0, 1 - errors / np.where(variance > 0, variance, 1), np.nan)

    @classmethod
    def from_estimator(cls, estimator: Any, X: ArrayLike, *, image_shape: tuple[int, ...] | None = None) -> Self:
        """Encode and decode rows.

        Parameters
        ----------
        estimator : fitted object
            With `transform` and `inverse_transform`. Pipelines and searches are looked through.
        X : array-like of shape (n_rows, n_features), or images
            Data.
        image_shape : tuple of int, default=None
            Shape of the image that a row of a table is.

        Returns
        -------
        display : ReconstructionDisplay
        """
        fitted = Fitted.inside(estimator)
        reconstructions = fitted.decode(fitted.encode(X))
        return cls(
            X=fitted.numbers(X, image_shape),
            reconstructions=as_rows(reconstructions, image_shape),
            feature_names=fitted.feature_names,
        )

    @in_house_style
    def plot(self, ax: Any = None, *, n_rows: int = 20, n_columns: int | None = None, cmap: str = "gray") -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, or two of them for a table, default=None
            Where to draw; None is a new figure, as high as its images need.
        n_rows : int, default=20
            Images to draw, at least 1: the first ones. Of tables all rows are drawn.
        n_columns : int, default=None
            Images side by side, at least 1; a last line that is not full is left out. None is as many as are well
            seen, 10 of square images.
        cmap : str, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : ReconstructionDisplay

        Raises
        ------
        ValueError
            If `n_rows` or `n_columns` is below 1.
        """
        check_number(n_rows, "n_rows", Integral, min_val=1)
        if n_columns is not None:
            check_number(n_columns, "n_columns", Integral, min_val=1)
        windows = as_windows(self.X)
        if windows is not None:
            self._draw_windows(ax, windows, n_rows, n_columns)
        elif self.X.ndim > 2:
            self._draw_images(ax, n_rows, n_columns, cmap)
        else:
            self._draw_values(ax)
        return self

    def _draw_images(self, ax, n_rows, n_columns, cmap):
        height, width = self.X.shape[-2:]
        tile = tile_of(height, width)
        n_lines, n_columns = _grid(min(n_rows, len(self.X)), n_columns or min(MOST_COLUMNS, int(WIDE / tile[0])))
        kept = slice(n_lines * n_columns)
        pairs = np.stack(
            [rows[kept].reshape(n_lines, n_columns, *self.X.shape[1:]) for rows in (self.X, self.reconstructions)],
            axis=1,
        )
        lines = pairs.reshape(2 * n_lines, *pairs.shape[2:])
        self.figure_, self.axes_ = make_axes(ax, 1, size=(LABEL + tile[0] * n_columns, tile[1] * 2 * n_lines))
        (self.ax_,) = self.axes_
        draw_images(self.ax_, lines, (self.X.min(), self.X.max()), cmap)
        self.ax_.set_yticks((height + 1) * (np.arange(2 * n_lines) + 0.5), ["data", "decoded"] * n_lines)
        self.ax_.tick_params(length=0)

    def _draw_windows(self, ax, windows, n_rows, n_columns):
        n_lines, n_columns = _grid(min(n_rows, len(windows), 4 * (n_columns or 3)), n_columns or 3)
        self.figure_, self.axes_ = make_axes(ax, 1, size=(2.3 * n_columns, 1.1 * n_lines + 0.3))
        (self.ax_,) = self.axes_
        limits = channel_limits(windows)
        styles = {"data": {"colors": MUTED, "linewidths": 2.2}, "decoded": {"colors": COLORS[0]}}
        for (name, style), rows in zip(styles.items(), (windows, as_windows(self.reconstructions))):
            cells = rows[: n_lines * n_columns].reshape(n_lines, n_columns, *rows.shape[1:])
            draw_windows(self.ax_, cells, limits, background=name == "data", label=name, **style)
        self.ax_.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)

    def _draw_values(self, ax):
        mean, deviation = column_units(self.X)
        values, decoded = ((rows - mean) / deviation for rows in (self.X, self.reconstructions))
        limits = range_of(values)
        self.figure_, self.axes_ = make_axes(ax, 2, size=(3.4, 3.2))
        self.ax_ = self.axes_[0]
        self.ax_.plot(limits, limits, color=MUTED, linewidth=1)
        draw_points(self.ax_, np.stack([values.ravel(), decoded.ravel()], axis=1), color=COLORS[0])
        seen = np.concatenate([values, decoded])
        window = robust_limits(seen[np.isfinite(seen)], tail=0.001, margin=0.05)
        self.ax_.set(xlabel="value (deviations of its column)", ylabel="reconstruction", aspect="equal",
                     xlim=window, ylim=window)  # fmt: skip
        self._draw_shares(self.axes_[1])

    def _draw_shares(self, ax):
        """Draw the R2 of each column, of many the lowest."""
        names, r2 = name_features(self.feature_names, self.X.shape[1]), self.r2
        order = np.argsort(r2, kind="stable")[:MOST_BARS]
        shown = np.maximum(np.nan_to_num(r2[order]), -1)
        ax.barh(range(len(order)), shown, color=np.where(shown > 0, COLORS[0], COLORS[1]), height=0.7)
        ax.set_yticks(range(len(order)), [shorten(names[i]) for i in order], fontsize=7)
        few = "" if len(order) == len(r2) else f" ({len(order)} lowest of {len(r2)})"
        ax.set(title=f"share reconstructed{few}", xlabel="R²", xlim=(min(0, shown.min()), 1))


def _grid(n_images, n_columns):
    """Lines and columns of a grid of the first images, without a last line that is not full."""
    n_columns = min(n_columns, n_images)
    return n_images // n_columns, n_columns
