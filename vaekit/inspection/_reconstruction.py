"""Rows beside what a model makes of them."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from vaekit.inspection._drawing import COLORS, MUTED, draw_images, draw_points, make_axes
from vaekit.inspection._fitted import Fitted, as_rows, column_units
from vaekit.utils._ambient import guarded_arithmetic

__all__ = ["ReconstructionDisplay"]

INCH = 0.55  # width of an image in a figure of its own
LABEL = 0.8  # and of the words beside them


@guarded_arithmetic
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
        fitted = Fitted.inside(estimator)
        reconstructions = fitted.decode(fitted.encode(X))
        return cls(X=as_rows(X, image_shape), reconstructions=as_rows(reconstructions, image_shape))

    def plot(self, ax=None, *, n_rows=20, n_columns=10, cmap="gray"):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure, as high as its images need.
        n_rows : int, default=20
            Images to draw, at least 1: the first ones. Of tables all rows are drawn.
        n_columns : int, default=10
            Images side by side, at least 1; a last line that is not full is left out.
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
        check_scalar(n_rows, "n_rows", Integral, min_val=1)
        check_scalar(n_columns, "n_columns", Integral, min_val=1)
        if self.X.ndim > 2:
            self._draw_images(ax, n_rows, n_columns, cmap)
        else:
            self._draw_values(ax)
        return self

    def _draw_images(self, ax, n_rows, n_columns, cmap):
        n_rows = min(n_rows, len(self.X))
        n_columns = min(n_columns, n_rows)
        n_lines = n_rows // n_columns
        kept = slice(n_lines * n_columns)
        pairs = np.stack(
            [rows[kept].reshape(n_lines, n_columns, *self.X.shape[1:]) for rows in (self.X, self.reconstructions)],
            axis=1,
        )
        lines = pairs.reshape(2 * n_lines, *pairs.shape[2:])
        height, width = self.X.shape[-2:]
        size = (LABEL + INCH * n_columns, INCH * 2 * n_lines * height / width)
        self.figure_, (self.ax_,) = make_axes(ax, 1, size=size)
        draw_images(self.ax_, lines, (self.X.min(), self.X.max()), cmap)
        self.ax_.set_yticks((height + 1) * (np.arange(2 * n_lines) + 0.5), ["data", "decoded"] * n_lines)
        self.ax_.tick_params(length=0)

    def _draw_values(self, ax):
        mean, deviation = column_units(self.X)
        values, decoded = ((rows - mean) / deviation for rows in (self.X, self.reconstructions))
        limits = values.min(), values.max()
        self.figure_, (self.ax_,) = make_axes(ax, 1, size=(3.6, 3.4))
        self.ax_.plot(limits, limits, color=MUTED, linewidth=1)
        draw_points(self.ax_, np.stack([values.ravel(), decoded.ravel()], axis=1), color=COLORS[0])
        self.ax_.set(xlabel="value (deviations of its column)", ylabel="reconstruction", aspect="equal")
