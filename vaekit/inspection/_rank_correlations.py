"""Which metrics agree on which runs are good."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import draw_cells, make_axes
from vaekit.inspection._runs import columns_of, number_columns
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._style import DIVERGING, in_house_style

__all__ = ["RankCorrelationDisplay"]


@guarded_arithmetic
class RankCorrelationDisplay(Display):
    """Spearman correlation of every two metrics over runs.

    Parameters
    ----------
    correlation : ndarray of shape (n_metrics, n_metrics)
        In [-1, 1]; NaN with a metric that does not vary.
    names : sequence of str
        Names of the metrics.
    n_runs : int
        Over how many runs.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    ax_ : matplotlib Axes
        Once drawn.

    Examples
    --------
    >>> from vaekit.inspection import RankCorrelationDisplay
    >>> display = RankCorrelationDisplay.from_frame({"beta": [1, 2, 4], "mig": [0.3, 0.2, 0.1]})
    >>> display.correlation.round(3)
    array([[ 1., -1.],
           [-1.,  1.]])
    """

    def __init__(self, *, correlation: np.ndarray, names: Sequence[str], n_runs: int) -> None:
        self.correlation, self.names, self.n_runs = correlation, names, n_runs

    @classmethod
    def from_frame(cls, frame: Any, *, without: Sequence[str] = ("model", "seed")) -> Self:
        """Correlate the columns of numbers of a table of runs, as :func:`vaekit.metrics.rank_correlation` does.

        Parameters
        ----------
        frame : data frame, or mapping of str to array-like of shape (n_runs,)
            A row for each run, a column for each metric.
        without : sequence of str, default=("model", "seed")
            Columns that say which run it is.

        Returns
        -------
        display : RankCorrelationDisplay

        Raises
        ------
        ValueError
            If there are fewer than three runs, no columns of numbers, or a value is missing.
        """
        from vaekit.metrics import rank_correlation

        columns = number_columns(columns_of(frame), without)
        if not columns:
            raise ValueError(f"A table of runs needs columns of numbers beside {list(without)}.")
        table = rank_correlation(columns)
        correlation = np.array([[table[a][b] for b in columns] for a in columns])
        return cls(correlation=correlation, names=list(columns), n_runs=len(next(iter(columns.values()))))

    @in_house_style
    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : RankCorrelationDisplay
        """
        side = 1.9 + 0.36 * len(self.names)
        self.figure_, (self.ax_,) = make_axes(ax, 1, size=(side + 0.4, side))
        picture = draw_cells(self.ax_, self.correlation, rows=self.names, columns=self.names, cmap=DIVERGING,
                             limits=(-1, 1))  # fmt: skip
        self.ax_.set(title=f"rank correlation over {self.n_runs} runs", aspect="equal")
        self.figure_.colorbar(picture, ax=self.ax_, shrink=0.75)
        return self
