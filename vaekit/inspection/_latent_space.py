"""The aggregate posterior beside the prior, in representation and in generation space."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import gaussian_kde
from sklearn.utils import column_or_1d

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, MUTED, beside, draw_points, halo, make_axes
from vaekit.inspection._fitted import Fitted, as_rows, choose_components
from vaekit.inspection._gaps import BEYOND, log_ratios
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._random import make_random_state
from vaekit.utils._style import CLASSES, SCALE, in_house_style, robust_limits
from vaekit.utils._typing import RandomStateLike

__all__ = ["LatentSpaceDisplay"]

SHARES = (0.5, 0.9)  # of the prior, inside its contours
GRID = 60  # points along each side of the grid on which the contours are found
TAILS = (0.005, 0.995)  # quantiles of codes and of draws between which the window lies
MARGIN = 0.1  # around it, as a share of its width
MAX_CLASSES = 10  # numbers of more values than this are a scale, not classes
MOST_LATENTS = 3  # in which pockets and leaks are looked for, unless they are asked for
MOST_MARKS = 150  # pockets and leaks that are drawn
MANY = 5000  # points of which a density is drawn, where they have no labels


@guarded_arithmetic
class LatentSpaceDisplay(Display):
    """Codes as points and the prior as contours that hold 50 and 90% of it, in both latent spaces.

    Where contours hold no codes, the prior draws samples that the decoder never saw (pockets); codes outside the
    contours are data that it never draws (leaks). Both are marked where the densities are known and the latent space
    is one that a picture can show. Of few rows with narrow posteriors, what lies between them is a pocket, too.

    Parameters
    ----------
    representation, generation : ndarray of shape (n_rows, n_components)
        Draws from the aggregate posterior, in the space codes live in and in the space where the prior is plainly
        normal.
    prior_representation, prior_generation : ndarray of shape (n_samples, n_components)
        Draws from the prior, in the same two spaces.
    labels : ndarray of shape (n_rows,), default=None
        Class of each row, or a number, for its colour. Numbers of more than ten values are drawn on a scale, missing
        labels (None, NaN) in grey.
    pockets : ndarray of bool of shape (n_samples,), default=None
        Draws of the prior where the aggregate posterior has less than a twentieth of the prior's density.
    leaks : ndarray of bool of shape (n_rows,), default=None
        Codes where the prior has less than a twentieth of the aggregate posterior's density.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of two matplotlib Axes
        Once drawn.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import DPVAE
    >>> from vaekit.inspection import LatentSpaceDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DPVAE(n_components=2, max_epochs=5, random_state=0).fit(X)
    >>> display = LatentSpaceDisplay.from_estimator(model, X, y, random_state=0)
    >>> display.representation.shape, display.prior_generation.shape
    ((150, 2), (3000, 2))
    """

    def __init__(
        self,
        *,
        representation: np.ndarray,
        generation: np.ndarray,
        prior_representation: np.ndarray,
        prior_generation: np.ndarray,
        labels: np.ndarray | None = None,
        pockets: np.ndarray | None = None,
        leaks: np.ndarray | None = None,
    ) -> None:
        self.pockets, self.leaks = pockets, leaks
        self.representation, self.generation = representation, generation
        self.prior_representation, self.prior_generation = prior_representation, prior_generation
        self.labels = labels

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        n_prior_samples: int = 3000,
        disagreement: bool | str = "auto",
        random_state: RandomStateLike = None,
    ) -> Self:
        """Draw one code per row, and draws from the prior.

        Parameters
        ----------
        estimator : fitted object
            With `sample_posterior`, `to_generation_space` and `to_representation_space`. Pipelines and searches are
            looked through.
        X : array-like of shape (n_rows, n_features), or images
            Data.
        y : array-like of shape (n_rows,) or (n_rows, 1), default=None
            Class of each row, or a number, for its colour.
        n_prior_samples : int, default=3000
            Draws from the prior, of which the contours are made.
        disagreement : bool or "auto", default="auto"
            Whether to look for pockets and leaks, which takes `log_prior` and a posterior with a density; "auto" does
            so where the model has them and at most three latents (of more, rows are too few to fill the space).
        random_state : int, RandomState instance or None, default=None
            Decides the draws.

        Returns
        -------
        display : LatentSpaceDisplay

        Raises
        ------
        ValueError
            If y is not one label for each row.
        """
        fitted, random_state = Fitted.inside(estimator), make_random_state(random_state)
        codes = as_rows(fitted.ask("sample_posterior")(fitted.into(X), random_state=random_state))[0]
        noise = random_state.standard_normal((n_prior_samples, codes.shape[1]))
        prior = as_rows(fitted.ask("to_representation_space")(noise))
        wanted = codes.shape[1] <= MOST_LATENTS if disagreement == "auto" else bool(disagreement)
        ratios = log_ratios(estimator, X, codes, prior, or_raise=disagreement is True) if wanted else None
        return cls(
            representation=codes,
            generation=as_rows(fitted.ask("to_generation_space")(codes)),
            prior_representation=prior,
            prior_generation=noise,
            labels=None if y is None else check_labels(y, len(codes)),
            pockets=None if ratios is None else ratios[1] > BEYOND,
            leaks=None if ratios is None else ratios[0] < -BEYOND,
        )

    @in_house_style
    def plot(self, ax: Any = None, *, components: Any = (0, 1)) -> Self:
        """Draw the window that holds 99% of the codes and of the prior, whatever lies far off.

        Many points without labels become a density.

        Parameters
        ----------
        ax : matplotlib Axes or two of them, default=None
            Where to draw; None is a new figure.
        components : pair of int, default=(0, 1)
            Which two latents are drawn against each other.

        Returns
        -------
        display : LatentSpaceDisplay

        Raises
        ------
        ValueError
            If `components` are not two different latents.
        """
        n_components = self.representation.shape[1]
        if n_components < 2:
            raise ValueError("A latent space of one component cannot be drawn in the plane; look at its histogram.")
        pair = choose_components(components, n_components)
        if len(pair) != 2 or len(np.unique(pair)) != 2:
            raise ValueError(f"components must be two different latents, got {components!r}.")
        self.figure_, self.axes_ = make_axes(ax, 2, size=(3.4, 3.3))
        spaces = {
            "representation space": (self.representation, self.prior_representation),
            "generation space": (self.generation, self.prior_generation),
        }
        for axes, (title, (codes, prior)) in zip(self.axes_, spaces.items()):
            codes, prior = codes[:, pair], prior[:, pair]
            window = find_window(codes, prior)
            x, y = (f"$z_{{{component}}}$" for component in pair)
            xlim, ylim = as_square(window).T
            axes.set(title=title, xlabel=x, ylabel=y, xlim=xlim, ylim=ylim, aspect="equal")
            points = self._draw_codes(axes, codes, window)
            self._mark(axes, codes, prior)
            draw_density(axes, prior, window)
        if points is not None:
            self.figure_.colorbar(points, ax=list(self.axes_), extend="both", shrink=0.8).solids.set_alpha(1)
        self._draw_legend(ax)
        return self

    def _draw_legend(self, ax):
        """Beside the last picture on a figure of its own, inside it on others; points as strong as they are read."""
        labels = self.axes_[-1].get_legend_handles_labels()[1]
        if labels:
            legend = self.axes_[-1].legend(markerscale=2.5, **(beside(len(labels)) if ax is None else {}))
            for handle in legend.legend_handles:
                handle.set_alpha(1)
            if ax is None:
                self.figure_.set_figwidth(self.figure_.get_figwidth() + 1.3)

    def _mark(self, ax, codes, prior):
        """Mark what one of the two densities reaches alone, and say how much of it that is."""
        marks = {
            "pockets": (self.pockets, prior, {"color": "0.15", "marker": "x", "s": 9, "linewidths": 0.6}),
            "leaks": (self.leaks, codes, {"edgecolor": "k", "facecolor": "none", "s": 20, "linewidths": 0.7}),
        }
        for name, (is_one, points, style) in marks.items():
            if is_one is not None and is_one.any():
                share = f"{is_one.mean():.0%}" if is_one.mean() > 0.005 else "<1%"
                label = f"{name} ({share} of {'the prior' if name == 'pockets' else 'codes'})"
                draw_points(ax, points[is_one][:MOST_MARKS], label=label, alpha=0.8, **style)

    def _draw_codes(self, ax, codes, window):
        """Draw codes in the colours of their labels; return the points if their colours are a scale."""
        if self.labels is None:
            draw_many(ax, codes, window) if len(codes) > MANY else draw_points(ax, codes, color=COLORS[0])
            return None
        known = ~np.array([is_missing(label) for label in self.labels.tolist()], dtype=bool)
        if not known.all():
            draw_points(ax, codes[~known], color=MUTED, label="missing")
        labels, codes = self.labels[known], codes[known]
        if labels.dtype == object:
            labels = np.array(labels.tolist())  # numbers as numbers, so that they can be told from words
        classes = np.unique(labels)
        if len(classes) > MAX_CLASSES and labels.dtype.kind in "iuf":
            low, high = robust_limits(labels, tail=0.02)
            return draw_points(ax, codes, c=labels, cmap=SCALE, vmin=low, vmax=high)
        colours = COLORS if len(classes) <= len(COLORS) else CLASSES * (len(classes) // len(CLASSES) + 1)
        for label, colour in zip(classes, colours):
            draw_points(ax, codes[labels == label], color=colour, label=str(label))
        return None


def check_labels(y, n_rows):
    """Return labels as a 1-D array with one for each row."""
    labels = column_or_1d(y)
    if len(labels) != n_rows:
        raise ValueError(f"y must have a label for each of the {n_rows} rows of X, got {len(labels)} labels.")
    return labels


def is_missing(label):
    """Tell None, NaN, NaT and NA from labels."""
    return label is None or (not isinstance(label, str) and str(label) in ("nan", "NaT", "<NA>"))


def find_window(*clouds):
    """Return the lower left and the upper right corner (2, 2) of what holds most of each cloud of points (n, 2)."""
    lower, upper = np.stack([np.quantile(cloud, TAILS, axis=0) for cloud in clouds], axis=1)
    lower, upper = lower.min(axis=0), upper.max(axis=0)
    margin = MARGIN * (upper - lower)
    return np.stack([lower - margin, upper + margin])


def as_square(window):
    """Return the corners (2, 2) of the smallest square around a window's middle that holds it."""
    centre, reach = window.mean(axis=0), np.ptp(window, axis=0).max() / 2
    return np.stack([centre - reach, centre + reach])


def draw_density(ax, draws, window):
    """Draw the borders of the regions of highest density that hold certain shares of some draws (n, 2).

    The density is estimated from the draws in the window: those far off would blur it.
    """
    is_inside = ((window[0] <= draws) & (draws <= window[1])).all(axis=1)
    density = gaussian_kde(draws[is_inside].T)
    levels = np.quantile(density(draws.T), 1 - np.array(SHARES[::-1]))
    x, y = np.linspace(*window, GRID, axis=1)
    heights = density(np.stack(np.meshgrid(x, y)).reshape(2, -1)).reshape(GRID, GRID)
    contours = ax.contour(x, y, heights, levels=levels, colors="0.25", linewidths=0.9)
    shares = {level: f"{share:.0%}" for level, share in zip(contours.levels, SHARES[::-1])}
    for label in ax.clabel(contours, fmt=shares, inline=False, fontsize=8):
        label.set(path_effects=halo(), color="0.1", rotation=0, zorder=5)


def draw_many(ax, points, window):
    """Draw how many points (n, 2) there are where, on a scale that shows few beside many."""
    extent = np.array(as_square(window)).T.ravel()
    ax.hexbin(*points.T, gridsize=50, extent=extent, bins="log", cmap="Blues", mincnt=1, linewidths=0.1)
