"""Samples of a model beside data."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from vaekit.inspection._drawing import COLORS, MUTED, draw_images, draw_points, make_axes
from vaekit.inspection._fitted import as_rows, look_through
from vaekit.utils._random import make_random_state

__all__ = ["SamplesDisplay"]


class SamplesDisplay:
    """Data on the left, samples of the model on the right, on the same scale.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features), or images of shape (n_rows, [channels,] height, width)
        Data.
    samples : ndarray of shape (n_samples, n_features), or images
        What the model made up.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of two matplotlib Axes
        Once drawn.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from vaekit import DPVAE
    >>> from vaekit.inspection import SamplesDisplay
    >>> X = load_digits().data[:200]
    >>> model = DPVAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> display = SamplesDisplay.from_estimator(model, X, n_samples=25, image_shape=(8, 8), random_state=0)
    >>> display.X.shape, display.samples.shape
    ((25, 8, 8), (25, 8, 8))
    """

    def __init__(self, *, X, samples):
        self.X, self.samples = X, samples

    @classmethod
    def from_estimator(cls, estimator, X, *, n_samples=None, image_shape=None, random_state=None):
        """Draw samples, and as many rows of X.

        Parameters
        ----------
        estimator : fitted object
            With `sample(n_samples, random_state)`. Pipelines and searches are looked through, and samples brought back
            through the earlier steps.
        X : array-like of shape (n_rows, n_features), or images
            Data.
        n_samples : int, default=None
            Number of samples, at least 1, and of rows of X where there are that many; None is 64 images, or 1000 rows
            of a table.
        image_shape : tuple of int, default=None
            Shape of the image that a row of a table is.
        random_state : int, RandomState instance or None, default=None
            Decides both.

        Returns
        -------
        display : SamplesDisplay
        """
        fitted, random_state, X = look_through(estimator), make_random_state(random_state), as_rows(X, image_shape)
        n_samples = (64 if X.ndim > 2 else 1000) if n_samples is None else n_samples
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        samples = fitted.out_of(fitted.ask("sample")(n_samples, random_state=random_state))
        rows = X[random_state.choice(len(X), size=min(n_samples, len(X)), replace=False)]
        return cls(X=rows, samples=as_rows(samples, image_shape))

    def plot(self, ax=None, *, features=(0, 1), cmap="gray"):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or two of them, default=None
            Where to draw; None is a new figure.
        features : pair of int, default=(0, 1)
            Which two columns of a table are drawn against each other.
        cmap : str, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : SamplesDisplay
        """
        is_images = self.X.ndim > 2
        self.figure_, self.axes_ = make_axes(ax, 2, share=not is_images)
        for axes, rows, title, colour in zip(
            self.axes_, (self.X, self.samples), ("data", "samples"), (MUTED, COLORS[0])
        ):
            if is_images:
                self._draw_grid(axes, rows, cmap)
            else:
                draw_points(axes, rows[:, list(features)], color=colour)
            axes.set_title(title)
        return self

    def _draw_grid(self, ax, rows, cmap):
        side = int(np.sqrt(len(rows)))
        draw_images(ax, rows[: side**2].reshape(side, side, *rows.shape[1:]), (self.X.min(), self.X.max()), cmap)
