"""Which latents carry information, and which have collapsed."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, MUTED, beside, make_axes
from vaekit.inspection._fitted import Fitted, as_rows
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._style import in_house_style

__all__ = ["ActiveLatentsDisplay"]

LEAST_SHARE = 0.01  # of a latent's variance that its means must make up to be active
MOST_NAMES = 40  # latents that are numbered one by one


@guarded_arithmetic
class ActiveLatentsDisplay(Display):
    """How far each latent's posterior mean moves with the data, beside the noise around it.

    An active latent has means that spread far and a noise that is small; of a collapsed one the noise is all there is.

    Parameters
    ----------
    mean_deviation : ndarray of shape (n_components,)
        Standard deviation of the posterior means over rows.
    noise : ndarray of shape (n_components,)
        Root mean square of the posterior's own deviation.
    kl : ndarray of shape (n_components,), default=None
        KL of each latent in nats per row, where it is known.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    ax_ : matplotlib Axes
        Once drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.inspection import ActiveLatentsDisplay
    >>> means = np.array([[-1.0, 0.0], [1.0, 0.0]])
    >>> ActiveLatentsDisplay.from_arrays(means, np.array([[0.1, 1.0], [0.1, 1.0]])).active
    array([ True, False])
    """

    def __init__(self, *, mean_deviation: np.ndarray, noise: np.ndarray, kl: np.ndarray | None = None) -> None:
        self.mean_deviation, self.noise, self.kl = mean_deviation, noise, kl

    @classmethod
    def from_estimator(cls, estimator: Any, X: ArrayLike) -> Self:
        """Encode rows.

        Parameters
        ----------
        estimator : fitted object
            With `posterior(X)`, which gives means and deviations; and `kl_per_component_`, where it has it. Pipelines
            and searches are looked through.
        X : array-like of shape (n_rows, ...)
            Data.

        Returns
        -------
        display : ActiveLatentsDisplay
        """
        fitted = Fitted.inside(estimator)
        loc, scale = map(as_rows, fitted.ask("posterior")(fitted.into(X)))
        return cls.from_arrays(loc, scale, kl=getattr(fitted.model, "kl_per_component_", None))

    @classmethod
    def from_arrays(cls, loc: ArrayLike, scale: ArrayLike, *, kl: ArrayLike | None = None) -> Self:
        """Measure posteriors.

        Parameters
        ----------
        loc, scale : array-like of shape (n_rows, n_components)
            Means and standard deviations.
        kl : array-like of shape (n_components,), default=None
            KL of each latent, in nats per row.

        Returns
        -------
        display : ActiveLatentsDisplay
        """
        loc, scale = as_rows(loc), as_rows(scale)
        noise = np.sqrt(np.square(scale).mean(axis=0))
        return cls(mean_deviation=loc.std(axis=0), noise=noise, kl=None if kl is None else as_rows(kl))

    @property
    def active(self) -> np.ndarray:
        """Whether the means make up more than 1% of a latent's variance, (n_components,)."""
        signal, noise = np.square(self.mean_deviation), np.square(self.noise)
        return signal > LEAST_SHARE * (signal + noise)

    @in_house_style
    def plot(self, ax: Any = None) -> Self:
        """Draw latents side by side, the most informative first.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : ActiveLatentsDisplay
        """
        n, active = len(self.noise), self.active
        share = self.mean_deviation**2 / np.maximum(self.mean_deviation**2 + self.noise**2, 1e-300)
        order = np.argsort(-share, kind="stable")
        self.figure_, (self.ax_,) = make_axes(ax, 1, size=(2.6 + max(2.2, 0.34 * min(n, MOST_NAMES)), 2.4))
        place = np.arange(n)
        colours = np.where(active[order], COLORS[0], MUTED)
        self.ax_.bar(place, self.mean_deviation[order], color=colours, width=0.7)
        self.ax_.plot(place, self.noise[order], linestyle="none", marker="_", markersize=9, markeredgewidth=2,
                      color=COLORS[1])  # fmt: skip
        self.ax_.set_title(f"{active.sum()} of {n} latents are active")
        self.ax_.set(ylabel="deviation over rows", ylim=(0, None))
        if n <= MOST_NAMES:
            self.ax_.set_xticks(place, [self._name(i) for i in order], fontsize=7)
        self._draw_legend()
        return self

    def _name(self, i):
        known = self.kl is not None and np.isfinite(self.kl[i])
        return f"$z_{{{i}}}$" + (f"\n{self.kl[i]:.1f}" if known else "")

    def _draw_legend(self):
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        marks = [Patch(color=COLORS[0], label="means (active)"), Patch(color=MUTED, label="means (collapsed)"),
                 Line2D([], [], color=COLORS[1], linewidth=2, label="noise around them")]  # fmt: skip
        self.ax_.legend(handles=marks, **beside(len(marks)))
        if self.kl is not None:
            self.ax_.set_xlabel("latent, with its KL in nats" if np.isfinite(self.kl).any() else "latent")
