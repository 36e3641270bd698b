"""Rows as numbers: units of each column, categories at one distance, gaps that samples share."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from vaekit.features._comparable import comparable_rows


def test_categories_are_at_distance_1_and_numbers_in_deviations():
    X = pd.DataFrame({"x": [0.0, 2.0, 4.0], "w": ["a", "b", "a"], "t": [True, True, False]})
    to_numbers = comparable_rows(X)
    rows = to_numbers(X)
    squares = np.square(rows[:, None] - rows[None]).sum(axis=2)
    step = 2 / np.std([0, 2, 4])
    np.testing.assert_allclose(squares[0], [0, step**2 + 1, (2 * step) ** 2 + 1])
    for frame in (pl.from_pandas(X), pa.Table.from_pandas(X)):
        np.testing.assert_allclose(comparable_rows(frame)(frame), rows)


def test_samples_lose_the_cells_that_rows_lack():
    rng = np.random.default_rng(0)
    complete = rng.normal(size=(2000, 2)) @ [[1, 1], [0, 1]]
    X = np.where(rng.random(complete.shape) < 0.4, np.nan, complete)
    to_numbers = comparable_rows(X)
    other = to_numbers(rng.normal(size=(2000, 2)) @ [[1, 1], [0, 1]])
    np.testing.assert_allclose(np.cov(other.T), np.cov(to_numbers(X).T), atol=0.1)
    assert (other[np.isnan(X)] == 0).all()
    assert (to_numbers(X)[np.isnan(X)] == 0).all()
    np.testing.assert_array_equal(comparable_rows(complete)(complete), complete)


def test_unknown_categories_and_columns_of_nothing_are_numbers_too():
    X = pd.DataFrame({"w": ["a", "b", "a"], "x": [1.0, 2.0, np.nan], "nothing": pd.Series([None] * 3, dtype=object)})
    rows = comparable_rows(X)(X.assign(w="zz"))
    assert np.isfinite(rows).all()
    np.testing.assert_array_equal(rows[:, -1], 0)
