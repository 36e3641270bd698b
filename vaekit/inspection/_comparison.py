"""Models by seeds: every run a dot, and the table behind."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from vaekit.inspection._display import Display
from vaekit.inspection._drawing import COLORS, make_axes, shorten
from vaekit.inspection._runs import columns_of, tidy
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._html import html_table
from vaekit.utils._style import in_house_style

__all__ = ["ComparisonDisplay"]

SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}",
                                              "^": r"\textasciicircum{}"}  # fmt: skip


@guarded_arithmetic
class ComparisonDisplay(Display):
    """Scores of models over seeds: a dot for every run, the mean as a line, and the runs of a seed joined.

    Parameters
    ----------
    models : sequence of str
        Names of the models.
    scores : dict of str to ndarray of shape (n_models, n_seeds)
        Values by name of the score; NaN where a run is missing.
    better : dict of str to {"higher", "lower"}, default=None
        Which way is up; higher, where nothing is said.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of matplotlib Axes
        Once drawn: one for each score.

    Examples
    --------
    >>> from vaekit.inspection import ComparisonDisplay
    >>> runs = {"model": ["VAE", "VAE", "DPVAE", "DPVAE"], "seed": [0, 1, 0, 1], "mig": [0.1, 0.2, 0.3, 0.4]}
    >>> display = ComparisonDisplay.from_frame(runs)
    >>> display.table["mig"]["DPVAE"].mean
    0.35
    """

    def __init__(
        self, *, models: Sequence[str], scores: Mapping[str, np.ndarray], better: Mapping[str, str] | None = None
    ) -> None:
        self.models, self.scores, self.better = models, scores, dict(better or {})

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        model: str = "model",
        seed: str = "seed",
        scorer: str = "scorer",
        score: str = "score",
        better: Mapping[str, str] | None = None,
    ) -> Self:
        """Read a table of runs.

        Parameters
        ----------
        frame : data frame, or mapping of str to array-like of shape (n_runs,)
            Long (a row for each run and score: columns of `scorer` and `score`, as `compare` makes it) or wide (a row
            for each run, a column of numbers for each score).
        model, seed : str, default="model", "seed"
            Columns that say which run it is.
        scorer, score : str, default="scorer", "score"
            Columns of a long table: what was measured, and the number.
        better : mapping of str to {"higher", "lower"}, default=None
            Which way is up, by score.

        Returns
        -------
        display : ComparisonDisplay

        Raises
        ------
        ValueError
            If a column is missing, or a run has two values of one score.
        """
        runs = tidy(columns_of(frame), model, seed, scorer, score)
        models, seeds, names = (list(dict.fromkeys(column)) for column in zip(*[run[:3] for run in runs]))
        scores = {name: np.full((len(models), len(seeds)), np.nan) for name in names}
        for of_model, of_seed, name, number in runs:
            place = models.index(of_model), seeds.index(of_seed)
            if not np.isnan(scores[name][place]):
                raise ValueError(f"The run of {of_model!r} with seed {of_seed!r} has two values of {name!r}; keep one.")
            scores[name][place] = number
        return cls(models=[str(m) for m in models], scores=scores, better=better)

    @classmethod
    def from_comparison(cls, comparison: Any, *, better: Mapping[str, str] | None = None) -> Self:
        """Show what :func:`vaekit.model_selection.compare` returns.

        Parameters
        ----------
        comparison : object
            With `models` and `scores`.
        better : mapping of str to {"higher", "lower"}, default=None
            Which way is up, by score; higher, as scorers have it.

        Returns
        -------
        display : ComparisonDisplay
        """
        return cls(models=list(comparison.models), scores=dict(comparison.scores), better=better)

    @property
    def table(self) -> dict[str, dict[str, Any]]:
        """Mean, deviation over seeds and number of runs: ``table[score][model]``."""
        return {
            name: {model: Summary.of(row) for model, row in zip(self.models, values)}
            for name, values in self.scores.items()
        }

    def to_frame(self) -> Any:
        """Return the table behind the picture.

        Returns
        -------
        frame : DataFrame
            Indexed by model; columns (score, "mean" | "std" | "n").
        """
        import pandas as pd

        cells = {
            (name, part): [getattr(summary, part) for summary in row.values()]
            for name, row in self.table.items()
            for part in ("mean", "std", "n")
        }
        return pd.DataFrame(cells, index=pd.Index(self.models, name="model"))

    def to_latex(self, *, digits: int = 3) -> str:
        r"""Return the table as LaTeX, the best mean of each score in bold.

        Parameters
        ----------
        digits : int, default=3
            Digits after the point.

        Returns
        -------
        latex : str
            A tabular that needs ``\usepackage{booktabs}``.
        """
        best = {name: self._best(name) for name in self.scores}
        lines = [" & ".join(["model", *map(_escaped, self.scores)]) + r" \\"]
        for model in self.models:
            cells = [self.table[name][model].latex(digits, model == best[name]) for name in self.scores]
            lines.append(" & ".join([_escaped(model), *cells]) + r" \\")
        body = "\n".join([lines[0], r"\midrule", *lines[1:]])
        return f"\\begin{{tabular}}{{l{'r' * len(self.scores)}}}\n\\toprule\n{body}\n\\bottomrule\n\\end{{tabular}}"

    def _repr_html_(self):
        rows = [[model, *(f"{row[model]}" for row in self.table.values())] for model in self.models]
        return html_table(["model", *self.scores], rows, caption="mean ± deviation over seeds")

    def _best(self, name):
        sign = -1 if self.better.get(name, "higher") == "lower" else 1
        means = {model: sign * summary.mean for model, summary in self.table[name].items()}
        return max((m for m in means if not np.isnan(means[m])), key=means.get, default=None)

    @in_house_style
    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or one for each score, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : ComparisonDisplay
        """
        n_models = len(self.models)
        size = (2.9, 0.8 + 0.3 * n_models)
        self.figure_, self.axes_ = make_axes(ax, len(self.scores), size=size, wrap=4, sharey=ax is None)
        places = np.arange(n_models)[::-1]
        for axes, (name, values) in zip(self.axes_, self.scores.items()):
            best = self._best(name)
            axes.plot(values, places, color="0.85", linewidth=0.7, zorder=0)
            for place, model, row in zip(places, self.models, values):
                colour = COLORS[1] if model == best else COLORS[0]
                axes.scatter(row, np.full(len(row), place), color=colour, s=16, alpha=0.65, linewidths=0)
                axes.plot([np.nanmean(row) if np.isfinite(row).any() else np.nan] * 2, [place - 0.3, place + 0.3],
                          color=colour, linewidth=2.2)  # fmt: skip
            arrow = "→" if self.better.get(name, "higher") == "higher" else "←"
            axes.set(title=f"{name}  {arrow} better", ylim=(-0.6, n_models - 0.4))
            axes.set_yticks(places, [shorten(model) for model in self.models])
            axes.grid(axis="x", color="0.92", linewidth=0.6)
            axes.set_axisbelow(True)
        return self


class Summary:
    """Mean and deviation of the runs of one model."""

    def __init__(self, mean, std, n):
        self.mean, self.std, self.n = mean, std, n

    @classmethod
    def of(cls, values):
        """Of those runs that there are."""
        known = values[np.isfinite(values)]
        if not len(known):
            return cls(np.nan, np.nan, 0)
        return cls(float(known.mean()), float(known.std(ddof=1)) if len(known) > 1 else np.nan, len(known))

    def __repr__(self):
        return f"{self.mean:.3g}" + ("" if np.isnan(self.std) else f" ± {self.std:.2g}")

    def latex(self, digits, is_best):
        """The cell of a table."""
        mean = f"{self.mean:.{digits}f}"
        mean = rf"\mathbf{{{mean}}}" if is_best else mean
        return f"${mean}$" if np.isnan(self.std) else rf"${mean} \pm {self.std:.{digits}f}$"


def _escaped(words):
    return "".join(SPECIAL.get(c, c) for c in str(words))
