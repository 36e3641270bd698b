"""The scores of all rows, where the line is drawn, and what is wrong with the worst."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.frames import words_of_cells
from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, MUTED, draw_images, make_axes, shorten
from vaekit.inspection._fitted import Fitted, as_rows, name_features
from vaekit.inspection._windows import as_windows, channel_limits, draw_windows
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_number
from vaekit.utils._containers import as_array, column_names, take_rows
from vaekit.utils._rows import floats
from vaekit.utils._style import in_house_style, robust_limits

__all__ = ["OutlierScoresDisplay"]

N_BINS = 50
N_REASONS = 3  # columns that are named for each of the worst rows


@guarded_arithmetic
class OutlierScoresDisplay(Display):
    """Histogram of the scores with the line between inliers and outliers, and the worst rows with their reasons.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Scores of all rows in nats; the lower, the less a row belongs.
    offset : float, default=None
        Score below which a row is an outlier, where one is known.
    rows : ndarray of int of shape (n_rows,)
        Numbers of the worst rows, the worst first.
    contributions : ndarray of shape (n_rows, n_features), default=None
        Of every column to the scores of these rows, where they are known.
    values : ndarray of shape (n_rows, n_features), default=None
        What stands in these rows of a table.
    images : ndarray of shape (n_rows, [channels,] height, width), default=None
        These rows, where they are images or windows of time series.
    feature_names : sequence of str, default=None
        Names of the columns; None numbers them.
    is_outlier : ndarray of bool of shape (n_samples,), default=None
        Which rows are known to be outliers.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of matplotlib Axes
        Once drawn: the histogram; the reasons where they are known, or the images.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit import VAE
    >>> from vaekit.inspection import OutlierScoresDisplay
    >>> from vaekit.outlier import VAEOutlierDetector
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> X[7, 2] = 9
    >>> detector = VAEOutlierDetector(VAE(n_components=2, max_epochs=20, random_state=0)).fit(X)
    >>> display = OutlierScoresDisplay.from_estimator(detector, X, n_rows=5)
    >>> int(display.rows[0]), display.reasons[0].startswith("feature 2 =")
    (7, True)
    """

    def __init__(
        self,
        *,
        scores: np.ndarray,
        rows: np.ndarray,
        offset: float | None = None,
        contributions: np.ndarray | None = None,
        values: np.ndarray | None = None,
        feature_names: Sequence[str] | None = None,
        is_outlier: np.ndarray | None = None,
        images: np.ndarray | None = None,
    ) -> None:
        self.images = images
        self.scores, self.rows, self.offset, self.is_outlier = scores, rows, offset, is_outlier
        self.contributions, self.values, self.feature_names = contributions, values, feature_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        n_rows: int = 8,
        image_shape: tuple[int, ...] | None = None,
    ) -> Self:
        """Score rows, and explain the worst of them where the object can.

        Parameters
        ----------
        estimator : fitted object
            With `score_samples`; with `explain` for the reasons, and `offset_` for the line. Pipelines and searches are
            looked through.
        X : array-like or frame of shape (n_samples, ...)
            Data.
        y : array-like of shape (n_samples,), default=None
            Whether each row is known to be an outlier (true, or -1 as detectors say it).
        n_rows : int, default=8
            How many of the worst rows to show, at least 1.
        image_shape : tuple of int, default=None
            Shape of the image that a row of a table is: it is shown then, in place of reasons.

        Returns
        -------
        display : OutlierScoresDisplay

        Raises
        ------
        ValueError
            If `n_rows` is below 1, or y is not one truth value for each row.
        """
        check_number(n_rows, "n_rows", Integral, min_val=1)
        fitted = Fitted.inside(estimator)
        X = fitted.into(X)
        X = X if hasattr(X, "shape") else np.asarray(X)
        scores = floats(fitted.ask("score_samples")(X))
        worst = np.argsort(scores, kind="stable")[:n_rows]
        table = take_rows(X, worst)
        are_images = len(X.shape) > 2 or image_shape is not None
        has_reasons = hasattr(fitted.model, "explain") and not are_images
        names = column_names(X)
        return cls(
            scores=scores,
            rows=worst,
            offset=getattr(fitted.model, "offset_", None),
            contributions=as_array(fitted.ask("explain")(table)) if has_reasons else None,
            values=_values(fitted, table) if has_reasons else None,
            feature_names=fitted.column_names if names is None else names,
            is_outlier=None if y is None else _are_outliers(y, len(scores)),
            images=as_rows(table, image_shape) if are_images else None,
        )

    @property
    def reasons(self) -> list[str]:
        """For each of the worst rows, the values of the columns that lower its score most."""
        if self.contributions is None or self.values is None:
            return [""] * len(self.rows)
        names = name_features(self.feature_names, self.contributions.shape[1])
        return [
            ", ".join(f"{shorten(names[j], 16)} = {_said(row[j])}" for j in np.argsort(shares)[:N_REASONS])
            for shares, row in zip(self.contributions, self.values)
        ]

    @in_house_style
    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or one for histogram and reasons, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : OutlierScoresDisplay
        """
        n_axes = 1 if self.contributions is None and self.images is None else 2
        self.figure_, self.axes_ = make_axes(ax, n_axes, size=(4.7, max(2.6, 0.8 + 0.26 * len(self.rows))))
        self._draw_histogram(self.axes_[0])
        if self.images is not None:
            self._draw_images(self.axes_[1])
        elif n_axes == 2:
            self._draw_reasons(self.axes_[1])
        return self

    def _draw_images(self, ax):
        """The worst rows as they are, the worst first, line by line."""
        windows = as_windows(self.images)
        n_columns = min(2 if windows is not None else 4, len(self.images))
        n_lines = len(self.images) // n_columns
        rows = (self.images if windows is None else windows)[: n_lines * n_columns]
        grid = rows.reshape(n_lines, n_columns, *rows.shape[1:])
        if windows is None:
            draw_images(ax, grid, (self.images.min(), self.images.max()))
        else:
            draw_windows(ax, grid, channel_limits(windows), colors=COLORS[0])
        numbers = ", ".join(map(str, self.rows[: n_lines * n_columns]))
        ax.set_title("the worst rows")
        ax.set_xlabel(f"rows {numbers}", fontsize=7)

    def _draw_histogram(self, ax):
        low, high = robust_limits(self.scores, tail=0.01, margin=0.3)
        shown = np.clip(self.scores, low, high)
        edges = np.linspace(low, high, N_BINS + 1)
        groups = {"rows": (np.ones(len(shown), bool), MUTED)}
        if self.is_outlier is not None:
            groups = {"rows": (~self.is_outlier, MUTED), "known outliers": (self.is_outlier, COLORS[1])}
        ax.hist([shown[rows] for rows, _ in groups.values()], bins=edges, stacked=True, label=list(groups),
                color=[colour for _, colour in groups.values()])  # fmt: skip
        if self.offset is not None:
            below = int((self.scores < self.offset).sum())
            ax.axvline(np.clip(self.offset, low, high), color=COLORS[0], label=f"line: {below} rows below")
        far = int((self.scores < low).sum())
        note = f" ({far} further left, drawn at the edge)" if far else ""
        ax.set(xlabel=f"score (nats){note}", ylabel="rows", yscale="symlog", title="scores of all rows")
        ax.set_yticks([0, *(10**k for k in range(int(np.log10(max(len(shown), 10))) + 1))])
        ax.yaxis.set_major_formatter("{x:.0f}")
        ax.yaxis.set_minor_locator(_no_ticks())
        ax.legend()

    def _draw_reasons(self, ax):
        """The worst rows as bars of what their three lowest columns take from the score, with their values."""
        lowest = np.sort(self.contributions, axis=1)[:, :N_REASONS]
        places = np.arange(len(self.rows))[::-1]
        ax.barh(places, np.minimum(lowest, 0).sum(axis=1), height=0.75, color=COLORS[1], alpha=0.35)
        for place, reason in zip(places, self.reasons):
            ax.annotate(reason, (0, place), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                        ha="left", va="center", fontsize=7)  # fmt: skip
        ax.set_yticks(places, [f"row {row}" for row in self.rows])
        ax.set(title="the worst rows, and why", xlabel="taken by these columns (nats)")
        ax.invert_xaxis()


def _are_outliers(y, n_rows):
    y = as_array(y).ravel()
    if len(y) != n_rows or not np.isin(y, (-1, 0, 1)).all():
        raise ValueError(f"y must be one truth value for each of the {n_rows} rows of X, got shape {y.shape}.")
    return y == -1 if (y == -1).any() else y.astype(bool)


def _values(fitted, table):
    return np.asarray(table) if fitted.columns is None else words_of_cells(fitted.columns, table)


def _said(value):
    """A cell as people write it: a date without its midnight, a gap in words."""
    if str(value) in ("None", "nan", "<NA>", "NaT"):
        return "missing"
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return f"{value:.4g}"
    return str(value).removesuffix(" 00:00:00")


def _no_ticks():
    from matplotlib.ticker import NullLocator

    return NullLocator()
