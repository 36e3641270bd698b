"""Searches and studies over a cluster of dask, of which a worker is killed in the middle."""

from dataclasses import replace
from multiprocessing import forkserver

import dask
import distributed
import numpy as np
import pytest
import toy_study
from distributed.utils import get_mp_context
from joblib import parallel_config
from mortal import KilledOnce
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, KFold

from tests.helpers.family import tiny
from vaekit.experiments import Store, StudyRun, run_study

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
X = np.random.default_rng(0).normal(size=(400, 4)) * [1, 2, 3, 4]
SPLITS = list(KFold(2).split(X))
SHARED = [X, *(numbers for split in SPLITS for numbers in split)]  # each large enough to be sent for itself


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers in processes of their own, forked off one that has imported what they need."""
    folder = str(tmp_path_factory.mktemp("dask"))
    how = {"dashboard_address": None, "local_directory": folder, "silence_logs": 60}
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        get_mp_context().set_forkserver_preload(["distributed", "sklearn.model_selection", "vaekit.experiments"])
        with (
            distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **how) as cluster,
            distributed.Client(cluster),
        ):
            yield cluster
    forkserver._forkserver._stop()  # else it lives as long as the tests


def pids(cluster):
    return {nanny.pid for nanny in cluster.workers.values()}


def score(model, X, y=None):
    return model.score(X)


def search(scoring):
    """A grid of three strengths, two folds each."""
    grid = {"beta": [0.5, 1.0, 4.0]}
    return GridSearchCV(tiny("BetaVAE", batch_size=100, max_epochs=2), grid, cv=SPLITS, scoring=scoring).fit(X)


def test_a_search_of_which_a_worker_is_killed_is_the_same_search(cluster, tmp_path):
    alone, mortal, before = search(score), KilledOnce(score, tmp_path, at=3), pids(cluster)
    with parallel_config(backend="dask", scatter=SHARED):
        found = search(mortal)
    assert mortal.n_calls > 6  # what the dead one was about is done again
    assert pids(cluster) != before
    assert found.best_params_ == alone.best_params_
    for name in ("split0_test_score", "split1_test_score", "rank_test_score"):
        np.testing.assert_array_equal(found.cv_results_[name], alone.cv_results_[name])
    np.testing.assert_array_equal(found.transform(X), alone.transform(X))


def runs(scale):
    """Principal components and small VAEs of four tables, so that there are four groups."""
    models = {"PCA": PCA(1), "VAE": toy_study.SMALL}
    return [
        StudyRun({"method": name}, model, {"n_rows": n}, 0) for n in range(40, 44) for name, model in models.items()
    ]


def test_a_study_of_which_a_worker_is_killed_repeats_nothing_that_was_done(cluster, tmp_path):
    study = replace(toy_study.STUDY, runs=runs, claims=[], tables=[])
    alone, together = Store(tmp_path / "alone"), Store(tmp_path / "together")
    run_study(study, "smoke", alone)
    (tmp_path / "calls").mkdir()
    mortal, before = KilledOnce(toy_study.measure, tmp_path / "calls", at=4), pids(cluster)
    with parallel_config(backend="dask"):
        outcome = run_study(replace(study, measure=mortal), "smoke", together)
    assert pids(cluster) != before
    assert (outcome.failed, outcome.left) == ({}, 0)
    assert mortal.n_calls == 9  # eight runs, and the one amid which it was killed
    numbers = [{key: store.read("toy", key)["numbers"] for key in study.keys("smoke")} for store in (alone, together)]
    assert numbers[0] == numbers[1]
