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
        How many there are.
    n_steps : int
        Of all of them.
    hours : float
        Of training, one run after another; measuring comes on top.
    """

    n_runs: int
    n_steps: int
    hours: float


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
    runs = list(study.keys(scale).values())
    smoke = next(iter(study.keys("smoke").values()))
    load = functools.lru_cache(lambda asked: study.load(dict(asked), None if data is None else Path(data)))
    seconds_of = {}
    n_steps, seconds = 0, 0.0
    for run in runs:
        asked = _fewer_rows(run, smoke)
        rows, kind = load(frozen(asked)), (*_kind(run.model), frozen({**asked, "seed": None}))
        if kind not in seconds_of:
            seconds_of[kind] = _seconds_of_step(run.model, rows, device)
        steps = _planned_steps(run, rows)
        n_steps, seconds = n_steps + steps, seconds + steps * seconds_of[kind]
    return StudyCost(len(runs), n_steps, seconds / 3600)


def _fewer_rows(run, smoke):
    """What to load to time a run: as many rows as a few batches have, or the rows of the smallest scale."""
    if "n_rows" not in run.data:
        return smoke.data
    most = max(FEWEST_ROWS, run.model.get_params().get("batch_size", 0))
    return {**run.data, "n_rows": min(run.data["n_rows"], most)}


def _kind(model):
    """Models of one class and network take as long for a step, whatever their strengths."""
    return type(model).__name__, *(repr(model.get_params().get(name)) for name in ("network", "prior", "batch_size"))


def _planned_steps(run, rows):
    params = run.model.get_params()
    if params.get("max_steps") is not None:
        return params["max_steps"]
    n_rows = run.data.get("n_rows", len(rows.X))
    return params.get("max_epochs", 0) * math.ceil(n_rows / params.get("batch_size", n_rows))


def _seconds_of_step(model, rows, device):
    if "max_steps" not in model.get_params():
        return 0.0
    return max(0.0, _seconds(model, rows, device, MORE) - _seconds(model, rows, device, FEW)) / (MORE - FEW)


def _seconds(model, rows, device, n_steps):
    model = clone(model).set_params(max_steps=n_steps, max_epochs=n_steps, device=device)
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few steps are no training
        error = error_of_fit(model, rows)
    if error is not None:
        raise error
    return time.perf_counter() - begin
