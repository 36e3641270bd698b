"""Tables of any kind read as numbers and words."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from vaekit.evaluation._mixed_table import mixed_tables

COLUMNS = {
    "number": [1.5, None, -2.0, 0.0],
    "whole": [3, 1, 2, 2],
    "word": ["b", "a", "c", "a"],
    "truth": [True, False, True, True],
    "day": np.array(["2020-01-01", "2020-01-03", "NaT", "2020-01-01"], dtype="M8[us]"),
}
FRAMES = {
    "pandas": pd.DataFrame(COLUMNS),
    "categories": pd.DataFrame(COLUMNS).astype({"word": "category"}),
    "objects": pd.DataFrame(COLUMNS).astype(object).astype({"day": "M8[us]"}),
    "polars": pl.DataFrame({**COLUMNS, "number": [1.5, None, -2.0, 0.0]}),
    "arrow": pl.DataFrame(COLUMNS).to_arrow(),
}
DAY = 24 * 3600e6


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_every_frame_reads_the_same(frame):
    (table,) = mixed_tables("from_dtype", X_train=frame)
    assert table.names == tuple(COLUMNS)
    assert table.n_kinds == (0, 0, 3, 2, 0)
    assert_array_equal(table.values[:, 0], [1.5, np.nan, -2, 0])
    assert_array_equal(table.values[:, 2], [1, 0, 2, 0])
    assert_array_equal(table.values[:, 4] - table.values[0, 4], [0, 2 * DAY, np.nan, 0])


def test_words_of_all_tables_are_numbered_together():
    first, second = mixed_tables("from_dtype", one=pd.DataFrame({"w": ["b", "c"]}), other=pd.DataFrame({"w": ["a"]}))
    assert first.n_kinds == second.n_kinds == (3,)
    assert_array_equal([*first.values[:, 0], *second.values[:, 0]], [1, 2, 0])


@pytest.mark.parametrize("asked", [[1], ["column 1"], [False, True], [-1]])
def test_numbers_can_be_words(asked):
    (table,) = mixed_tables(asked, X_train=np.array([[1.0, 5.0], [2.0, 7.0]]))
    assert table.n_kinds == (0, 2)


def test_two_words_are_one_deviation_apart():
    (table,) = mixed_tables("from_dtype", X_train=pd.DataFrame({"x": [1.0, 5.0, 3.0], "w": list("aba")}))
    blocks = np.concatenate(table.coordinates(*table.units()), axis=1)
    deviation = np.std([1, 5, 3])
    assert_allclose(np.linalg.norm(blocks[0] - blocks[1]), np.hypot(1, 4 / deviation))
    assert_allclose(np.linalg.norm(blocks[0] - blocks[2]), 2 / deviation)


@pytest.mark.parametrize(
    ("asked", "other", "words"),
    [
        ("from_dtype", pd.DataFrame({"x": [1.0]}), "columns"),
        ("from_dtype", pd.DataFrame({"x": [1.0], "v": ["a"]}), "columns"),
        ("from_dtype", pd.DataFrame({"x": ["a"], "w": ["a"]}), "'x' holds numbers"),
        ("from_dtype", np.zeros((2, 2, 2)), "shape"),
        (["y"], pd.DataFrame({"x": [1.0], "w": ["a"]}), "categorical_features"),
        ([7], pd.DataFrame({"x": [1.0], "w": ["a"]}), "categorical_features"),
    ],
)
def test_bad_tables(asked, other, words):
    with pytest.raises(ValueError, match=words):
        mixed_tables(asked, X_train=pd.DataFrame({"x": [1.0, 2.0], "w": ["a", "b"]}), samples=other)
