"""What runs will cost, from a few steps of each kind."""

import math
import time
import warnings
from typing import Any, NamedTuple

from sklearn.base import clone

__all__ = ["Estimate", "estimate"]

FEW, MORE = 5, 35  # steps; what both have in common is no training


class Estimate(NamedTuple):
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


def estimate(study: Any, scale: str, *, data: Any = None, device: str = "cpu") -> Estimate:
    """Measure a few steps of each kind of run, on the rows of the "smoke" scale, and extrapolate.

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
    estimate : Estimate
        Of all runs, finished or not.
    """
    runs = list(study.keys(scale).values())
    smoke = next(iter(study.keys("smoke").values()))
    rows, seconds_of = study.load(smoke.data, data), {}
    n_steps, seconds = 0, 0.0
    for run in runs:
        kind = _kind(run.model)
        if kind not in seconds_of:
            seconds_of[kind] = _seconds_of_step(run.model, rows, device)
        steps = _planned_steps(run, rows)
        n_steps, seconds = n_steps + steps, seconds + steps * seconds_of[kind]
    return Estimate(len(runs), n_steps, seconds / 3600)


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
    model = clone(model).set_params(max_steps=n_steps, device=device)
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few steps are no training
        model.fit(rows.X) if rows.y is None else model.fit(rows.X, rows.y)
    return time.perf_counter() - begin
