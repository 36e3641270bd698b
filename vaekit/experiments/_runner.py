"""Runs that are not finished yet, fitted together where that is faster, measured, and recorded one by one."""

import functools
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sklearn
import torch
from joblib import Parallel, delayed
from joblib.parallel import get_active_backend
from sklearn.base import clone
from sklearn.utils.parallel import Parallel as FitsInParallel
from sklearn.utils.parallel import delayed as delayed_fit

from vaekit.batching import batched_fits
from vaekit.experiments._keys import described
from vaekit.persistence import Checkpoint
from vaekit.utils._random import random_state_names
from vaekit.utils._torch import resolve_device
from vaekit.utils._version import __version__

__all__ = ["Outcome", "run_study"]

LOCAL = ("Loky", "Threading", "Multiprocessing", "Sequential")  # joblib's own ways
TOGETHER = 20  # fits of one program
CHECKPOINT_SECONDS = 60.0


class Outcome(NamedTuple):
    """What came of runs.

    Attributes
    ----------
    done : int
        Runs finished in this call.
    failed : dict of str to str
        Keys of runs that raised, and what.
    left : int
        Runs of this shard that are still to be done: another process has them, or they failed, or time was up.
    """

    done: int
    failed: dict[str, str]
    left: int


def run_study(
    study: Any,
    scale: str,
    store: Any,
    *,
    data: Any = None,
    device: str = "cpu",
    shard: tuple[int, int] = (1, 1),
    n_jobs: int | None = None,
    minutes: float | None = None,
    progress: Callable[[int, int, float], None] | None = None,
) -> Outcome:
    """Do the runs of a study that are not finished, and record each.

    Any number of processes may do so at once in one store: a run belongs to one of them, and is done by another if
    that one is killed, from its last checkpoint on.

    Parameters
    ----------
    study : Study
        The study.
    scale : {"smoke", "small", "paper"}
        Which runs.
    store : Store
        Where records go.
    data : str or path-like, default=None
        Folder of files that cannot be drawn.
    device : str, default="cpu"
        Where nets are trained.
    shard : tuple of (int, int), default=(1, 1)
        The i-th of n parts of the runs, counted from 1.
    n_jobs : int or None, default=None
        Groups of runs at a time, through joblib: loky, dask or ray as :func:`joblib.parallel_config` says.
    minutes : float or None, default=None
        Nothing new is begun after that time.
    progress : callable (n_done, n_runs, seconds_left) -> None, default=None
        Called after every group.

    Returns
    -------
    outcome : Outcome
        What came of them; records are in the store.

    Raises
    ------
    ValueError
        If the study has no such scale, the shard is none of n, or this machine has no such device.
    OSError
        If the store cannot be written to.
    UnreadableFileError
        If records of the store are damaged.
    """
    i, n = shard
    if not 1 <= i <= n:
        raise ValueError(f"The 'shard' parameter must be (i, n) with i from 1 to n, got {shard!r}.")
    runs = dict(list(study.keys(scale).items())[i - 1 :: n])
    check_device(device)
    store.check_writable(study.name)
    store.tidy(study.name)
    finished = store.finished(study.name, runs)
    left = {key: run for key, run in runs.items() if key not in finished}
    groups = list(_groups(left, list(left), device))
    deadline = None if minutes is None else time.time() + 60 * minutes
    work = (delayed(_run_group)(study, scale, store, group, data, device, deadline) for group in groups)
    failed = _collected(Parallel(n_jobs=n_jobs, return_as="generator")(work), groups, len(runs), len(left), progress)
    still = len(left) - len(store.finished(study.name, left))
    return Outcome(len(left) - still, failed, still)


def check_device(device):
    """Refuse what this machine does not have, unless others do the runs: dask's, or ray's."""
    if type(get_active_backend()[0]).__name__.startswith(LOCAL):
        resolve_device(device)


def _collected(results, groups, n_runs, n_left, progress):
    failed, begin, done = {}, time.perf_counter(), 0
    for group, errors in zip(groups, results):
        failed |= errors
        done += len(group)
        if progress is not None:
            seconds = (time.perf_counter() - begin) / done * (n_left - done)
            progress(n_runs - n_left + done, n_runs, seconds)
    return failed


def _groups(runs, keys, device):
    """Parts of the runs that share their rows, as many as are faster together."""
    by_data = {}
    for key in keys:
        by_data.setdefault(str(described(runs[key].data)), []).append(key)
    for alike in by_data.values():
        size = TOGETHER if device != "cpu" or not _is_convolutional(runs[alike[0]].model) else 1
        yield from (alike[start : start + size] for start in range(0, len(alike), size))


def _is_convolutional(model):
    """Whether some network has layers of that kind; LayeredNet has them, too."""
    networks = (value for name, value in model.get_params().items() if name.split("__")[-1] == "network")
    return any("conv" in str(network).lower() for network in networks)


@functools.lru_cache(maxsize=2)
def _loaded(load, data, folder):
    """Rows, once for all groups that a process has of them."""
    return load(dict(data), None if folder is None else Path(folder))


def frozen(data):
    return tuple(sorted((name, _hashable(value)) for name, value in data.items()))


def _hashable(value):
    return tuple(map(_hashable, value)) if isinstance(value, (list, tuple)) else value


def _run_group(study, scale, store, group, folder, device, deadline):
    """Fit, measure and record the runs of a group that nobody else has; return what failed."""
    if deadline is not None and time.time() > deadline:
        return {}
    runs = study.keys(scale)
    with store.claimed(study.name, {key: runs[key] for key in group}) as keys:
        if not keys:
            return {}
        try:
            data = _loaded(study.load, frozen(runs[keys[0]].data), folder)
        except Exception as error:  # files that are not there leave runs on other data
            return dict.fromkeys(keys, repr(error))
        models = [_prepared(runs[key], store.checkpoints(study.name, key), device) for key in keys]
        seconds, failed = _fitted(dict(zip(keys, models)), data)
        for key, model in zip(keys, models):
            if key in failed:
                continue
            try:
                _record(study, store, key, runs[key], model, data, seconds / len(keys))
            except Exception as error:  # one run that fails leaves the others
                failed[key] = repr(error)
        return failed


def _prepared(run, checkpoints, device):
    model = clone(run.model)
    model.set_params(**dict.fromkeys(random_state_names(model), run.seed))
    names = model.get_params()
    where = {name: device for name in names if name.split("__")[-1] == "device"}
    if "checkpoint" in names:
        where["checkpoint"] = Checkpoint(checkpoints, every_seconds=CHECKPOINT_SECONDS, shared=True)
    return model.set_params(**where)


def _fitted(models, data):
    """Fit together, in place; return the seconds, and the errors of those that failed."""
    begin = time.perf_counter(), time.process_time()
    with batched_fits():
        errors = FitsInParallel()(delayed_fit(error_of_fit)(model, data) for model in models.values())
    failed = {key: repr(error) for key, error in zip(models, errors) if error is not None}
    return np.subtract((time.perf_counter(), time.process_time()), begin), failed


def error_of_fit(model, data):
    """Fit on what a study has loaded; return what is raised, or None."""
    known = {} if data.groups is None else {"groups": data.groups}
    try:
        model.fit(data.X, data.y, **known)
    except Exception as error:
        return error
    return None


def _record(study, store, key, run, model, data, fit_seconds):
    begin = time.perf_counter(), time.process_time()
    numbers = {name: _plain(value) for name, value in study.measure(model, data, run).items()}
    measured = np.subtract((time.perf_counter(), time.process_time()), begin)
    seconds = {
        "fit_seconds": fit_seconds[0],
        "measure_seconds": measured[0],
        "fit_processor_seconds": fit_seconds[1],
        "measure_processor_seconds": measured[1],
    }
    record = {
        "study": study.name,
        "labels": dict(run.labels),
        "seed": run.seed,
        "data": dict(run.data),
        "model": repr(run.model),
        "parameters": described(run.model),
        "numbers": numbers,
        "seconds": seconds,
        "device": _device_name(model),
        "versions": {"vaekit": __version__, "torch": torch.__version__, "scikit-learn": sklearn.__version__},
    }
    store.write(study.name, key, record)
    shutil.rmtree(store.checkpoints(study.name, key), ignore_errors=True)


def _plain(value: Any) -> float | list | Mapping:
    """Numbers and arrays as JSON has them."""
    return np.asarray(value, dtype=float).tolist()


def _device_name(model):
    device = str(getattr(model, "device", "cpu"))
    return torch.cuda.get_device_name() if device.startswith("cuda") else device
