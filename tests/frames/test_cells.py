"""Single cells as numbers of a row: the same that a frame with them has."""

import datetime

import numpy as np
import pandas as pd
import pytest

from vaekit.frames import columns_of, open_table, row_of_cells

ROWS = pd.DataFrame(
    {
        "x": [0.5, 1.5],
        "n": np.array([1, 2], dtype=np.int8),
        "t": pd.to_datetime(["2020-01-01 06:00", "2020-01-02 18:00"]),
        "zone": pd.to_datetime(["2020-01-01 06:00", "2020-01-02 18:00"]).tz_localize("Europe/Berlin"),
        "d": pd.to_timedelta([1.5, 2.0], unit="D"),
        "b": [True, False],
        "k": pd.Categorical(["u", "v"], categories=["v", "u", "w"]),
    }
)
COLUMNS = columns_of(open_table(ROWS))


@pytest.mark.parametrize("number", range(len(COLUMNS)))
@pytest.mark.parametrize("row", range(2))
def test_a_cell_is_what_it_is_in_a_frame(number, row):
    found = row_of_cells(COLUMNS, {number: ROWS.iloc[row, number]})
    expected = COLUMNS.encode(open_table(ROWS))[row]
    known = ~np.isnan(found[0])
    np.testing.assert_array_equal(known, COLUMNS.owners == number)
    np.testing.assert_array_equal(found[0, known], expected[known])


@pytest.mark.parametrize(
    ("number", "value", "words"),
    [
        (1, 128, "cannot hold 128: it holds multiples of 1 from -128 to 127"),
        (1, 1.5, "cannot hold 1.5"),
        (2, datetime.timedelta(1), "'t' holds dates or times"),
        (2, "2020-01-01T06:00:01", "'t' cannot hold"),
        (4, "2020-01-01", "'d' holds dates or times"),
        (5, 2, "'b' holds truths, and 2 is none"),
        (6, "x", "'k' has no category 'x'; pass one of 'v', 'u', 'w'"),
        (6, pd.NA, "nothing is given but <NA>"),
        (2, pd.NaT, "nothing is given but NaT"),
    ],
)
def test_what_a_column_cannot_hold(number, value, words):
    with pytest.raises(ValueError, match=words):
        row_of_cells(COLUMNS, {number: value})
