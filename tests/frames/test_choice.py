"""What each column is: by its type, by the user's words, or an error that names it."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from vaekit.frames import columns_of, is_mixed, numbers_of_columns, open_table

FRAME = pd.DataFrame({"a": [1.5, 2.0], "n": [1, 2], "c": ["u", "v"]})
TABLE = open_table(FRAME)


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (FRAME, True),
        (FRAME[["a", "n"]], False),
        (FRAME[["n"]].astype("Int64"), False),
        (FRAME[["a"]].astype(object), False),
        (FRAME[["n"]].astype(bool), False),
        (FRAME.assign(c=[True, False]), True),
        (FRAME.assign(c=pd.to_datetime(["2020-01-01", "2020-01-02"])), True),
        (pl.DataFrame({"a": [1.0], "b": [2]}), False),
        (np.array([[1, "a"]], dtype=object), False),
    ],
)
def test_frames_of_numbers_alone_are_matrices(X, expected):
    assert is_mixed(open_table(X)) is expected


@pytest.mark.parametrize("chosen", [["n"], [1], [-2], [False, True, False], np.array(["n"]), pd.Index(["n"])])
def test_columns_go_by_names_numbers_and_masks(chosen):
    assert numbers_of_columns(TABLE, chosen) == [1]
    assert [column.kind for column in columns_of(TABLE, [1]).columns] == ["number", "category", "category"]


def test_the_range_of_a_type_is_kept_and_counts_begin_with_0():
    columns = columns_of(open_table(pd.DataFrame({"a": [1, 2], "b": np.array([1, 2], "i1")})), counts=[0]).columns
    assert [(column.step, column.low, column.high) for column in columns] == [
        (1, 0, np.nextafter(2.0**63, 0)),
        (1, -128, 127),
    ]


@pytest.mark.parametrize(
    ("frame", "told", "words"),
    [
        (FRAME.assign(c=[{}, {}]), {}, "Column 'c' of X holds {}, and columns are"),
        (FRAME.assign(c=pd.period_range("2020", periods=2)), {}, "Column 'c' of X holds Period"),
        (pd.DataFrame({"c": [str(i) for i in range(1001)]}), {}, "'c' of X holds 1001 categories.*leave it out"),
        (FRAME.assign(c=pd.Categorical(pd.to_datetime(["2020", "2021"]))), {}, "the category Timestamp.*text"),
        (FRAME, {"bounds": {"c": (0, 1)}}, "'column_bounds' parameter names 'c', which holds no numbers"),
        (FRAME, {"bounds": {"a": (1, 0)}}, "'column_bounds' parameter must give a lower"),
        (FRAME, {"bounds": {"q": (1, 0)}}, "'column_bounds' parameter names 'q', which is none of the columns"),
    ],
)
def test_what_is_no_column(frame, told, words):
    with pytest.raises(ValueError, match=words):
        columns_of(open_table(frame), **told)


@pytest.mark.parametrize("chosen", [["q"], [3], [True, False], [1.5]])
def test_there_is_no_such_column(chosen):
    with pytest.raises(ValueError, match=r"'categorical_features' parameter names .* none of the columns"):
        numbers_of_columns(TABLE, chosen)
