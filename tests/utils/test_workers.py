"""Workers of whatever kind know their numbers, and so have different devices."""

import multiprocessing
import sys
from types import SimpleNamespace

import pytest

from vaekit.utils._workers import number_of_share, worker_number


@pytest.fixture(autouse=True)
def no_launcher(monkeypatch):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    monkeypatch.delitem(sys.modules, "distributed", raising=False)


def named(name, monkeypatch):
    monkeypatch.setattr(multiprocessing, "current_process", lambda: SimpleNamespace(name=name))
    return worker_number()


@pytest.mark.parametrize(
    ("name", "number"), [("MainProcess", 0), ("LokyProcess-1", 0), ("LokyProcess-12", 11), ("ForkPoolWorker-2", 1)]
)
def test_processes_of_joblib_are_numbered_from_one(name, number, monkeypatch):
    assert named(name, monkeypatch) == number


def test_this_process_is_no_worker():
    assert worker_number() == 0


@pytest.mark.parametrize(("name", "number"), [(0, 0), (3, 3), ("cluster-4", 4), ("tcp://10.0.0.1:4711", 4711)])
def test_workers_of_dask_are_told_by_their_names(name, number, monkeypatch):
    dask = SimpleNamespace(get_worker=lambda: SimpleNamespace(name=name))
    monkeypatch.setitem(sys.modules, "distributed", dask)
    assert worker_number() == number


def test_a_client_of_dask_is_no_worker(monkeypatch):
    def get_worker():
        raise ValueError("No worker found")

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(get_worker=get_worker))
    assert worker_number() == 0


def test_a_rank_comes_first(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "2")
    assert worker_number() == 2


@pytest.mark.parametrize("n_devices", [1, 2, 8])
def test_workers_are_spread_evenly(n_devices):
    found = [number_of_share(worker, n_devices) for worker in range(3 * n_devices)]
    assert sorted(found) == sorted(3 * list(range(n_devices)))
