"""Each measure of a table of samples, where its value can be said aloud."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import pearsonr
from scipy.stats.contingency import association
from sklearn.feature_selection import f_classif

from vaekit.evaluation import _table_parts
from vaekit.evaluation._mixed_table import mixed_tables
from vaekit.evaluation._table_parts import (
    associations,
    closest_records,
    column_distances,
    detection_auc,
    use_of_training,
)

RNG = np.random.default_rng(0)


def read(*frames):
    return mixed_tables("from_dtype", **{f"table {i}": pd.DataFrame(frame) for i, frame in enumerate(frames)})


def test_distances_of_columns():
    one = {"x": [0.0, 1, 2, 3], "w": list("aabb"), "gaps": [1.0, np.nan, np.nan, 1]}
    other = {"x": [2.0, 3, 4, 5], "w": list("abbc"), "gaps": [1.0, 1, 1, 1]}
    assert_allclose(column_distances(*read(one, other)), [0.5, 0.25, 0.5])
    assert_allclose(column_distances(*read(one, one)), 0)


def test_associations_are_those_of_the_books():
    x, y = RNG.normal(size=(2, 200)) + RNG.normal(size=200)
    w = np.where(x > 0, "a", RNG.choice(["b", "c"], 200))
    v = np.where(RNG.random(200) < 0.3, w, RNG.choice(["b", "d"], 200))
    (table,) = read({"x": x, "y": y, "w": w, "v": v})
    found = associations(table)  # xy, xw, xv, yw, yv, wv
    F = f_classif(x[:, None], w)[0][0]
    assert_allclose(found[0], pearsonr(x, y).statistic)
    assert_allclose(found[1], np.sqrt(1 / (1 + (200 - 3) / (2 * F))))
    assert_allclose(found[5], association(pd.crosstab(w, v).to_numpy(), method="cramer"))


def test_columns_that_do_not_vary_have_no_associations():
    (table,) = read({"x": np.ones(9), "y": np.arange(9.0), "w": ["a"] * 9, "v": list("abcabcabc"), "z": [np.nan] * 9})
    assert_allclose(associations(table)[[0, 1, 2, 3, 4, 6, 7]], 0)


def test_a_forest_tells_what_differs(monkeypatch):
    monkeypatch.setattr(_table_parts, "N_TREES", 40)
    rows, same, other = RNG.normal(size=(3, 80, 2))
    assert detection_auc(*read(rows, other + 3), 0) > 0.95
    assert detection_auc(*read(rows, same), 0) < 0.65


def test_use_is_between_guessing_and_perfect():
    x = RNG.normal(size=200)
    frame = {"x": x, "twice": 2 * x, "sign": np.where(x > 0, "up", "down"), "noise": RNG.normal(size=200)}
    (table,) = read(frame)
    train, test = table.take(slice(100)), table.take(slice(100, 200))
    found = use_of_training(train, test, range(4), 0)
    assert np.all(found[:3] > 0.9)
    assert found[3] < 0.2
    (constant,) = read({**frame, "sign": ["up"] * 200})
    assert use_of_training(constant, test, [2], 0) == 0


def test_targets_that_are_missing_are_left_out():
    x = RNG.normal(size=100)
    (table,) = read({"x": x, "y": np.where(x > 1, np.nan, x)})
    assert use_of_training(table, table, [1], 0) > 0.95


@pytest.mark.parametrize(("copied", "share"), [(True, 1.0), (False, 0.0)])
def test_copies_are_closest(copied, share):
    train, test = RNG.normal(size=(2, 60, 2))
    samples = train if copied else train + 50
    assert closest_records(*read(samples, train, test)).share_closer == share
