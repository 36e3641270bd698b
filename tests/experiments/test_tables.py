"""Tables, claims and pages of finished runs."""

from dataclasses import replace

import pandas as pd
import pytest
import toy_study

from vaekit.experiments import Claim, Finding, Store, Table, frame_of, judge, markdown, page, run_study
from vaekit.experiments._claims import in_every_run, is_lower, per_seed

STUDY = toy_study.STUDY
FRAME = pd.DataFrame({"method": ["a", "a", "a", "b", "b"], "seed": [0, 1, 2, 0, 1], "error": [1.0, 2.0, 3.0, 4.0, 1.0]})


def test_finished_runs_are_rows(tmp_path):
    store = Store(tmp_path)
    assert frame_of(STUDY, "small", store).empty
    run_study(STUDY, "small", store)
    frame = frame_of(STUDY, "small", store)
    assert list(frame.method) == ["PCA"] * 3
    assert list(frame.seed) == list(frame.luck) == [0, 1, 2]
    assert {"error", "fit_seconds", "measure_seconds", "device"} <= set(frame)
    text = page(replace(STUDY, tables=[*STUDY.tables, Table("Others", ["a"], {"b": "c"})]), "small", store)
    assert "### Others\n\nNone of its runs are there.\n" in text
    assert "PCA | 3 | 0." in text
    assert "3 of 3 runs are finished" in text
    assert "| the moon is cheese | page 2 | cannot be tested here | too far away |" in text
    assert "python -m vaekit.experiments run toy --scale small" in text


def test_a_table_has_spread_and_what_was_published():
    table = Table("Errors", ["method"], {"error": "error:.1f"}, {("a",): {"error": "1.5 ± .1"}, ("c",): {"error": "9"}})
    lines = markdown(table, FRAME.iloc[:4]).splitlines()
    assert lines[2] == "| method | seeds | error | published |"
    assert lines[4:] == ["| a | 3 | 2.0 ± 1.0 | 1.5 ± .1 |", "| b | 1 | 4.0 (one seed) |  |", "| c | 0 |  | 9 |"]
    assert "| a |" not in markdown(Table("B", ["method"], {"error": "e"}, only={"method": "b"}), FRAME)
    assert markdown(Table("none", ["method"], {"error": "e"}, only={"x": 1}), FRAME).count("\n|") == 2


def test_a_table_is_of_runs_that_have_its_numbers():
    frame = pd.concat([FRAME, pd.DataFrame({"method": ["d"], "seed": [0], "other": [1.0]})])
    assert "| d |" not in markdown(Table("Errors", ["method"], {"error": "e"}), frame)
    assert "| d | 1 | 1 (one seed) |" in markdown(Table("Others", ["method"], {"other": "o"}), frame)


def test_a_table_may_choose_among_its_runs():
    table = Table("Best", ["method"], {"error": "e:.0f"}, of=lambda frame: frame[frame.error == frame.error.min()])
    assert markdown(table, FRAME).splitlines()[4:] == ["| a | 1 | 1 (one seed) |", "| b | 1 | 1 (one seed) |"]
    assert markdown(table, FRAME[:0]).count("\n|") == 2


def test_claims_are_judged_by_seeds():
    assert per_seed(FRAME, "error", method="z") is None
    (lower, higher, none) = judge(
        [Claim("", "", is_lower("error", {"method": one}, {"method": other})) for one, other in ("ab", "ba", "az")],
        FRAME,
    )
    assert (lower.outcome, higher.outcome, none.outcome) == (
        "not reproduced", "not reproduced", "cannot be tested here",
    )  # fmt: skip
    assert "lower in 1 of 2 seeds" in lower.said
    held = Claim("", "", is_lower("error", {"method": "a"}, {"method": "b"}, factor=3))
    assert judge([held], FRAME)[0].outcome == "reproduced"


@pytest.mark.parametrize(
    ("bounds", "expected"), [({"least": 1}, True), ({"most": 2.9}, False), ({"least": 1.1, "most": 9}, False)]
)
def test_a_claim_about_every_run_says_them_all(bounds, expected):
    holds, said = in_every_run("error", form=".1f", method="a", **bounds)(FRAME)
    assert (holds, said) == (expected, "1.0, 2.0, 3.0 (3 seeds)")
    assert in_every_run("error", method="z", **bounds)(FRAME) is None
    many = pd.concat([FRAME[FRAME.method == "a"]] * 4)
    assert in_every_run("error", form=".0f", **bounds)(many).said == "1 to 3 in 12 runs (3 seeds)"


@pytest.mark.parametrize("holds", [True, False])
def test_a_claim_that_fails_is_shown_as_failing(holds):
    claim = Claim("it holds", "page 3", lambda frame: Finding(holds, "seen"))
    assert judge([claim], FRAME)[0][1:] == ("reproduced" if holds else "not reproduced", "seen")
