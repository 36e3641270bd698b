"""Samples of a table beside real rows."""

import functools

import numpy as np
import pandas as pd
import polars as pl
import pytest

from vaekit.evaluation import _table_parts, table_report

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 1)) + 0.3 * RNG.normal(size=(300, 3))
WORDS = pd.DataFrame(X, columns=["x", "y", "z"]).assign(side=np.where(X[:, 0] > 0, "left", "right"))
TRAIN, TEST, FRESH = WORDS[:100], WORDS[100:200], WORDS[200:]


@pytest.fixture(autouse=True)
def fewer_trees(monkeypatch):
    monkeypatch.setattr(_table_parts, "N_TREES", 40)


@pytest.fixture
def few_trees(monkeypatch, fewer_trees):
    """Of forests whose skill nothing hangs on."""
    monkeypatch.setattr(_table_parts, "N_TREES", 4)


@functools.cache
def report_of_fresh_rows():
    return table_report(TRAIN, TEST, FRESH, random_state=0)


def test_real_rows_get_what_the_holdout_gets():
    report = report_of_fresh_rows()
    for name in ("column_distance", "association_distance", "use", "closest_record"):
        assert report[name].samples == pytest.approx(report[name].holdout, abs=0.12)
    assert abs(report["detection_auc"].samples - 0.5) < 0.12
    assert abs(report["share_closer"].samples - 0.5) < 0.12
    assert report["copies"].samples == 0


def test_samples_of_the_columns_alone_are_told_apart():
    shuffled = pd.DataFrame({name: RNG.permutation(FRESH[name]) for name in FRESH})
    report, of_rows = table_report(TRAIN, TEST, shuffled, random_state=0), report_of_fresh_rows()
    assert report["column_distance"] == of_rows["column_distance"]
    assert report["association_distance"].samples > 5 * report["association_distance"].holdout
    assert report["detection_auc"].samples > 0.85 > 0.65 > report["detection_auc"].holdout
    assert report["use"].samples < 0.1 < 0.7 < report["use"].holdout


def test_memory_is_told_from_skill():
    report = table_report(TRAIN, TEST, TRAIN, random_state=0)
    assert report["detection_auc"].samples == pytest.approx(report["detection_auc"].holdout, abs=0.05)
    assert (report["copies"].samples, report["copies"].holdout, report["share_closer"].samples) == (1, 0, 1)


def test_report_prints_and_becomes_a_frame(few_trees):
    report = table_report(TRAIN, TEST, FRESH, target="side", random_state=0)
    assert list(report.to_frame().index) == list(report.rows)
    assert list(report.to_frame().columns) == ["samples", "holdout", "better"]
    assert list(report.columns) == ["x", "y", "z", "side"]
    assert len(repr(report).splitlines()) == 1 + len(report.rows)
    assert report._repr_html_().count("<tr>") == 1 + len(report.rows)


def test_containers_and_names_of_targets_agree(few_trees):
    expected = repr(table_report(TRAIN, TEST, FRESH, target="side", random_state=0))
    frames = [pl.from_pandas(frame) for frame in (TRAIN, TEST, FRESH)]
    assert repr(table_report(*frames, target=3, random_state=0)) == expected
    assert repr(table_report(*(frame.to_arrow() for frame in frames), target=3, random_state=0)) == expected
    assert repr(table_report(*(frame.to_numpy() for frame in frames), target=3, random_state=0)) == expected


@pytest.mark.parametrize(
    ("samples", "options", "words"),
    [
        (FRESH[:9], {}, "at least 10 rows"),
        (FRESH[["x", "y"]], {}, "columns"),
        (FRESH, {"target": "w"}, "target"),
        (FRESH, {"target": 4}, "target"),
    ],
)
def test_bad_calls(samples, options, words):
    with pytest.raises(ValueError, match=words):
        table_report(TRAIN, TEST, samples, **options)
