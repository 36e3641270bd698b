"""What runs will cost, from a few steps of each kind."""

import functools
import math
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from vaekit.experiments._runner import check_device, error_of_fit, frozen
from vaekit.experiments._words import duration

__all__ = ["StudyCost", "estimate", "record_cost", "recorded_cost"]

FIRST = 5  # steps, which load what all need
PACES = (  # by the seconds that these take: two numbers of steps; what both have in common is no training
    (0.3, 20, 120),
    (2.0, 5, 20),
    (math.inf, 1, 4),
)
FEWEST_ROWS = 128
FEWEST_STEPS = 20  # of what is trained to make rows
REPEATS = ("seed", "fold")  # of which one is enough
SIZES = ("n_components", "batch_size", "n_importance_samples")
STRENGTHS = ("objective", "estimator")  # whose own numbers are not sizes


class StudyCost(NamedTuple):
    """What runs are expected to cost.

    Attributes
    ----------
    n_runs : int
        How many there are that could be timed.
    n_steps : int
        Of all of them.
    hours : float
        Of training, one run after another; loading and measuring come on top.
    n_left_out : int
        Runs whose rows, or whose library, are not here.
    left_out : str
        Which: the labels that only these have.
    """

    n_runs: int
    n_steps: int
    hours: float
    n_left_out: int = 0
    left_out: str = ""

    def __str__(self) -> str:
        """In a sentence."""
        steps = f", {self.n_steps:,} steps" if self.n_steps else ""
        which = f" ({self.left_out})" if self.left_out else ""
        left_out = f"{self.n_left_out} more want files or libraries that are not here{which}"
        if self.n_runs == 0:
            return f"no run can be timed: {left_out}"
        time = duration(3600 * self.hours)
        timed = f"{self.n_runs} runs{steps}: {time if time.startswith('less') else f'about {time}'} of training"
        return f"{timed}; {left_out}" if self.n_left_out else timed


def estimate(study: Any, scale: str, *, data: Any = None, device: str = "cpu") -> StudyCost:
    """Measure a few steps of each kind of run, on a few of its rows, and extrapolate.

    What knows no steps is fitted whole, on the first rows it is meant for, and taken to cost in proportion to
    rows.

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
    check_device(device)
    load = functools.cache(lambda asked: _rows_or_none(study, dict(asked), data))
    first, units, timed, left_out, n_steps, seconds = {}, {}, [], [], 0, 0.0
    for run in study.keys(scale).values():
        asked = first.setdefault(frozen(_fewer(run, without=REPEATS)), frozen(_fewer(run)))
        rows = load(asked)
        kind = _kind(run.model, rows)
        if rows is not None and kind not in units:
            units[kind] = _seconds_of_unit(run.model, rows, device)
        unit = None if rows is None else units[kind]
        (left_out if unit is None else timed).append(run)
        if unit is not None:
            steps, n_rows = _planned_steps(run, rows), run.data.get("n_rows", len(rows.X))
            n_steps, seconds = n_steps + (steps or 0), seconds + unit * (n_rows if steps is None else steps)
    return StudyCost(len(timed), n_steps, seconds / 3600, len(left_out), _labels_of_these_alone(left_out, timed))


def record_cost(cost, study, scale, device, store):
    """Keep an estimate beside the records."""
    store.write(study.name, _name(scale, device), cost._asdict())


def recorded_cost(study, scale, device, store):
    """Return the estimate that was kept, or None."""
    record = store.read(study.name, _name(scale, device)) or {}
    return StudyCost(**record) if {*record} <= {*StudyCost._fields} and "hours" in record else None


def _name(scale, device):
    return f"estimate_{scale}_{str(device).partition(':')[0]}"


def _rows_or_none(study, asked, folder):
    """None where files are not there; the rows that are there are timed."""
    try:
        return study.load(asked, None if folder is None else Path(folder))
    except (OSError, ValueError):
        return None


def _fewer(run, without=()):
    """What to load to time a run: as many rows as a few batches have, or all where nobody says how many there are."""
    needed = {name: value for name, value in run.data.items() if name not in ("features", *without)}
    prefix = _prefix(run.model)
    most = {"n_steps": FEWEST_STEPS}
    if prefix is not None:
        most["n_rows"] = max(FEWEST_ROWS, run.model.get_params().get(f"{prefix}batch_size", 0))
    return needed | {name: min(needed[name], least) for name, least in most.items() if name in needed}


def _prefix(model):
    """Of the parameters of what takes steps: nothing, or a model's inside this one; None where there is none."""
    found = [name for name in model.get_params() if name.split("__")[-1] == "max_steps"]
    return min(found, key=len).removesuffix("max_steps") if found else None


def _kind(model, rows):
    """Models of one class and size take as long for a step on rows of one shape, whatever their strengths."""
    sizes = [
        (name, type(value).__name__ if name in STRENGTHS else repr(value))
        for name, value in model.get_params().items() if name.split("__")[-1] in SIZES or not _is_number(value)
    ]  # fmt: skip
    of_rows = () if rows is None or _prefix(model) is None else (np.shape(rows.X[:1]), rows.y is None)
    return type(model).__name__, *sizes, *of_rows


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _planned_steps(run, rows):
    """As many as there are, or as epochs have; None of what knows no steps."""
    params, prefix = run.model.get_params(), _prefix(run.model)
    if prefix is None:
        return None
    most, epochs, batch = (params.get(prefix + name) for name in ("max_steps", "max_epochs", "batch_size"))
    of_epochs = epochs * math.ceil(run.data.get("n_rows", len(rows.X)) / batch)
    return of_epochs if most is None else min(most, of_epochs)


def _seconds_of_unit(model, rows, device):
    """Of one step, or for each row of the whole fit of what knows none; None where it cannot be fitted here."""
    prefix = _prefix(model)
    if prefix is None:
        whole = _seconds(model, rows, device)
        return None if whole is None else whole / len(rows.X)

    def of_steps(n):
        return _seconds(model, rows, device, **{f"{prefix}max_steps": n, f"{prefix}max_epochs": n})

    first = of_steps(FIRST)
    if first is None:
        return None
    few, more = next(numbers for most, *numbers in PACES if first < most)
    return max(0.0, -of_steps(few) + of_steps(more)) / (more - few)


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


def _labels_of_these_alone(these, others):
    """Values of labels that no other run has, as "data: svhn, celeba"."""
    found = {}
    for name in these[0].labels if these else ():
        values, elsewhere = (dict.fromkeys(run.labels.get(name) for run in runs) for runs in (these, others))
        found[name] = [str(value) for value in values if value not in elsewhere]
    return "; ".join(f"{name}: {', '.join(values)}" for name, values in found.items() if values) if others else ""
