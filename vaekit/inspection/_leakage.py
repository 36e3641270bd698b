"""Leakage curves of several models."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, make_axes
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._random import make_random_state
from vaekit.utils._style import in_house_style
from vaekit.utils._typing import RandomStateLike

__all__ = ["LeakageDisplay"]

SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


@guarded_arithmetic
class LeakageDisplay(Display):
    """How much of each model's aggregate posterior lies where its prior hardly generates.

    Parameters
    ----------
    shares : ndarray of shape (n_thresholds,)
        Shares of the prior's own draws that lie below each threshold.
    curves : dict of str to LeakageCurve
        By model: `thresholds`, `value`, `standard_error` in nats, and `fraction` of the codes below each threshold.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of two matplotlib Axes
        Once drawn: leakage, and the share of codes.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import VAE
    >>> from vaekit.inspection import LeakageDisplay
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> display = LeakageDisplay.from_estimators({"VAE": vae}, X, n_samples=500, random_state=0)
    >>> len(display.curves["VAE"].fraction) == len(display.shares)
    True
    """

    def __init__(self, *, shares: np.ndarray, curves: Mapping[str, Any]) -> None:
        self.shares, self.curves = shares, curves

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Any],
        X: ArrayLike,
        *,
        shares: ArrayLike = SHARES,
        n_samples: int = 5000,
        random_state: RandomStateLike = None,
    ) -> Self:
        """Measure models.

        Parameters
        ----------
        estimators : mapping of str to fitted object
            By name; each with `log_prior` and a posterior that has a density. Pipelines and searches are looked
            through.
        X : array-like of shape (n_rows, ...)
            Data.
        shares : array-like of shape (n_thresholds,), default=(0.001, ..., 0.5)
            Shares of the prior's own draws that shall lie below the thresholds.
        n_samples : int, default=5000
            Draws from each aggregate posterior.
        random_state : int, RandomState instance or None, default=None
            Decides the draws.

        Returns
        -------
        display : LeakageDisplay

        Raises
        ------
        NoDensityError, IncompatibleChoiceError
            If a model has no such density, or its prior is no image of N(0, I).
        """
        import warnings

        from sklearn.exceptions import UndefinedMetricWarning

        from vaekit.evaluation import leakage_curve, standard_normal_thresholds
        from vaekit.evaluation._fitted import look_into, require

        shares, random_state, curves = np.ravel(shares), make_random_state(random_state), {}
        for name, estimator in estimators.items():
            model, rows = look_into(estimator, X)
            require(model, "Leakage", "transform", "log_prior")
            n_components = np.shape(model.transform(rows[:1]))[1]
            thresholds = standard_normal_thresholds(shares, n_components)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UndefinedMetricWarning)  # no leakage seen is a gap in the curve
                curves[name] = leakage_curve(model, rows, thresholds, n_samples=n_samples, random_state=random_state)
        return cls(shares=shares, curves=curves)

    @classmethod
    def from_estimator(cls, estimator: Any, X: ArrayLike, **options: Any) -> Self:
        """Measure one model.

        Parameters
        ----------
        estimator : fitted object
            With `log_prior` and a posterior that has a density.
        X : array-like of shape (n_rows, ...)
            Data.
        **options
            As in `from_estimators`.

        Returns
        -------
        display : LeakageDisplay
        """
        return cls.from_estimators({type(estimator).__name__: estimator}, X, **options)

    @in_house_style
    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or two of them, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : LeakageDisplay
        """
        self.figure_, self.axes_ = make_axes(ax, 2, size=(3.5, 2.9))
        leakage, share = self.axes_
        share.plot(self.shares, self.shares, color="0.5", linestyle=":", label="the prior itself")
        for i, (name, curve) in enumerate(self.curves.items()):
            style = {"color": COLORS[i % len(COLORS)], "marker": "o", "markersize": 3}
            leakage.errorbar(self.shares, curve.value, yerr=curve.standard_error, capsize=2, label=name, **style)
            share.plot(self.shares, np.where(curve.fraction > 0, curve.fraction, np.nan), label=name, **style)
        leakage.axhline(0, color="0.5", linewidth=0.8)
        leakage.set(xscale="log", title="leakage (lower is better)", ylabel="nats", xlabel="share of the prior below")
        share.set(xscale="log", yscale="log", title="codes in the prior's tails", ylabel="share of codes below",
                  xlabel="share of the prior below")  # fmt: skip
        share.legend()
        return self
