"""Samples of a model beside data."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, MUTED, draw_images, draw_points, make_axes, tile_of
from vaekit.inspection._fitted import Fitted, as_rows, choose_features, name_features
from vaekit.inspection._table_samples import TableSamplesDisplay
from vaekit.inspection._windows import as_windows, channel_limits, draw_windows
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_number
from vaekit.utils._noise import noise_choice, takes_noise
from vaekit.utils._random import make_random_state
from vaekit.utils._style import in_house_style
from vaekit.utils._typing import RandomStateLike

__all__ = ["SamplesDisplay"]

N_BINS = 30  # of the histograms of one column
SMALL = 0.75  # of the size that images have elsewhere
MOST_IMAGES = 64  # of each kind that are drawn


@guarded_arithmetic
class SamplesDisplay(Display):
    """Data on the left, samples of the model on the right, on the same scale.

    Windows of time series (images of few lines and many steps) are drawn as lines. Of tables of more than two columns
    the marginals are laid over each other, as :class:`TableSamplesDisplay` draws them.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features), or images of shape (n_rows, [channels,] height, width)
        Data.
    samples : ndarray of shape (n_samples, n_features), or images
        What the model made up.
    feature_names : sequence of str, default=None
        Names of the columns of a table; None is their numbers.
    table : TableSamplesDisplay, default=None
        The same of a frame of several kinds of columns, which knows words and dates.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of matplotlib Axes
        Once drawn: data and samples, or a panel for each column.

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

    def __init__(
        self,
        *,
        X: np.ndarray,
        samples: np.ndarray,
        feature_names: Sequence[str] | None = None,
        table: TableSamplesDisplay | None = None,
    ) -> None:
        self.X, self.samples, self.feature_names, self.table = X, samples, feature_names, table

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        n_samples: int | None = None,
        image_shape: tuple[int, ...] | None = None,
        random_state: RandomStateLike = None,
        noise: bool | str = "auto",
    ) -> Self:
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
        noise : bool or "auto", default="auto"
            Whether samples are draws of p(x | z) or its means. "auto" is means of images, whatever the shape of X, and
            the model's own choice for tables.

        Returns
        -------
        display : SamplesDisplay
        """
        fitted, random_state = Fitted.inside(estimator), make_random_state(random_state)
        if fitted.columns is not None:
            n_samples = 1000 if n_samples is None else n_samples
            return cls._of_kinds(fitted, X, n_samples=n_samples, random_state=random_state, noise=noise)
        X = fitted.numbers(X, image_shape)
        are_images = X.ndim > 2
        n_samples = (64 if are_images else 1000) if n_samples is None else n_samples
        check_number(n_samples, "n_samples", Integral, min_val=1)
        sample = fitted.ask("sample")
        noise = False if are_images and noise == "auto" and takes_noise(sample) else noise
        samples = fitted.out_of(sample(n_samples, random_state=random_state, **noise_choice(sample, noise)))
        rows = X[random_state.choice(len(X), size=min(n_samples, len(X)), replace=False)]
        return cls(X=rows, samples=as_rows(samples, image_shape), feature_names=fitted.feature_names)

    @classmethod
    def _of_kinds(cls, fitted, X, **how):
        """Words as the numbers of their kinds, dates as microseconds, as a display of tables has them."""
        table = TableSamplesDisplay.from_estimator(fitted.model, X, **how)
        return cls(X=table.X, samples=table.samples, feature_names=table.feature_names, table=table)

    @in_house_style
    def plot(self, ax: Any = None, *, features: Any = None, cmap: str = "gray") -> Self:
        """Draw images, the marginals of a table, two of its columns against each other, or the histogram of one.

        Parameters
        ----------
        ax : matplotlib Axes, or two of them, or one for each marginal, default=None
            Where to draw; None is a new figure.
        features : int or str, or one or two of them, default=None
            Columns of a table to draw, by number or by name; None is all marginals, or the plane of a table of two.
        cmap : str, default="gray"
            Colour map of grey images.

        Returns
        -------
        display : SamplesDisplay

        Raises
        ------
        ValueError
            If there is no such column, or more than two are asked for.
        """
        if self.table is not None or (self.X.ndim == 2 and self.X.shape[1] > 2 and features is None):
            return self._draw_marginals(ax, features)
        if self.X.ndim > 2:
            self._draw_grids(ax, cmap)
        else:
            self._draw_columns(ax, features)
        for axes, title in zip(self.axes_, ("data", "samples")):
            axes.set_title(title)
        return self

    def _draw_marginals(self, ax, features):
        names = name_features(self.feature_names, self.X.shape[1])
        table = self.table or TableSamplesDisplay.from_arrays(self.X, self.samples, feature_names=names)
        over = table.plot(ax, features=features)
        self.figure_, self.axes_ = over.figure_, over.axes_
        return self

    def _draw_grids(self, ax, cmap):
        windows = as_windows(self.X)
        tile = tile_of(*self.X.shape[-2:]) if windows is None else (1.9, 0.75)
        n_rows, n_columns = _shape_of_grid(min(len(self.X), len(self.samples)), tile)
        self.figure_, self.axes_ = make_axes(
            ax, 2, size=(SMALL * tile[0] * n_columns + 0.2, SMALL * tile[1] * n_rows + 0.3)
        )
        limits = (self.X.min(), self.X.max()) if windows is None else channel_limits(windows)
        for axes, rows, colour in zip(self.axes_, (self.X, self.samples), ("0.35", COLORS[0])):
            rows = rows if windows is None else as_windows(rows)
            grid = rows[: n_rows * n_columns].reshape(n_rows, n_columns, *rows.shape[1:])
            if windows is None:
                draw_images(axes, grid, limits, cmap)
            else:
                draw_windows(axes, grid, limits, colors=colour)

    def _draw_columns(self, ax, features):
        n_features = self.X.shape[1]
        names = name_features(self.feature_names, n_features)
        chosen = choose_features(range(min(2, n_features)) if features is None else features, names)
        if len(chosen) not in (1, 2):
            raise ValueError(f"features must be one column or two, got {len(chosen)}.")
        columns = [rows[:, chosen] for rows in (self.X, self.samples)]
        edges = np.histogram_bin_edges(np.concatenate(columns), N_BINS)
        self.figure_, self.axes_ = make_axes(ax, 2, sharex=True, sharey=True)
        for axes, rows, colour in zip(self.axes_, columns, (MUTED, COLORS[0])):
            if len(chosen) == 2:
                draw_points(axes, rows, color=colour)
            else:
                axes.hist(rows.ravel(), bins=edges, density=True, color=colour)
            axes.set_xlabel(names[chosen[0]])
        self.axes_[0].set_ylabel(names[chosen[1]] if len(chosen) == 2 else "density")


def _shape_of_grid(n_images, tile):
    """Lines and columns of a grid of images whose figure is about square and holds no line that is not full."""
    n_columns = max(1, min(n_images, round(np.sqrt(min(n_images, MOST_IMAGES) * tile[1] / tile[0]))))
    return max(1, min(n_images, MOST_IMAGES) // n_columns), n_columns
