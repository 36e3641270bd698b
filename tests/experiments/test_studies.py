"""Every study from its smallest runs to its page, and what all studies have in common."""

import importlib
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import vaekit.inspection
from vaekit.experiments import SCALES, STUDIES, Store, frame_of, judge, load_study, markdown, page, run_study
from vaekit.experiments.__main__ import main
from vaekit.experiments.studies._figures import compared

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", params=STUDIES)
def finished(request, tmp_path_factory):
    study, store = load_study(request.param), Store(tmp_path_factory.mktemp(request.param))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vaekit.evaluation._table_parts.N_TREES", 10)  # what is asked is not how well they tell
        outcome = run_study(study, "smoke", store)
    assert outcome.failed == {}
    assert outcome.done == len(study.keys("smoke"))
    return study, store


def test_a_study_from_its_smallest_runs_to_its_page(finished):
    study, store = finished
    frame, text = frame_of(study, "smoke", store), page(study, "smoke", store)
    n_runs = len(study.keys("smoke"))
    assert f"{n_runs} of {n_runs} runs are finished" in text
    assert all(table.title in text for table in study.tables)
    for claim, outcome, said in judge(study.claims, frame):
        assert f"| {claim.text} | {claim.source} | {outcome} | {said} |" in text
        assert said


def test_every_column_of_a_table_is_a_number_of_some_runs(finished):
    """But for those whose runs the smallest scale has none of."""
    study, store = finished
    frame = frame_of(study, "smoke", store)
    for table in study.tables:
        shown = frame
        for name, value in table.only.items():
            assert name in frame
            shown = shown[shown[name] == value]
        made = shown if table.of is None or shown.empty else table.of(shown)
        assert set(table.rows) <= set(frame)
        assert shown.empty or {*table.numbers} & {*made} == {*table.numbers}, markdown(table, frame)


def test_figures_are_drawn_by_displays_beside_the_page(finished, tmp_path):
    study, store = finished
    main(["page", study.name, "--scale", "smoke", "--store", str(store.folder), "--out", str(tmp_path / "page.md")])
    text = (tmp_path / "page.md").read_text()
    for name, draw in study.figures.items():
        assert f"{draw.__doc__.splitlines()[0]}\n\n![{name}]({study.name}_{name}.png)" in text
        assert (tmp_path / f"{study.name}_{name}.png").read_bytes().startswith(b"\x89PNG")
        assert type(draw(frame_of(study, "smoke", store))).__name__ in vaekit.inspection.__all__
    plt.close("all")


def test_claims_find_what_they_are_about(finished):
    """A claim cannot be tested for want of runs, never for want of a number that no run has."""
    study, store = finished
    frame = frame_of(study, "smoke", store)
    judge(study.claims, frame.iloc[:1])
    assert [verdict.outcome for verdict in judge(study.claims, frame.iloc[:0])] == ["cannot be tested here"] * len(
        study.claims
    )


@pytest.mark.parametrize("name", STUDIES)
def test_every_claim_has_a_text_and_a_source(name):
    study = load_study(name)
    assert study.name == name
    assert study.claims
    assert all(claim.text and claim.source for claim in study.claims)
    assert all(claim.test is not None or claim.why_not for claim in study.claims)
    texts = [claim.text for claim in study.claims]
    assert len(set(texts)) == len(texts)
    assert study.tables
    assert study.source


def test_a_study_and_what_it_is_split_into_are_short_files():
    folder = Path(importlib.import_module("vaekit.experiments.studies").__file__).parent
    lengths = {file.name: len(file.read_text().splitlines()) for file in folder.glob("*.py")}
    assert {f"_{name}.py" for name in STUDIES} <= set(lengths)
    assert {name: length for name, length in lengths.items() if length > 150} == {}


@pytest.mark.parametrize("name", STUDIES)
def test_runs_of_a_scale_are_all_different(name):
    """No two share their key, and no two of one seed their labels, unless folds tell them apart."""
    study = load_study(name)
    for scale in SCALES:
        runs = study.runs(scale)
        assert len(study.keys(scale)) == len(runs)
        named = [(*run.labels.values(), run.seed, run.data.get("fold")) for run in runs]
        assert len(set(named)) == len(named), scale


def test_the_thesis_has_the_runs_of_its_source():
    runs = load_study("thesis").runs("paper")
    assert len(runs) == 170
    assert {run.data["n_rows"] for run in runs} == {737_280}


def test_what_is_published_has_a_row_of_its_name():
    """Published rows name methods that the study runs at some scale."""
    for name in ("thesis", "dpvae", "demystifying", "tables", "imputation", "mnist_likelihood"):
        study = load_study(name)
        for table in study.tables:
            ran = {tuple(run.labels.get(row) for row in table.rows) for scale in SCALES for run in study.runs(scale)}
            assert set(table.published) <= ran, (name, table.title)


def test_files_that_are_missing_are_told(tmp_path):
    study = load_study("dpvae")
    failed = run_study(
        study, "small", Store(tmp_path), shard=(len(study.keys("small")), len(study.keys("small")))
    ).failed
    assert all(re.search("mnist", error) for error in failed.values())
    assert len(failed) == 1


def test_a_picture_of_settings_has_every_run_and_panels_of_numbers_that_there_are():
    frame = pd.DataFrame({
        "data": ["a", "a", "a", "b"], "method": ["x", "x", "y", "x"], "beta": [1, 1, "", 1], "seed": [0, 1, 0, 0],
        "fid": [3.0, 4.0, 5.0, np.nan], "mig": [0.1, np.nan, 0.3, 0.4],
    })  # fmt: skip
    display = compared(frame, ["method", "beta"], {"fid": "lower", "mig": "higher", "other": "lower"}, "data")
    assert display.models == ["x 1", "y"]
    assert display.better == {"a fid": "lower", "a mig": "higher", "b mig": "higher"}
    np.testing.assert_array_equal(display.scores["a fid"], [[3, 4], [5, np.nan]])
    np.testing.assert_array_equal(display.scores["b mig"], [[0.4, np.nan], [np.nan, np.nan]])
    assert list(compared(frame, ["method"], {"fid": "lower"}).scores) == ["fid"]
