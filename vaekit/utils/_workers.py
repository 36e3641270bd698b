"""Which of several workers a process is, whoever started it, and which GPU is its own."""

import multiprocessing
import os
import re
import sys

__all__ = ["number_of_share", "worker_number"]


def worker_number():
    """Number of this process among its likes, 0 for one that is no worker.

    That of torchrun on this machine; of a dask worker, by its name; of a process of joblib or multiprocessing, which
    number their workers from 1.
    """
    if "LOCAL_RANK" in os.environ:
        return int(os.environ["LOCAL_RANK"])
    number = re.search(r"(\d+)$", _name_of_dask_worker())
    if number:
        return int(number[1])
    number = re.search(r"-(\d+)$", multiprocessing.current_process().name)
    return int(number[1]) - 1 if number else 0


def _name_of_dask_worker():
    """Its name, a number in local clusters, or nothing."""
    dask = sys.modules.get("distributed")
    try:
        return "" if dask is None else str(dask.get_worker().name)
    except ValueError:
        return ""  # no worker


def number_of_share(worker, n_devices):
    """Number of a worker's device, one after the other: workers that follow each other have different ones.

    >>> [number_of_share(worker, 3) for worker in range(7)]
    [0, 1, 2, 0, 1, 2, 0]
    """
    return worker % n_devices if n_devices else 0
