"""Commands, as they are typed."""

import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from vaekit import VAE
from vaekit.experiments import STUDIES, Data, Outcome, Store, StudyCost, StudyRun, estimate, frame_of, load_study, page
from vaekit.experiments import __main__ as command
from vaekit.experiments import _estimate as costs
from vaekit.experiments.__main__ import TIME_IS_UP, main
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


def test_costs_are_those_of_rows_of_their_own_shape(monkeypatch):
    """A network for 28 x 28 images cannot be timed on anything else; few of them are enough."""
    asked = []

    def load(data, folder):
        asked.append(data["n_rows"])
        return Data(np.zeros((data["n_rows"], 28, 28), np.uint8))

    model = preset("dpvae/VAE/mnist", batch_size=4)
    study = replace(load_study("dpvae"), load=load, runs=lambda scale: [StudyRun({}, model, {"n_rows": 60_000}, 0)])
    monkeypatch.setattr(costs, "FEW", 1)
    monkeypatch.setattr(costs, "MORE", 2)
    cost = estimate(study, "paper")
    assert (cost.n_runs, cost.n_steps) == (1, 100_000)
    assert asked == [costs.FEWEST_ROWS]


def test_costs_are_told_before_and_on_the_page(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "estimate", lambda *what, **how: StudyCost(7, 7000, 12.34, 2))
    main(["estimate", "outliers", "--scale", "paper", "--store", str(tmp_path)])
    said = "7 runs, 7,000 steps: about 12.3 hours of training; 2 more want files or libraries that are not here"
    assert capsys.readouterr().out == f"{said}, on cpu\n"
    assert f"on cpu: {said}." in page(load_study("outliers"), "small", Store(tmp_path))


def test_runs_whose_files_are_not_there_are_not_timed():
    cost = estimate(load_study("outliers"), "smoke")
    assert (cost.n_runs, cost.n_left_out) == (5, 0)
    assert cost.hours >= 0
    assert estimate(load_study("outliers"), "small")[0::3] == (0, 225)


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
