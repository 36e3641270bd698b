"""Frames as matrices to draw and to change: indicators, codes and words of cells."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from vaekit.datasets import make_mixed_table
from vaekit.frames import (
    codes_of_columns,
    columns_in,
    frame_of_codes,
    indicator_names,
    indicators,
    words_of_cells,
)

TABLES = {name: make_mixed_table(9, missing=0.2, library=name, random_state=0) for name in ("pandas", "polars")}
FRAME = TABLES["pandas"].data


@pytest.mark.parametrize("library", TABLES)
def test_codes_are_frames_and_back(library):
    X, is_missing = TABLES[library].data, TABLES[library].is_missing
    columns = columns_in(X)
    codes = codes_of_columns(columns, X)
    np.testing.assert_array_equal(np.isnan(codes), is_missing)
    assert frame_of_codes(columns, codes).equals(X)


def test_codes_that_nobody_has_become_the_nearest():
    frame = pd.DataFrame({"w": pd.Categorical(["a", "b"], categories=["a", "b", "c"]), "n": [1, 2]})
    made = frame_of_codes(columns_in(frame), np.array([[7.0, 1.4], [-3.0, 2.6], [np.nan, 0.2]]))
    assert made["w"].tolist()[:2] == ["c", "a"]
    assert made["w"].isna().tolist() == [False, False, True]
    assert made["n"].tolist() == [1, 3, 0]


def test_every_number_has_a_name():
    columns = columns_in(FRAME)
    names, rows = indicator_names(columns), indicators(columns, FRAME)
    assert rows.shape == (9, len(names))
    assert names[:5] == ["income", "age", "region = north", "region = south", "region = west"]
    known = ~TABLES["pandas"].is_missing[:, 2]
    np.testing.assert_array_equal(rows[known, 2] == 1, FRAME["region"][known] == "north")


def test_cells_in_words():
    frame = pd.DataFrame(
        {
            "x": [1234.5678, None],
            "n": pd.Series([2**60 + 1, None], dtype="Int64"),
            "w": ["a", None],
            "t": pd.Series([True, None], dtype="boolean"),
            "day": pd.to_datetime(["2020-01-31", None]),
            "hour": pd.to_datetime(["2020-01-31 18:30", None]),
            "wait": pd.to_timedelta([90, None], unit="min"),
        }
    )
    words = words_of_cells(columns_in(frame), frame)
    expected = ["1235", str(2**60 + 1), "a", "True", "2020-01-31", "2020-01-31 18:30:00", "1:30:00"]
    assert words.tolist() == [expected, ["?"] * 7]


@pytest.mark.parametrize(
    "X", [np.zeros((2, 2)), pd.DataFrame({"x": [1.0, 2]}), pl.DataFrame({"x": [1]}), np.zeros((2, 3, 3)), [[1, 2]]]
)
def test_matrices_have_no_columns(X):
    assert columns_in(X) is None
