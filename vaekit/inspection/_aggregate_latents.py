"""The aggregate posterior of each latent against its prior."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, make_axes
from vaekit.inspection._fitted import Fitted, as_rows, choose_components
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._random import make_random_state
from vaekit.utils._style import in_house_style, robust_limits
from vaekit.utils._typing import RandomStateLike

__all__ = ["AggregatePosteriorDisplay"]

N_BINS = 40
MOST_LATENTS = 16


@guarded_arithmetic
class AggregatePosteriorDisplay(Display):
    """Draws from the aggregate posterior over draws from the prior, latent by latent.

    Where the two histograms cover each other, samples decode as data do; what the prior has alone was never trained.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_components)
        Draws from the aggregate posterior.
    prior : ndarray of shape (n_samples, n_components)
        Draws from the prior, in the same space.
    space : {"representation", "generation"}
        Which space that is.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of matplotlib Axes
        Once drawn: one for each latent.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import DPVAE
    >>> from vaekit.inspection import AggregatePosteriorDisplay
    >>> X = load_iris().data
    >>> model = DPVAE(n_components=2, max_epochs=2, random_state=0).fit(X)
    >>> display = AggregatePosteriorDisplay.from_estimator(model, X, random_state=0)
    >>> display.codes.shape, bool((0 <= display.overlap).all() and (display.overlap <= 1).all())
    ((150, 2), True)
    """

    def __init__(self, *, codes: np.ndarray, prior: np.ndarray, space: str = "representation") -> None:
        self.codes, self.prior, self.space = codes, prior, space

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        space: str = "representation",
        n_prior_samples: int = 5000,
        random_state: RandomStateLike = None,
    ) -> Self:
        """Draw one code per row, and draws from the prior.

        Parameters
        ----------
        estimator : fitted object
            With `sample_posterior`, and `to_generation_space` for that space or, for the other, one of
            `to_representation_space` and `sample_prior`. Pipelines and searches are looked through.
        X : array-like of shape (n_rows, ...)
            Data.
        space : {"representation", "generation"}, default="representation"
            Where codes live, or where the prior is plainly normal.
        n_prior_samples : int, default=5000
            Draws from the prior.
        random_state : int, RandomState instance or None, default=None
            Decides the draws.

        Returns
        -------
        display : AggregatePosteriorDisplay

        Raises
        ------
        ValueError
            If there is no such space.
        """
        if space not in ("representation", "generation"):
            raise ValueError(f"space must be 'representation' or 'generation', got {space!r}.")
        fitted, random_state = Fitted.inside(estimator), make_random_state(random_state)
        codes = as_rows(fitted.ask("sample_posterior")(fitted.into(X), random_state=random_state))[0]
        noise = random_state.standard_normal((n_prior_samples, codes.shape[1]))
        if space == "generation":
            return cls(codes=as_rows(fitted.ask("to_generation_space")(codes)), prior=noise, space=space)
        return cls(codes=codes, prior=fitted.draw_prior(noise, random_state), space=space)

    @property
    def overlap(self) -> np.ndarray:
        """Share of mass that each latent's aggregate posterior and prior have in common, in bins, (n_components,)."""
        return np.array([np.minimum(*_shares(*pair)).sum() for pair in zip(self.codes.T, self.prior.T)])

    @in_house_style
    def plot(self, ax: Any = None, *, components: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or one for each latent, default=None
            Where to draw; None is a new figure.
        components : int or sequence of int, default=None
            Latents to draw; None is all, of many the 16 that overlap least.

        Returns
        -------
        display : AggregatePosteriorDisplay
        """
        overlap = self.overlap
        shown = np.sort(np.argsort(overlap, kind="stable")[:MOST_LATENTS])
        shown = shown if components is None else choose_components(components, self.codes.shape[1])
        self.figure_, self.axes_ = make_axes(ax, len(shown), size=(2.0, 1.6), wrap=4)
        for axes, i in zip(self.axes_, shown):
            limits = _window(self.codes[:, i], self.prior[:, i])
            edges = np.linspace(*limits, N_BINS + 1)
            axes.hist(self.codes[:, i], bins=edges, density=True, color=COLORS[0], alpha=0.55, label="codes q(z)")
            axes.hist(self.prior[:, i], bins=edges, density=True, color="0.1", histtype="step", label="prior p(z)")
            axes.set(title=f"$z_{{{i}}}$  overlap {overlap[i]:.0%}", xlim=limits, yticks=[])
            axes.spines["left"].set_visible(False)
        handles = self.axes_[0].get_legend_handles_labels()
        if ax is None:
            self.figure_.legend(*handles, loc="outside upper center", ncols=2, title=f"{self.space} space")
        else:
            self.axes_[0].legend(*handles)
        return self


def _window(codes, prior):
    pairs = np.array([robust_limits(codes, 0.002, 0.05), robust_limits(prior, 0.002, 0.05)])
    return pairs[:, 0].min(), pairs[:, 1].max()


def _shares(codes, prior):
    """Shares of two samples in common bins, those far off counted in the outermost."""
    edges = np.linspace(*_window(codes, prior), N_BINS + 1)
    return [np.histogram(np.clip(x, edges[0], edges[-1]), edges)[0] / len(x) for x in (codes, prior)]
