"""Commands, as they are typed."""

import json
import pickle
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
import toy_study
from sklearn.decomposition import PCA

from vaekit import VAE
from vaekit.experiments import STUDIES, Data, Outcome, Store, StudyCost, StudyRun, estimate, frame_of, load_study, page
from vaekit.experiments import __main__ as command
from vaekit.experiments import _estimate as costs
from vaekit.experiments.__main__ import INTERRUPTED, REFUSED, TIME_IS_UP, main
from vaekit.outlier import VAEOutlierDetector
from vaekit.presets import preset

SMOKE = ["outliers", "--scale", "smoke"]
pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


def test_a_study_from_its_first_run_to_its_page(tmp_path, capsys):
    where = ["--store", str(tmp_path / "store")]
    assert main(["run", *SMOKE, *where, "--minutes", "-1"]) == TIME_IS_UP
    assert main(["run", *SMOKE, *where, "--shard", "2/5"]) == 0
    assert main(["run", *SMOKE, *where]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "4 runs done, 0 left, 0 failed"
    for asked, words in (("status", "5 of 5"), ("table", "| kNN | 1 |"), ("claims", "CANNOT BE TESTED HERE")):
        assert main([asked, *SMOKE, *where]) == 0
        assert words in capsys.readouterr().out
    main(["page", *SMOKE, *where, "--out", str(tmp_path / "page.md")])
    assert "## Claims" in (tmp_path / "page.md").read_text()


def test_studies_are_named(capsys):
    main(["list"])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(STUDIES)
    with pytest.raises(ValueError, match="'name'"):
        load_study("another")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome(2, {}, 0), 0), (Outcome(2, {"a": "no"}, 1), 1), (Outcome(2, {"a": "no"}, 2), TIME_IS_UP)],
)
def test_another_call_is_asked_for_while_there_are_runs_that_have_not_failed(outcome, status, monkeypatch, tmp_path):
    monkeypatch.setattr(command, "run_study", lambda *what, **how: outcome)
    assert main(["run", *SMOKE, "--store", str(tmp_path)]) == status


REFUSALS = {
    "no such study": (["run", "another"], "or a Python file"),
    "no such file": (["run", "another.py"], "that is there"),
    "no shard": (["run", *SMOKE, "--shard", "3"], "as 3/20"),
    "a shard of others": (["run", *SMOKE, "--shard", "4/3"], "from 1 to N"),
    "no jobs": (["run", *SMOKE, "--jobs", "0"], "-1 for one per core"),
    "no minutes": (["run", *SMOKE, "--minutes", "nan"], "a number"),
    "no such device": (["run", *SMOKE, "--device", "cuda:99"], "finds no such device"),
    "estimated on no device": (["estimate", *SMOKE, "--device", "somewhere"], "'device'"),
    "a file for a store": (["status", *SMOKE, "--store", __file__], "is a file"),
    "no data": (["run", *SMOKE, "--data", "/nowhere"], "no folder '/nowhere'"),
    "dask without a cluster": (["run", *SMOKE, "--backend", "dask"], "--scheduler ADDRESS"),
    "a cluster of no backend": (["run", *SMOKE, "--backend", "loky", "--scheduler", "there"], "--scheduler"),
}


@pytest.mark.parametrize(("typed", "words"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_done_is_refused_before_anything_is(typed, words, capsys, monkeypatch):
    monkeypatch.setattr(command, "run_study", lambda *what, **how: pytest.fail("begun"))
    with pytest.raises(SystemExit) as refused:
        main(typed)
    assert refused.value.code == REFUSED
    assert words in capsys.readouterr().err


def test_what_others_are_to_blame_for_is_a_sentence(tmp_path, capsys, monkeypatch):
    (tmp_path / "file").touch()
    assert main(["run", *SMOKE, "--store", str(tmp_path / "file" / "store")]) == REFUSED
    assert "give it a folder that can be written to" in capsys.readouterr().err
    assert main(["pack", *SMOKE, "--out", str(tmp_path)]) == REFUSED
    monkeypatch.setattr(command, "run_study", lambda *what, **how: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["run", *SMOKE, "--store", str(tmp_path / "store")]) == INTERRUPTED
    assert "goes on" in capsys.readouterr().err


def test_a_study_of_a_file_goes_through_all_commands(tmp_path, capsys):
    file = tmp_path / "my_own.py"
    file.write_text(Path(toy_study.__file__).read_text())
    given = [str(file), "--scale", "small", "--store", str(tmp_path / "store")]
    assert main(["run", *given]) == 0
    assert main(["status", *given]) == main(["table", *given]) == main(["claims", *given]) == 0
    assert "3 of 3 runs" in capsys.readouterr().out
    main(["figures", *given, "--out", str(tmp_path / "figures")])
    main(["page", *given, "--out", str(tmp_path / "new" / "page.md")])
    assert f"experiments run {file} --scale small" in (tmp_path / "new" / "page.md").read_text()
    main(["pack", *given, "--out", str(tmp_path / "own.zip")])
    archive = zipfile.ZipFile(tmp_path / "own.zip")
    assert archive.read("my_own.py") == file.read_bytes()
    assert b"run my_own.py --scale small" in archive.read("run.sh")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("without", "", "must call its Study STUDY"),
        ("json", "STUDY = 1", "must call its Study STUDY, got 1"),
        ("gone", None, "'name'"),
    ],
)
def test_a_file_without_a_study_is_refused(name, text, words, tmp_path):
    file = tmp_path / f"{name}.py"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ValueError, match=words):
        load_study(file)


def test_a_study_of_a_file_goes_to_processes_that_do_not_have_it(tmp_path):
    """By plain pickle it would go as a name, which others cannot import; whatever stands under that name here stays."""
    file = tmp_path / "json.py"
    file.write_text(f"from __future__ import annotations\n{Path(toy_study.__file__).read_text()}")
    study, known = load_study(file), sys.modules["json"]
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(study.runs)
    file.unlink()
    again = cloudpickle.loads(cloudpickle.dumps(study))
    assert list(again.keys("small")) == list(study.keys("small"))
    assert sys.modules["json"] is known is json


def test_a_study_has_a_name_that_a_folder_can_have():
    for name in ("", "a/b", "..", "-a"):
        with pytest.raises(ValueError, match="'name'"):
            replace(toy_study.STUDY, name=name)


def test_costs_are_estimated_once(tmp_path, capsys, monkeypatch):
    """Shards of eight minutes have no time to measure steps again."""
    asked = []
    monkeypatch.setattr(command, "estimate", lambda *what, **how: asked.append(what) or StudyCost(7, 0, 0.5))
    monkeypatch.setattr(command, "run_study", lambda *what, **how: Outcome(0, {}, 0))
    for _ in range(2):
        main(["run", "outliers", "--scale", "paper", "--store", str(tmp_path)])
        assert "7 runs: about 30 minutes of training, on cpu" in capsys.readouterr().out
    assert len(asked) == 1


def test_costs_are_those_of_rows_of_their_own_shape(monkeypatch):
    """A network for 28 x 28 images cannot be timed on anything else; few of them are enough."""
    asked = []

    def load(data, folder):
        asked.append(data["n_rows"])
        return Data(np.zeros((data["n_rows"], 28, 28), np.uint8))

    model = preset("dpvae/VAE/mnist", batch_size=4)
    study = replace(load_study("dpvae"), load=load, runs=lambda scale: [StudyRun({}, model, {"n_rows": 60_000}, 0)])
    monkeypatch.setattr(costs, "FIRST", 1)
    monkeypatch.setattr(costs, "PACES", [(np.inf, 1, 2)])
    cost = estimate(study, "paper")
    assert (cost.n_runs, cost.n_steps) == (1, 100_000)
    assert asked == [costs.FEWEST_ROWS]


def test_costs_are_told_before_and_on_the_page(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "estimate", lambda *what, **how: StudyCost(7, 7000, 12.34, 2, "a: b"))
    main(["estimate", "outliers", "--scale", "paper", "--store", str(tmp_path)])
    said = "7 runs, 7,000 steps: about 12.3 hours of training; 2 more want files or libraries that are not here (a: b)"
    assert capsys.readouterr().out == f"{said}, on cpu\n"
    assert f"on cpu: {said}." in page(load_study("outliers"), "small", Store(tmp_path))


def test_runs_whose_files_are_not_there_are_not_timed(monkeypatch):
    monkeypatch.setattr(costs, "PACES", [(np.inf, 1, 2)])
    cost = estimate(load_study("outliers"), "smoke")
    assert (cost.n_runs, cost.n_left_out) == (5, 0)
    assert cost.hours >= 0
    none = estimate(load_study("outliers"), "small")
    assert none[0::3] == (0, 225)
    assert str(none) == "no run can be timed: 225 more want files or libraries that are not here"


def test_what_has_no_steps_of_its_own_costs_what_those_inside_or_its_rows_cost(monkeypatch):
    """A detector's model takes the steps; principal components are as long as there are rows. One fold is enough."""
    seconds, asked = iter([0.1, 1.0, 4.0, 8.0]), []
    monkeypatch.setattr(costs, "_seconds", lambda model, rows, device, **length: asked.append(length) or next(seconds))
    detector = VAEOutlierDetector(VAE(max_epochs=3, batch_size=100))
    models = [(detector, 0), (detector, 1), (PCA(1), 0), (PCA(1), 1)]
    study = replace(
        toy_study.STUDY,
        runs=lambda scale: [StudyRun({"a": fold}, model, {"n_rows": 1000, "fold": fold}, 0) for model, fold in models],
    )
    cost = estimate(study, "small")
    assert [length.get("estimator__max_steps") for length in asked] == [5, 20, 120, None]
    assert (cost.n_runs, cost.n_steps) == (4, 60)
    assert cost.hours == pytest.approx((60 * 0.03 + 2 * 8) / 3600)


def test_what_is_left_out_is_named():
    def load(data, folder):
        if data["n_rows"] == 41:
            raise FileNotFoundError
        return toy_study.load(data, folder)

    runs = [StudyRun({"data": name, "k": 1}, PCA(1), {"n_rows": n}, 0) for name, n in (("here", 40), ("far", 41))]
    cost = estimate(replace(toy_study.STUDY, runs=lambda scale: runs, load=load), "small")
    assert (cost.n_runs, cost.n_left_out, cost.left_out) == (1, 1, "data: far")


def test_time_that_others_take_is_no_cost(monkeypatch):
    """On a processor that three programs share, the clock goes three times as fast."""
    clock = iter(range(0, 300, 30))
    processor = iter(range(0, 100, 10))
    monkeypatch.setattr(costs.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(costs.time, "process_time", lambda: next(processor))
    monkeypatch.setattr(costs, "error_of_fit", lambda *what: None)
    assert [costs._seconds(VAE(), None, device) for device in ("cpu", "cuda")] == [10, 30]


def test_without_runs_there_are_no_pictures(tmp_path):
    main(["page", "demystifying", "--store", str(tmp_path / "store"), "--out", str(tmp_path / "page.md")])
    assert not list(tmp_path.glob("*.png"))


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "packed.zip"
    main(["pack", *SMOKE, "--out", str(path)])
    return zipfile.ZipFile(path)


PYTHONS = {  # what a shard does, and the exit status of the command
    "killed once in the middle of a fit": ("[ -e done ] && exit 0; touch done; echo > store/a.vaekit; kill -9 $$", 0),
    "time is up once": ("[ -e done ] && exit 0; touch done; echo > store/a.json; exit 75", 0),
    "killed again and again": ("kill -9 $$", 1),
    "a run fails": ("exit 1", 1),
}


@pytest.mark.parametrize(("script", "status"), PYTHONS.values(), ids=PYTHONS)
def test_shards_of_an_archive_follow_each_other_while_something_comes_of_them(script, status, packed, tmp_path):
    packed.extract("run.sh", tmp_path)
    (tmp_path / "python").write_text(f"#!/bin/sh\nsleep 0.02; {script}\n")
    (tmp_path / "python").chmod(0o755)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(["sh", str(tmp_path / "run.sh"), "cpu", "1"], capture_output=True, text=True, env=path)
    assert done.returncode == status, done.stderr
    assert ("more of them" in done.stderr) == (script == "kill -9 $$")


def test_an_archive_runs_by_itself(packed, tmp_path):
    packed.extractall(tmp_path)
    done = subprocess.run(["sh", str(tmp_path / "run.sh"), "cpu"], capture_output=True, text=True,
                          env={"PATH": f"{sys.prefix}/bin:/usr/bin:/bin", "OMP_NUM_THREADS": "1"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(frame_of(load_study("outliers"), "smoke", Store(tmp_path / "store"))) == 5
