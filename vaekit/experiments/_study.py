"""What a study is: runs, what is measured of each, and what is claimed of all."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vaekit.experiments._claims import Claim
from vaekit.experiments._keys import key_of
from vaekit.experiments._tables import Table

__all__ = ["SCALES", "Data", "Study", "StudyRun"]

SCALES = ("smoke", "small", "paper")


@dataclass(frozen=True)
class Data:
    """The rows of a run.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
        What models are fitted on.
    y : array-like, default=None
        What `fit` is told besides, if anything.
    groups : array-like, default=None
        The sequence of each row, for models of sequences.
    more : dict
        What is needed to measure: test rows, factors, features.
    """

    X: Any
    y: Any = None
    groups: Any = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name):
        return self.more[name]


@dataclass(frozen=True)
class StudyRun:
    """One fit of a study.

    Parameters
    ----------
    labels : dict of str to str or number
        What it goes by in tables: the method, its strength, the data.
    model : estimator
        Unfitted.
    data : dict
        What the study's `load` is told, plain values. A number of rows is called `n_rows`: costs are estimated with
        fewer.
    seed : int
        The model's `random_state`, and that of what is drawn to measure it.
    """

    labels: Mapping[str, Any]
    model: Any
    data: Mapping[str, Any]
    seed: int


@dataclass(frozen=True)
class Study:
    """A table of runs, a function from a fitted run to named numbers, and claims.

    Parameters
    ----------
    name : str
        What it goes by in commands.
    title : str
        One line.
    source : str
        What it reproduces: authors, title, where.
    runs : callable (scale) -> list of StudyRun
        All of its runs at one of the three scales: "smoke" (seconds), "small" (two cores, within an hour), "paper" (the
        source's own size).
    load : callable (data, folder) -> Data
        Rows by the `data` of a run; `folder` holds files that cannot be drawn, and may be None.
    measure : callable (model, data, run) -> dict of str to float
        Numbers of a fitted model.
    claims : sequence of Claim
        What the source says, each judged over the finished table.
    tables : sequence of Table
        What is printed, obtained beside published.
    figures : dict of str to callable (frame) -> display
        Drawn by displays of :mod:`vaekit.inspection`.
    needs : str, default=""
        Files that have to be given, in words.
    differs : str, default=""
        How this differs from the source, in Markdown.
    version : int, default=1
        Counted up when `measure` or `load` changes, so that old records do not count any more.
    file : str, default=""
        Of a study of one's own: where it was loaded from, as commands name it.

    Raises
    ------
    ValueError
        If the name is none that a folder can have.
    """

    name: str
    title: str
    source: str
    runs: Callable[[str], Sequence[StudyRun]]
    load: Callable[[Mapping[str, Any], Path | None], Data]
    measure: Callable[[Any, Data, StudyRun], Mapping[str, float]]
    claims: Sequence[Claim] = ()
    tables: Sequence[Table] = ()
    figures: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    needs: str = ""
    differs: str = ""
    version: int = 1
    file: str = ""

    def __post_init__(self):
        if not re.fullmatch(r"\w[\w.-]*", self.name):
            raise ValueError(f"The 'name' parameter of Study must be a word, as folders have it, got {self.name!r}.")

    def keys(self, scale: str) -> dict[str, StudyRun]:
        """Return the runs of a scale by their keys.

        Parameters
        ----------
        scale : {"smoke", "small", "paper"}
            How large.

        Returns
        -------
        runs : dict of str to StudyRun
            In order; a run that is there twice is there once.

        Raises
        ------
        ValueError
            If there is no such scale.
        """
        if scale not in SCALES:
            raise ValueError(f"The 'scale' parameter must be one of {SCALES}, got {scale!r}.")
        return {key_of(self.name, self.version, run): run for run in self.runs(scale)}
