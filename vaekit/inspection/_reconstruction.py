"""Rows beside what a model makes of them."""

import numpy as np

from vaekit.inspection._drawing import COLORS, MUTED, draw_images, draw_points, make_axes
from vaekit.inspection._fitted import as_rows, look_through

__all__ = ["ReconstructionDisplay"]


class ReconstructionDisplay:
    """Reconstructions beside the data.

    Images are drawn above their reconstructions. Of tables every value is drawn as a point, the value against its
    reconstruction, each column in units of its own deviation; a perfect model lies on the diagonal.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features), or images of shape (n_rows, [channels,] height, width)
        Data.
    reconstructions : ndarray of the shape of X
        Decoded codes of the data.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    ax_ : matplotlib Axes
        Once drawn.

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

    def __init__(self, *, X, reconstructions):
        self.X, self.reconstructions = X, reconstructions

    @classmethod
    def from_estimator(cls, estimator, X, *, image_shape=None):
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
        fitted = look_through(estimator)
        reconstructions = fitted.decode(fitted.encode(X))
        return cls(X=as_rows(X, image_shape), reconstructions=as_rows(reconstructions, image_shape))

    def plot(self, ax=None, *, n_columns=10, cmap="gray"):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        n_columns : int, default=10
            Images side by side; a last line that is not full is left out.
        cmap : str, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : ReconstructionDisplay
        """
        draw = self._draw_images if self.X.ndim > 2 else self._draw_values
        is_wide = self.X.ndim > 2
        self.figure_, (self.ax_,) = make_axes(ax, 1, size=(6.0, 1.8) if is_wide else (3.6, 3.4))
        draw(self.ax_, **({"n_columns": n_columns, "cmap": cmap} if is_wide else {}))
        return self

    def _draw_images(self, ax, n_columns, cmap):
        n_columns = min(n_columns, len(self.X))
        n_lines = len(self.X) // n_columns
        kept = slice(n_lines * n_columns)
        pairs = np.stack(
            [rows[kept].reshape(n_lines, n_columns, *self.X.shape[1:]) for rows in (self.X, self.reconstructions)],
            axis=1,
        )
        lines = pairs.reshape(2 * n_lines, *pairs.shape[2:])
        draw_images(ax, lines, (self.X.min(), self.X.max()), cmap)
        height = self.X.shape[-2] + 1
        ax.set_yticks(height * (np.arange(2 * n_lines) + 0.5), ["data", "decoded"] * n_lines)
        ax.tick_params(length=0)

    def _draw_values(self, ax):
        mean, deviation = self.X.mean(axis=0), self.X.std(axis=0)
        unit = np.where(deviation > 0, deviation, 1)
        values, decoded = ((rows - mean) / unit for rows in (self.X, self.reconstructions))
        limits = values.min(), values.max()
        ax.plot(limits, limits, color=MUTED, linewidth=1)
        draw_points(ax, np.stack([values.ravel(), decoded.ravel()], axis=1), color=COLORS[0])
        ax.set(xlabel="value (deviations of its column)", ylabel="reconstruction", aspect="equal")
