"""How metrics are spread over runs."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import make_axes, shorten
from vaekit.inspection._runs import columns_of, tidy
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._style import CLASSES, in_house_style

__all__ = ["MetricDistributionDisplay"]

FEW = 8  # runs that are drawn one by one, without a box


@guarded_arithmetic
class MetricDistributionDisplay(Display):
    """Metrics over runs, a box for each model with every run as a dot.

    Where boxes of a metric overlap, seeds matter more than models.

    Parameters
    ----------
    values : dict of str to dict of str to ndarray of shape (n_runs,)
        By metric, then by model.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of matplotlib Axes
        Once drawn: one for each metric.

    Examples
    --------
    >>> from vaekit.inspection import MetricDistributionDisplay
    >>> runs = {"model": ["VAE", "VAE", "DPVAE"], "mig": [0.1, 0.2, 0.3], "sap": [0.0, 0.1, 0.1]}
    >>> sorted(MetricDistributionDisplay.from_frame(runs).values)
    ['mig', 'sap']
    """

    def __init__(self, *, values: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        self.values = values

    @classmethod
    def from_frame(
        cls, frame: Any, *, model: str = "model", seed: str = "seed", scorer: str = "scorer", score: str = "score"
    ) -> Self:
        """Read a table of runs.

        Parameters
        ----------
        frame : data frame, or mapping of str to array-like of shape (n_runs,)
            Long (a row for each run and score: columns of `scorer` and `score`) or wide (a row for each run, a column
            of numbers for each metric).
        model, seed, scorer, score : str, default="model", "seed", "scorer", "score"
            Columns that say which run it is, and those of a long table.

        Returns
        -------
        display : MetricDistributionDisplay

        Raises
        ------
        ValueError
            If a column is missing.
        """
        values = {}
        for of_model, _, name, number in tidy(columns_of(frame), model, seed, scorer, score):
            values.setdefault(name, {}).setdefault(str(of_model), []).append(number)
        return cls(values={name: {m: np.array(v) for m, v in by_model.items()} for name, by_model in values.items()})

    @in_house_style
    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or one for each metric, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : MetricDistributionDisplay
        """
        models = list(dict.fromkeys(model for by_model in self.values.values() for model in by_model))
        size = (max(1.7, 0.8 + 0.3 * len(models)), 2.5)
        self.figure_, self.axes_ = make_axes(ax, len(self.values), size=size, wrap=5)
        for axes, (name, by_model) in zip(self.axes_, self.values.items()):
            for place, model in enumerate(models):
                values = by_model.get(model, np.empty(0))
                values = values[np.isfinite(values)]
                colour = CLASSES[place % len(CLASSES)]
                spread = np.random.default_rng(0).uniform(-0.12, 0.12, len(values))
                axes.scatter(place + spread, values, color=colour, s=9, alpha=0.8, linewidths=0, zorder=3)
                if len(values) > FEW:
                    axes.boxplot(values, positions=[place], widths=0.55, showfliers=False,
                                 medianprops={"color": "0.1"}, boxprops={"color": colour})  # fmt: skip
                elif len(values):
                    axes.plot([place - 0.25, place + 0.25], [np.median(values)] * 2, color="0.1", linewidth=1.4)
            axes.set(title=shorten(name), xlim=(-0.6, len(models) - 0.4))
            axes.set_xticks(range(len(models)), [shorten(m, 14) for m in models], rotation=45, ha="right",
                            rotation_mode="anchor")  # fmt: skip
        return self
