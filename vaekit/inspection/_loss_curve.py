"""How the loss and its terms went down."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, make_axes
from vaekit.inspection._fitted import Fitted
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._style import in_house_style

__all__ = ["LossCurveDisplay"]

BOOKS = ("epoch", "duration")  # what stands in a history beside losses and their terms
FIRST = 0.25  # share of the epochs that may leave the picture, where they would flatten all others
ROOM = 3.0  # how much higher than the others they must be for that


@guarded_arithmetic
class LossCurveDisplay(Display):
    """Loss and terms by epoch, in nats per row; of one fit, or of several seeds with their median.

    First epochs that would flatten all others leave the picture, with a word on how high they were.

    Parameters
    ----------
    curves : dict of str to ndarray of shape (n_epochs,) or (n_runs, n_epochs)
        Every recorded number by name; NaN where an epoch lacks it.
    warmup_epochs : float, default=None
        Epochs over which the weight of the KL rises: losses before compare with none after.
    steps_per_epoch : float, default=None
        Steps of an epoch, where they are known.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of matplotlib Axes
        Once drawn: one for the losses, then one for each term.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import VAE
    >>> from vaekit.inspection import LossCurveDisplay
    >>> model = VAE(n_components=2, max_epochs=5, random_state=0).fit(load_iris().data)
    >>> sorted(LossCurveDisplay.from_estimator(model).curves)
    ['kl', 'reconstruction', 'train_loss']
    """

    def __init__(
        self, *, curves: Any, warmup_epochs: float | None = None, steps_per_epoch: float | None = None
    ) -> None:
        self.curves, self.warmup_epochs, self.steps_per_epoch = curves, warmup_epochs, steps_per_epoch

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Read the history of a fitted object, or of several.

        Parameters
        ----------
        estimator : fitted object, or list of them
            With `history_`, a list of dicts. Pipelines and searches are looked through. Several are runs of one model,
            with other seeds.

        Returns
        -------
        display : LossCurveDisplay
        """
        is_one = not isinstance(estimator, list | tuple)
        fitted = [Fitted.inside(one) for one in ([estimator] if is_one else estimator)]
        histories = [one.ask("history_") for one in fitted]
        curves = _curves_of(histories)
        per_epoch = _steps_per_epoch(fitted[0].model, histories[0])
        return cls(
            curves={name: runs[0] for name, runs in curves.items()} if is_one else curves,
            warmup_epochs=_warmup_of(fitted[0].model, per_epoch),
            steps_per_epoch=per_epoch,
        )

    @in_house_style
    def plot(self, ax: Any = None, *, terms: Sequence[str] | None = None, by: str = "epoch") -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or one for the losses and each term, default=None
            Where to draw; None is a new figure.
        terms : sequence of str, default=None
            Terms to draw beside the losses; None is all of them.
        by : {"epoch", "step"}, default="epoch"
            What the curves run over.

        Returns
        -------
        display : LossCurveDisplay

        Raises
        ------
        ValueError
            If a term was not recorded, or steps are asked for and not known.
        """
        losses = [name for name in self.curves if name in ("train_loss", "valid_loss")]
        known = [name for name in self.curves if name not in losses]
        terms = known if terms is None else list(terms)
        if unknown := [term for term in terms if term not in known]:
            raise ValueError(f"terms must be among {known}, got {unknown}.")
        unit = self._unit(by)
        self.figure_, self.axes_ = make_axes(ax, 1 + len(terms), size=(2.7, 2.3), wrap=4)
        for axes, names in zip(self.axes_, [losses, *([term] for term in terms)]):
            self._draw(axes, names, unit)
            axes.set(xlabel=by, title="loss" if names is losses else names[0].replace("_", " "))
        self.axes_[0].set_ylabel("nats per row")
        if len(losses) > 1:
            self.axes_[0].legend()
        return self

    def _unit(self, by):
        """How many of what the curves run over an epoch is."""
        if by not in ("epoch", "step") or (by == "step" and self.steps_per_epoch is None):
            known = "'epoch'" if self.steps_per_epoch is None else "'epoch' or 'step'"
            raise ValueError(f"by must be {known}, got {by!r}.")
        return 1 if by == "epoch" else self.steps_per_epoch

    def _draw(self, axes, names, unit):
        for name, colour in zip(names, COLORS):
            runs = np.atleast_2d(self.curves[name])
            x = unit * np.arange(1, runs.shape[1] + 1)
            middle = np.nanmedian(runs, axis=0) if len(runs) > 1 else runs[0]
            axes.plot(x, middle, color=colour, label=name.replace("_", " "))
            for run in runs if len(runs) > 1 else ():
                axes.plot(x, run, color=colour, linewidth=0.6, alpha=0.4, zorder=1)
        if names:
            self._frame(axes, np.concatenate([np.atleast_2d(self.curves[name]) for name in names]), unit)

    def _frame(self, axes, runs, unit):
        """Mark the warm-up, and let first epochs that would flatten all others leave the picture."""
        n_epochs = runs.shape[1]
        if self.warmup_epochs and n_epochs > 1:
            axes.axvspan(unit, unit * min(self.warmup_epochs, n_epochs), color="0.93", zorder=0, linewidth=0)
            axes.annotate("warm-up", (unit, 0), (2, 3), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
                          fontsize=7, color="0.35")  # fmt: skip
        later = runs[:, int(np.ceil(FIRST * n_epochs)) :]
        low, high = (f(later) if np.isfinite(later).any() else 0.0 for f in (np.nanmin, np.nanmax))
        first = np.nanmax(runs[:, 0]) if np.isfinite(runs[:, 0]).any() else high
        if n_epochs >= 1 / FIRST and first > high + ROOM * (high - low) > low:
            axes.set_ylim(min(low, np.nanmin(runs)) - 0.05 * (high - low), high + 0.15 * (high - low))
            axes.annotate(f"↑ first: {first:.4g}", (0.98, 0.97), xycoords="axes fraction", ha="right", va="top",
                          fontsize=7, color="0.4")  # fmt: skip


def _curves_of(histories):
    """Every number by name, (n_runs, n_epochs), NaN where a run or an epoch lacks it."""
    names = dict.fromkeys(name for history in histories for row in history for name in row if name not in BOOKS)
    n_epochs = max(map(len, histories))
    curves = {name: np.full((len(histories), n_epochs), np.nan) for name in names}
    for i, history in enumerate(histories):
        for name in names:
            curves[name][i, : len(history)] = [row.get(name, np.nan) for row in history]
    return curves


def _steps_per_epoch(model, history):
    n_steps = getattr(model, "n_steps_", None)
    return n_steps / len(history) if n_steps and len(history) else None


def _warmup_of(model, steps_per_epoch):
    """Epochs of the warm-up of a model with such parameters."""
    warmup, n_epochs, n_steps = (getattr(model, name, None) for name in ("warmup", "max_epochs", "max_steps"))
    if not warmup or steps_per_epoch is None:
        return None
    if isinstance(warmup, Integral):
        return warmup / steps_per_epoch
    planned = [n for n in (n_epochs, n_steps and n_steps / steps_per_epoch) if n]
    return float(warmup) * min(planned) if planned else None
