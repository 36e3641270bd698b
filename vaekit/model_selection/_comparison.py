"""What several models scored over several seeds, and what of it is no luck."""

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t as student

from vaekit.utils._ambient import guarded_arithmetic

__all__ = ["Comparison", "ComparisonRun", "PairedDifference"]


class ComparisonRun(NamedTuple):
    """One score of one fitted model.

    Attributes
    ----------
    model : str
        Its name.
    seed : int
        Its `random_state`, and that of its split.
    scorer : str
        What was measured.
    score : float
        The number; greater is better, as scikit-learn has it. NaN where it could not be told.
    fit_time : float
        Seconds of `fit`; where fits are trained together, those of all of them.
    """

    model: str
    seed: int
    scorer: str
    score: float
    fit_time: float


class PairedDifference(NamedTuple):
    """How far a model is from the reference, over the seeds that both have.

    Attributes
    ----------
    model : str
        The model.
    scorer : str
        What was measured.
    mean : float
        Mean difference of scores, model minus reference; NaN where they share no seed.
    standard_error : float
        Of that mean. Trainings of two seeds share rows, which the usual formula does not know; the correction of Nadeau
        and Bengio adds the ratio of held-out to training rows to 1 / n_seeds.
    wins : int
        Seeds in which the model is ahead.
    n_seeds : int
        How many there are.
    p_value : float
        Of Student's t with that standard error, two-sided: how often luck alone makes a difference this large.
    """

    model: str
    scorer: str
    mean: float
    standard_error: float
    wins: int
    n_seeds: int
    p_value: float


@guarded_arithmetic
class Comparison:
    """Scores of models over seeds, as `compare` collects them.

    Parameters
    ----------
    runs : list of ComparisonRun
        A line per model, seed and score.
    overlap : float, default=0
        Held-out rows for each row of training, 0 where nothing is held out.

    Attributes
    ----------
    runs : list of ComparisonRun
        As given.
    models, seeds : list
        Names and seeds, in order.
    scores : dict of str to ndarray of shape (n_models, n_seeds)
        Of each scorer.

    References
    ----------
    C. Nadeau, Y. Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003,
    https://doi.org/10.1023/A:1024068626366.
    """

    def __init__(self, runs: list[ComparisonRun], overlap: float = 0.0) -> None:
        self.runs, self.overlap = list(runs), overlap
        self.models = list(dict.fromkeys(run.model for run in runs))
        self.seeds = list(dict.fromkeys(run.seed for run in runs))
        self.scores = {
            scorer: np.array([self._row(scorer, model) for model in self.models])
            for scorer in dict.fromkeys(run.scorer for run in runs)
        }

    def _row(self, scorer, model):
        told = {run.seed: run.score for run in self.runs if (run.scorer, run.model) == (scorer, model)}
        return [told.get(seed, np.nan) for seed in self.seeds]

    def paired(self, reference: str | None = None) -> list[PairedDifference]:
        """Compare every model with one of them, seed by seed.

        Parameters
        ----------
        reference : str, default=None
            A name; None is the first model.

        Returns
        -------
        differences : list of PairedDifference
            For each scorer, of all models but the reference.

        Raises
        ------
        ValueError
            If no model goes by the name of `reference`, or there is one seed only, which says nothing of luck.
        """
        reference = self.models[0] if reference is None else reference
        if reference not in self.models:
            raise ValueError(f"The 'reference' parameter must be one of {self.models}, got {reference!r}.")
        if len(self.seeds) < 2:
            raise ValueError("There is one seed only; compare with more 'seeds' to tell a difference from luck.")
        return [
            self._difference(scorer, model, reference)
            for scorer in self.scores
            for model in self.models
            if model != reference
        ]

    def _difference(self, scorer, model, reference):
        table = self.scores[scorer]
        apart = table[self.models.index(model)] - table[self.models.index(reference)]
        apart = apart[~np.isnan(apart)]
        if len(apart) < 2:
            mean = float(apart.sum()) if len(apart) else np.nan
            return PairedDifference(model, scorer, mean, np.nan, int((apart > 0).sum()), len(apart), np.nan)
        n, mean = len(apart), float(apart.mean())
        error = float(np.sqrt(apart.var(ddof=1) * (1 / n + self.overlap)))
        certain = 1.0 if mean == 0 else 0.0
        p_value = float(2 * student.sf(abs(mean) / error, n - 1)) if error > 0 else certain
        return PairedDifference(model, scorer, mean, error, int((apart > 0).sum()), n, p_value)

    def to_frame(self) -> Any:
        """Return the lines as a tidy pandas DataFrame.

        Returns
        -------
        frame : DataFrame
            Columns `model`, `seed`, `scorer`, `score`, `fit_time`.
        """
        import pandas as pd

        return pd.DataFrame(self.runs, columns=ComparisonRun._fields)

    def summary(self) -> Any:
        """Return mean and standard deviation over seeds as a pandas DataFrame.

        Returns
        -------
        frame : DataFrame
            A row per model; columns (scorer, "mean" or "std").
        """
        import pandas as pd

        columns = {}
        for scorer, table in self.scores.items():
            columns[scorer, "mean"] = table.mean(axis=1)
            columns[scorer, "std"] = table.std(axis=1, ddof=min(1, len(self.seeds) - 1))
        return pd.DataFrame(columns, index=pd.Index(self.models, name="model"))

    def __repr__(self):
        lines = [("", *self.scores)]
        lines += [(name, *(self._cell(scorer, i) for scorer in self.scores)) for i, name in enumerate(self.models)]
        widths = [max(map(len, column)) for column in zip(*lines)]
        return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths)).rstrip() for line in lines)

    def _cell(self, scorer, number):
        row = self.scores[scorer][number]
        return f"{row.mean():.4g} ± {row.std(ddof=1):.2g}" if len(row) > 1 else f"{row.mean():.4g}"

    def _repr_html_(self):
        return self.summary().to_html(float_format="{:.4g}".format)
