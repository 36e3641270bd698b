"""What runs will cost, from a few steps of each kind."""

import functools
import math
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from sklearn.base import clone

from vaekit.experiments._runner import error_of_fit, frozen

__all__ = ["StudyCost", "estimate"]

FEW, MORE = 5, 35  # steps; what both have in common is no training
FEWEST_ROWS = 512


class StudyCost(NamedTuple):
    """What runs are expected to cost.

    Attributes
    ----------
    n_runs : int
        How many there are that could be timed.
    n_steps : int
        Of all of them.
    hours : float
        Of training, one run after another; measuring comes on top.
    n_left_out : int
        Runs whose rows, or whose library, are not here.
    """

    n_runs: int
    n_steps: int
    hours: float
    n_left_out: int = 0

    def __str__(self) -> str:
        """In a sentence."""
        left_out = f"; {self.n_left_out} more want files or libraries that are not here" if self.n_left_out else ""
        return f"{self.n_runs} runs, {self.n_steps:,} steps: about {self.hours:.3g} hours of training{left_out}"


def estimate(study: Any, scale: str, *, data: Any = None, device: str = "cpu") -> StudyCost:
    """Measure a few steps of each kind of run, on a few of its rows, and extrapolate.

    Parameters
    ----------
    study : Study
        The study.
    scale : {"smoke", "small", "paper"}
        Whose runs.
    data : str or path-like, default=None
        Folder of files that cannot be drawn.
    device : str, default="cpu"
        Where nets are trained.

    Returns
    -------
    estimate : StudyCost
        Of all runs, finished or not.
    """
    load = functools.lru_cache(lambda asked: _rows_or_none(study, dict(asked), data))
    timed, n_runs, n_steps, seconds, n_left_out = {}, 0, 0, 0.0, 0
    for run in study.keys(scale).values():
        asked = _fewer_rows(run)
        rows, kind = load(frozen(asked)), (*_kind(run.model), frozen({**asked, "seed": None}))
        if kind not in timed:
            timed[kind] = None if rows is None else _seconds_of_step(run.model, rows, device)
        if timed[kind] is None:
            n_left_out += 1
            continue
        steps = _planned_steps(run, rows)
        n_runs, n_steps, seconds = n_runs + 1, n_steps + (steps or 0), seconds + (steps or 1) * timed[kind]
    return StudyCost(n_runs, n_steps, seconds / 3600, n_left_out)


def _rows_or_none(study, asked, folder):
    """None where files are not there; the rows that are there are timed."""
    try:
        return study.load(asked, None if folder is None else Path(folder))
    except (OSError, ValueError):
        return None


def _fewer_rows(run):
    """What to load to time a run: as many rows as a few batches have, or all where nobody says how many there are."""
    needed = {name: value for name, value in run.data.items() if name != "features"}  # in which samples are measured
    if "n_rows" not in needed or not _has_steps(run.model):
        return needed
    most = max(FEWEST_ROWS, run.model.get_params().get("batch_size", 0))
    return {**needed, "n_rows": min(needed["n_rows"], most)}


def _has_steps(model):
    return "max_steps" in model.get_params()


def _kind(model):
    """Models of one class and network take as long for a step, whatever their strengths."""
    return type(model).__name__, *(repr(model.get_params().get(name)) for name in ("network", "prior", "batch_size"))


def _planned_steps(run, rows):
    params = run.model.get_params()
    if not _has_steps(run.model):
        return None
    if params["max_steps"] is not None:
        return params["max_steps"]
    n_rows = run.data.get("n_rows", len(rows.X))
    return params["max_epochs"] * math.ceil(n_rows / params["batch_size"])


def _seconds_of_step(model, rows, device):
    """Of one step, or of the whole fit of what knows none; None where it cannot be fitted here."""
    if not _has_steps(model):
        return _seconds(model, rows, device)
    first, few, more = (_seconds(model, rows, device, max_steps=n, max_epochs=n) for n in (FEW, FEW, MORE))
    return None if first is None else max(0.0, more - few) / (MORE - FEW)  # the first loads what all need


def _seconds(model, rows, device, **length):
    model = clone(model).set_params(**length)
    model.set_params(**{name: device for name in model.get_params() if name.split("__")[-1] == "device"})
    by_clock, by_processor = time.perf_counter(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few steps are no training
        error = error_of_fit(model, rows)
    if isinstance(error, (ImportError, OSError)):  # a library that is not here
        return None
    if error is not None:
        raise error
    by_clock, by_processor = time.perf_counter() - by_clock, time.process_time() - by_processor
    return min(by_clock, by_processor) if device == "cpu" else by_clock  # others may keep this machine busy, too
