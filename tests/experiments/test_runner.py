"""Runs are done once, whoever does them and whoever is killed, and done again they give the same numbers."""

import contextlib
import json
import random
import time
from dataclasses import replace

import numpy as np
import pytest
import toy_study
from broken_files import mutations
from killed import FORK
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import PCA

from vaekit import VAE, SlowVAE
from vaekit.exceptions import UnreadableFileError
from vaekit.experiments import Data, Store, StudyRun, frame_of, run_study
from vaekit.experiments._runner import _groups, _prepared
from vaekit.nn import MLP, ConvNet
from vaekit.outlier import VAEOutlierDetector
from vaekit.presets import preset

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
STUDY = toy_study.STUDY


def numbers(store, scale="smoke"):
    return {key: store.read("toy", key)["numbers"] for key in STUDY.keys(scale)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store"))
    outcome = run_study(STUDY, "smoke", store)
    assert (outcome.done, outcome.failed, outcome.left) == (6, {}, 0)
    return store


def test_nothing_is_done_twice(finished, monkeypatch):
    monkeypatch.setattr(Store, "write", lambda *what: pytest.fail("written again"))
    assert run_study(STUDY, "smoke", finished) == (0, {}, 0)
    assert run_study(STUDY, "small", finished) == (0, {}, 0)  # whose runs are among them


def test_a_record_of_another_default_is_done_again(finished, tmp_path):
    """As if the width of a network had been another, unsaid, when the record was made."""
    store, key = Store(tmp_path), next(iter(STUDY.keys("small")))
    record = finished.read("toy", key)
    store.write("toy", key, record | {"parameters": record["parameters"] | {"whiten": True}})
    assert frame_of(STUDY, "small", store).empty
    assert run_study(STUDY, "small", store).done == 3
    assert store.read("toy", key)["parameters"] == record["parameters"]


def test_shards_are_parts_of_the_same_runs(finished, tmp_path):
    store, told = Store(tmp_path), []
    done = [
        run_study(STUDY, "smoke", store, shard=(i, 4), progress=lambda *t: told.append(t)).done for i in (1, 2, 3, 4)
    ]
    assert done == [2, 2, 1, 1]
    assert numbers(store) == numbers(finished)
    assert all(n_done <= n_runs and seconds >= 0 for n_done, n_runs, seconds in told)


def test_jobs_change_nothing(finished, tmp_path):
    run_study(STUDY, "smoke", Store(tmp_path), n_jobs=2)
    assert numbers(Store(tmp_path)) == numbers(finished)


def test_stores_are_merged_by_copying_files(finished, tmp_path):
    store = Store(tmp_path / "both")
    for i in (1, 2):
        run_study(STUDY, "smoke", Store(tmp_path / str(i)), shard=(i, 2))
        for file in (tmp_path / str(i) / "toy").glob("*.json"):
            target = store.path("toy", file.stem)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    assert numbers(store) == numbers(finished)


def test_a_run_that_fails_leaves_the_others(tmp_path):
    def measure(model, data, run):
        if run.seed == 1:
            raise FloatingPointError("not a number")
        return toy_study.measure(model, data, run)

    outcome = run_study(replace(STUDY, measure=measure), "smoke", Store(tmp_path))
    assert (outcome.done, outcome.left) == (4, 2)
    assert all("not a number" in error for error in outcome.failed.values())
    assert run_study(STUDY, "smoke", Store(tmp_path)).done == 2


def test_a_fit_that_fails_is_told(tmp_path):
    study = replace(STUDY, runs=lambda scale: [StudyRun({"method": "PCA"}, PCA(9), {"n_rows": 40}, 0)])
    (error,) = run_study(study, "smoke", Store(tmp_path)).failed.values()
    assert "n_components=9" in error


def test_rows_that_cannot_be_loaded_leave_the_others(tmp_path):
    def load(data, folder):
        if data["n_rows"] == 41:
            raise FileNotFoundError("no such rows")
        return toy_study.load(data, folder)

    runs = [StudyRun({"method": "PCA"}, PCA(1), {"n_rows": n}, 0) for n in (41, 40)]
    outcome = run_study(replace(STUDY, runs=lambda scale: runs, load=load), "smoke", Store(tmp_path))
    assert (outcome.done, outcome.left) == (1, 1)
    assert "no such rows" in next(iter(outcome.failed.values()))


def test_models_of_sequences_are_told_which_rows_follow(tmp_path):
    """As their own fit is; in one sequence other rows are neighbours."""
    model = SlowVAE(n_components=1, network=MLP(hidden_layer_sizes=(4,)), max_epochs=2)
    rows = toy_study.load({"n_rows": 40}, None).X
    codes, groups = {}, {"pairs": np.repeat(np.arange(20), 2), "one": None}
    for name, of_rows in groups.items():
        study = replace(
            STUDY, name=name, runs=lambda scale: [StudyRun({}, model, {"n_rows": 40}, 3)],
            load=lambda data, folder, told=of_rows: Data(rows, groups=told),
            measure=lambda fitted, data, run: {"codes": fitted.transform(rows)},
        )  # fmt: skip
        assert run_study(study, "smoke", Store(tmp_path)).failed == {}
        codes[name] = Store(tmp_path).read(name, next(iter(study.keys("smoke"))))["numbers"]["codes"]
    alone = clone(model).set_params(random_state=3, device="cpu").fit(rows, groups=groups["pairs"])
    assert_array_equal(codes["pairs"], alone.transform(rows))
    assert not np.array_equal(codes["pairs"], codes["one"])


def test_a_model_inside_another_is_where_the_run_is(tmp_path):
    run = StudyRun({}, VAEOutlierDetector(VAE()), {}, 5)
    model = _prepared(run, tmp_path, "cuda")
    assert (model.estimator.device, model.estimator.random_state) == ("cuda", 5)


def test_time_that_is_up_begins_nothing(tmp_path):
    assert run_study(STUDY, "smoke", Store(tmp_path), minutes=-1) == (0, {}, 6)


def test_a_finished_run_leaves_no_checkpoints(finished):
    assert list(finished.checkpoints("toy", "x").parent.glob("*")) == []


def test_nets_that_are_faster_alone_are_alone():
    conv = (
        VAE(network="conv"),
        VAE(network=ConvNet()),
        preset("dpvae/VAE/mnist"),
        VAEOutlierDetector(VAE(network="conv")),
    )
    for model in conv:
        runs = {str(seed): StudyRun({}, model, {"n_rows": 4}, seed) for seed in range(3)}
        assert [len(group) for group in _groups(runs, list(runs), "cpu")] == [1, 1, 1]
        assert [len(group) for group in _groups(runs, list(runs), "cuda")] == [3]


@pytest.mark.parametrize("shard", [(0, 3), (4, 3)])
def test_there_is_no_such_shard(shard, tmp_path):
    with pytest.raises(ValueError, match="'shard'"):
        run_study(STUDY, "smoke", Store(tmp_path), shard=shard)
    with pytest.raises(ValueError, match="'scale'"):
        run_study(STUDY, "huge", Store(tmp_path))


def at_work(folder, n_seeds):
    """A process that does the slow runs."""
    process = FORK.Process(target=run_study, args=(toy_study.slow(n_seeds, folder), "smoke", Store(folder)))
    process.start()
    return process


def kept(folder):
    """Records, and the files that they are."""
    return {file: file.stat().st_ino for file in (folder / "toy").glob("*.json")}


def test_two_processes_of_which_one_is_killed_lose_and_repeat_nothing(finished, tmp_path, request):
    """Records that were there after a kill are the same files at the end."""
    n_kills = request.config.getoption("--kills")
    n_seeds, seen, moments = 6 * n_kills, {}, random.Random(0)
    patient = at_work(tmp_path, n_seeds)
    for _ in range(n_kills):
        killed = at_work(tmp_path, n_seeds)
        time.sleep(moments.uniform(0.1, 1))
        killed.kill()
        killed.join()
        seen |= kept(tmp_path)
    n_left = 2 * n_seeds - len(seen)
    (tmp_path / "calm").touch()
    patient.join()
    assert patient.exitcode == 0
    run_study(toy_study.slow(n_seeds, tmp_path), "smoke", Store(tmp_path))  # what the killed one had claimed at the end
    assert n_left > 0
    assert seen.items() <= kept(tmp_path).items()
    assert len(kept(tmp_path)) == 2 * n_seeds
    assert numbers(Store(tmp_path)) == numbers(finished)


def test_a_record_under_the_name_of_another_is_none(finished, tmp_path):
    """As when files are copied by hand, or come from a study whose rows were others."""
    (one, other, *_), store = STUDY.keys("small"), Store(tmp_path)
    for record in (
        finished.read("toy", one),
        finished.read("toy", other) | {"data": {"n_rows": 41}},
        {"numbers": {"error": 1}},
    ):
        store.write("toy", other, record)
        assert frame_of(STUDY, "small", store).empty
    assert run_study(STUDY, "small", store).done == 3
    assert store.read("toy", other)["numbers"] == finished.read("toy", other)["numbers"]


def test_what_a_run_is_told_may_be_of_numpys_types(finished, tmp_path):
    run, store = STUDY.runs("small")[0], Store(tmp_path)
    told = {"labels": {"k": np.int64(1)}, "data": {"n_rows": np.int64(40), "sizes": [1, [2]]}, "seed": np.int64(0)}
    study = replace(STUDY, runs=lambda scale: [replace(run, **told)])
    assert run_study(study, "small", store).failed == {}
    assert list(frame_of(study, "small", store).k) == [1]


def test_damaged_records_are_all_named_before_anything_is_run(finished, tmp_path):
    store, keys = Store(tmp_path), list(STUDY.keys("small"))
    run_study(STUDY, "small", store, shard=(1, 3))
    for key in keys[:2]:
        store.path("toy", key).write_text("{")
    with pytest.raises(UnreadableFileError, match=f"{keys[0]}.*{keys[1]}.*delete"):
        run_study(STUDY, "small", store)


def test_a_device_that_is_not_there_is_told_before_anything_is_run(tmp_path):
    with pytest.raises(ValueError, match="'device'"):
        run_study(STUDY, "small", Store(tmp_path), device="cuda:99")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_record_is_named(tmp_path):
    store = Store(tmp_path)
    store.write("toy", "a", {})
    store.path("toy", "a").write_text(json.dumps({"a": 1})[:-1])
    with pytest.raises(ValueError, match="delete it"):
        store.read("toy", "a")


def test_a_damaged_record_is_refused_or_the_same(tmp_path, request):
    store, record = Store(tmp_path), {"numbers": {"mig": 0.1 + 0.2, "3": [1, 2.5, None]}, "seconds": 1e-300}
    store.write("toy", "0a", record)
    whole, good = store.path("toy", "0a").read_bytes(), store.read("toy", "0a")
    assert good["numbers"]["mig"] == 0.1 + 0.2
    for mutated in mutations(whole, request.config.getoption("mutations")):
        store.path("toy", "0a").write_bytes(mutated)
        with contextlib.suppress(ValueError):
            assert store.read("toy", "0a") == good
    store.path("toy", "0a").write_bytes(whole.replace(b"2.5", b"2.6"))
    with pytest.raises(ValueError, match="is no record; delete it"):
        store.read("toy", "0a")
    store.path("toy", "0a").write_text('{"numbers": {"mig": 0.3}}')  # of the first versions
    assert store.read("toy", "0a") == {"numbers": {"mig": 0.3}}
