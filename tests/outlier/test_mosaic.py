"""Tables of numbers and words put together of two, and read as numbers."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from vaekit.outlier._mosaic import as_given, as_numbers, mosaic

COLUMNS = {"x": [1.0, 2.0, 3.0], "n": [4, 5, 6], "w": ["a", "b", "a"], "t": [True, False, True]}
OTHERS = {"x": [7.0, 8.0, 9.0], "n": [1, 2, 3], "w": ["c", "b", "c"], "t": [False, False, False]}
IS_FIRST = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 1]], dtype=bool)
EXPECTED = {"x": [1.0, 8.0, 3.0], "n": [1, 5, 6], "w": ["a", "b", "a"], "t": [False, False, True]}
FRAMES = {
    "pandas": lambda columns: pd.DataFrame(columns, index=[7, 7, 9]),
    "categories": lambda columns: pd.DataFrame(columns).astype({"w": pd.CategoricalDtype(list("abc"))}),
    "nullable": lambda columns: pd.DataFrame(columns).convert_dtypes(),
    "polars": pl.DataFrame,
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_cells_come_from_the_table_that_is_told(frame):
    first, second = frame(COLUMNS), frame(OTHERS)
    found = mosaic(first, second, IS_FIRST)
    assert {name: list(found[name]) for name in found.columns} == EXPECTED
    assert list(found.dtypes) == list(first.dtypes)
    assert type(found) is type(first)


def test_arrays_too():
    first, second = np.arange(6.0).reshape(2, 3), -np.ones((2, 3))
    is_first = np.array([[True, False, True], [False, False, True]])
    assert_array_equal(mosaic(first, second, is_first), [[0, -1, 2], [-1, -1, 5]])


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_words_are_numbered_and_truths_are_words(frame):
    first, second, are_numbers = as_numbers(frame(COLUMNS), frame(OTHERS))
    assert_array_equal(are_numbers[:3], [True, True, False])
    assert_array_equal(first[:, :2], np.transpose([COLUMNS["x"], COLUMNS["n"]]))
    assert_array_equal(first[:, 2][:, None] == second[:, 2], [[False] * 3, [False, True, False], [False] * 3])


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_numbers_take_the_names_of_a_frame(frame):
    X = frame(COLUMNS)
    found = as_given(np.arange(12.0).reshape(3, 4), X)
    assert list(found.columns) == list(COLUMNS)
    assert_array_equal(found.to_numpy(), np.arange(12.0).reshape(3, 4))
    if hasattr(X, "index"):
        assert list(found.index) == list(X.index)
