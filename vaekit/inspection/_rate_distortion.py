"""What codes cost against what they leave out, model by model."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, halo, make_axes
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._random import make_random_state
from vaekit.utils._style import in_house_style
from vaekit.utils._typing import RandomStateLike

__all__ = ["RateDistortionDisplay"]


@guarded_arithmetic
class RateDistortionDisplay(Display):
    """Models in the plane of rate and distortion, with lines along which the ELBO is the same.

    Parameters
    ----------
    names : list of str
        Of the models, in the order in which they are joined.
    rate, distortion : ndarray of shape (n_models,)
        E KL[q(z|x) || p(z)] and E -log p(x|z), in nats per row.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    ax_ : matplotlib Axes
        Once drawn.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import BetaVAE
    >>> from vaekit.inspection import RateDistortionDisplay
    >>> X = load_iris().data
    >>> models = {f"beta {b}": BetaVAE(beta=b, n_components=2, max_epochs=2, random_state=0).fit(X) for b in (1, 4)}
    >>> RateDistortionDisplay.from_estimators(models, X, random_state=0).names
    ['beta 1', 'beta 4']
    """

    def __init__(self, *, names: list[str], rate: np.ndarray, distortion: np.ndarray) -> None:
        self.names, self.rate, self.distortion = names, rate, distortion

    @classmethod
    def from_estimators(
        cls, estimators: Mapping[str, Any], X: ArrayLike, *, n_samples: int = 1, random_state: RandomStateLike = None
    ) -> Self:
        """Measure models, as :func:`vaekit.evaluation.rate_distortion` does.

        Parameters
        ----------
        estimators : mapping of str to fitted object
            By name, such as a strength's; each with `sample_posterior`, `log_posterior`, `log_prior` and
            `log_likelihood`. Pipelines and searches are looked through.
        X : array-like of shape (n_rows, ...)
            Data; held-out rows tell what a code costs that was not made for them.
        n_samples : int, default=1
            Posterior draws of each row.
        random_state : int, RandomState instance or None, default=None
            Decides the draws.

        Returns
        -------
        display : RateDistortionDisplay
        """
        from vaekit.evaluation import rate_distortion

        options = {"n_samples": n_samples, "random_state": make_random_state(random_state)}
        points = [rate_distortion(estimator, X, **options) for estimator in estimators.values()]
        rate, distortion = (np.array([getattr(p, name).value for p in points]) for name in ("rate", "distortion"))
        return cls(names=[str(name) for name in estimators], rate=rate, distortion=distortion)

    @in_house_style
    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : RateDistortionDisplay
        """
        self.figure_, (self.ax_,) = make_axes(ax, 1, size=(4.2, 3.4))
        self.ax_.plot(self.distortion, self.rate, color="0.75", zorder=1, linewidth=1)
        self.ax_.scatter(self.distortion, self.rate, color=COLORS[0], s=28, zorder=3)
        self.ax_.margins(0.2)
        self._draw_bounds()
        best = int(np.argmin(np.nan_to_num(self.rate + self.distortion, nan=np.inf)))
        for i, name in enumerate(self.names):
            words = f"{name} (best ELBO)" if i == best else name
            shift = 6, 4 if i % 2 == 0 else -10  # neighbours do not cover each other
            self.ax_.annotate(words, (self.distortion[i], self.rate[i]), shift, textcoords="offset points",
                              fontsize=8, path_effects=halo())  # fmt: skip
        self.ax_.set(xlabel="distortion: left to say about x (nats per row)", ylabel="rate: cost of the code (nats)")
        return self

    def _draw_bounds(self):
        """Lines of equal -ELBO = rate + distortion through the window."""
        xlim, ylim = self.ax_.get_xlim(), self.ax_.get_ylim()
        low, high = xlim[0] + ylim[0], xlim[1] + ylim[1]
        for bound in np.linspace(low, high, 7)[1:-1]:
            self.ax_.plot(xlim, [bound - x for x in xlim], color="0.85", linewidth=0.7, zorder=0, linestyle="--")
        self.ax_.set(xlim=xlim, ylim=ylim)
        self.ax_.annotate("dashed: equal ELBO, better to the lower left", (0.02, 0.02), xycoords="axes fraction",
                          fontsize=7, color="0.45", path_effects=halo())  # fmt: skip
