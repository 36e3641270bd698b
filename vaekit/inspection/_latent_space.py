"""The aggregate posterior beside the prior, in representation and in generation space."""

import numpy as np
from scipy.stats import gaussian_kde

from vaekit.inspection._drawing import COLORS, draw_points, make_axes
from vaekit.inspection._fitted import look_through
from vaekit.utils._random import make_random_state

__all__ = ["LatentSpaceDisplay"]

SHARES = (0.5, 0.9)  # of the prior, inside its contours
GRID = 60  # points along each side of the grid on which the contours are found


class LatentSpaceDisplay:
    """Codes as points and the prior as contours that hold 50 and 90% of it, in both latent spaces.

    Where contours hold no codes, the prior draws samples that the decoder never saw; codes outside the contours are
    data that it never draws.

    Parameters
    ----------
    representation, generation : ndarray of shape (n_rows, n_components)
        Draws from the aggregate posterior, in the space codes live in and in the space where the prior is plainly
        normal.
    prior_representation, prior_generation : ndarray of shape (n_samples, n_components)
        Draws from the prior, in the same two spaces.
    labels : ndarray of shape (n_rows,), default=None
        Class of each row, for its colour.

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

    def __init__(self, *, representation, generation, prior_representation, prior_generation, labels=None):
        self.representation, self.generation = representation, generation
        self.prior_representation, self.prior_generation = prior_representation, prior_generation
        self.labels = labels

    @classmethod
    def from_estimator(cls, estimator, X, y=None, *, n_prior_samples=3000, random_state=None):
        """Draw one code per row, and draws from the prior.

        Parameters
        ----------
        estimator : fitted object
            With `sample_posterior`, `to_generation_space` and `to_representation_space`. Pipelines and searches are
            looked through.
        X : array-like of shape (n_rows, n_features), or images
            Data.
        y : array-like of shape (n_rows,), default=None
            Class of each row, for its colour.
        n_prior_samples : int, default=3000
            Draws from the prior, of which the contours are made.
        random_state : int, RandomState instance or None, default=None
            Decides the draws.

        Returns
        -------
        display : LatentSpaceDisplay
        """
        fitted, random_state = look_through(estimator), make_random_state(random_state)
        codes = np.asarray(fitted.ask("sample_posterior")(fitted.into(X), random_state=random_state))[0]
        noise = random_state.standard_normal((n_prior_samples, codes.shape[1]))
        return cls(
            representation=codes,
            generation=np.asarray(fitted.ask("to_generation_space")(codes)),
            prior_representation=np.asarray(fitted.ask("to_representation_space")(noise)),
            prior_generation=noise,
            labels=None if y is None else np.asarray(y),
        )

    def plot(self, ax=None, *, components=(0, 1)):
        """Draw; the points carry their labels, so that `display.axes_[1].legend()` shows them.

        Parameters
        ----------
        ax : matplotlib Axes or two of them, default=None
            Where to draw; None is a new figure.
        components : pair of int, default=(0, 1)
            Which two latents are drawn against each other.

        Returns
        -------
        display : LatentSpaceDisplay
        """
        pair = list(components)
        if self.representation.shape[1] < 2:
            raise ValueError("A latent space of one component cannot be drawn in the plane; look at its histogram.")
        self.figure_, self.axes_ = make_axes(ax, 2)
        spaces = {
            "representation space": (self.representation, self.prior_representation),
            "generation space": (self.generation, self.prior_generation),
        }
        for axes, (title, (codes, prior)) in zip(self.axes_, spaces.items()):
            self._draw_codes(axes, codes[:, pair])
            draw_density(axes, prior[:, pair])
            axes.set_title(title)
            axes.set_aspect("equal", adjustable="datalim")
        return self

    def _draw_codes(self, ax, codes):
        labels = np.zeros(len(codes)) if self.labels is None else self.labels
        classes = np.unique(labels)
        colours = COLORS if len(classes) <= len(COLORS) else [f"C{i % 10}" for i in range(len(classes))]
        for label, colour in zip(classes, colours):
            draw_points(ax, codes[labels == label], color=colour, label=str(label))


def draw_density(ax, draws):
    """Draw the borders of the regions of highest density that hold certain shares of some draws (n, 2)."""
    density = gaussian_kde(draws.T)
    levels = np.quantile(density(draws.T), 1 - np.array(SHARES[::-1]))
    centre, reach = np.median(draws, axis=0), 1.15 * np.abs(draws - np.median(draws, axis=0)).max(axis=0)
    x, y = (np.linspace(c - r, c + r, GRID) for c, r in zip(centre, reach))
    heights = density(np.stack(np.meshgrid(x, y)).reshape(2, -1)).reshape(GRID, GRID)
    ax.contour(x, y, heights, levels=levels, colors="0.25", linewidths=0.9)
