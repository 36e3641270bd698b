"""Conditions as rows of numbers: what scikit-learn's encoders have for them, and what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from vaekit.estimators._conditions import Conditions

N = 12
LABELS = np.array([2, 0, 5])[np.arange(N) % 3]
TEXTS = np.array(["south", "north", "b"])[np.arange(N) % 3]
NUMBERS = np.random.default_rng(0).normal(40, 10, N)

COLUMNS = {
    "integers": LABELS,
    "bytes": LABELS.astype(np.uint8),
    "whole floats": LABELS.astype(float),
    "truths": LABELS > 1,
    "texts": TEXTS,
    "objects": TEXTS.astype(object),
    "bytes of text": TEXTS.astype("S"),
    "numbers": NUMBERS,
    "single precision": NUMBERS.astype(np.float32),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_columns_are_what_the_encoders_of_scikit_learn_have(column):
    conditions = Conditions().fit(column, N)
    is_number = isinstance(conditions.encoders[0], StandardScaler)
    expected = (StandardScaler() if is_number else OneHotEncoder(sparse_output=False)).fit(column[:, None])
    for rows in (slice(None), slice(4, 5)):
        encoded = conditions.encode(column[rows], len(column[rows]))
        np.testing.assert_allclose(encoded, expected.transform(column[rows][:, None]), rtol=1e-5)


@pytest.mark.parametrize(
    ("fitted", "told"),
    [(LABELS, LABELS.astype(float)), (LABELS, LABELS.astype(object)), (TEXTS, TEXTS.astype(object)),
     (TEXTS.astype(object), TEXTS), (TEXTS, TEXTS.astype("U20")), (LABELS == 2, (LABELS == 2).astype(int)),
     (NUMBERS, NUMBERS.astype(object))],
)  # fmt: skip
def test_labels_are_known_in_another_type(fitted, told):
    conditions = Conditions().fit(fitted, N)
    np.testing.assert_array_equal(conditions.encode(told, N), conditions.encode(fitted, N))


@pytest.mark.parametrize("table", [lambda frame: frame.to_numpy(), lambda frame: frame.astype(object),
                                   lambda frame: frame.to_numpy().tolist()])  # fmt: skip
def test_numbers_beside_texts_are_numbers(table):
    frame = pd.DataFrame({"place": TEXTS, "age": NUMBERS})
    told = Conditions().fit(frame, N)
    assert [type(encoder) for encoder in told.encoders] == [OneHotEncoder, StandardScaler]
    np.testing.assert_array_equal(Conditions().fit(table(frame), N).encode(table(frame), N), told.encode(frame, N))


@pytest.mark.parametrize("column", [TEXTS, TEXTS.astype(object), TEXTS.astype("S"), LABELS, NUMBERS, LABELS > 1])
def test_one_condition_holds_for_all_rows(column):
    conditions, value = Conditions().fit(column, N), column[1:2].tolist()[0]
    expected = np.repeat(conditions.encode(column[1:2], 1), 3, axis=0)
    for one in (value, (value,), column[1], np.array(value)):
        np.testing.assert_array_equal(conditions.encode(one, 3), expected)


def test_one_condition_goes_with_cells_that_are_given():
    conditions = Conditions().fit(TEXTS, N)
    for y in ("north", b"north", ("north",), 2, 0.5, np.str_("north"), np.array(2)):
        assert conditions.taken({"age": 30}, y, ["age"]) == (y, {"age": 30})
    for y in (["north"], TEXTS[:1], pd.Series(["north"]), pd.DataFrame({"site": ["north"]})):
        with pytest.raises(ValueError, match="'y' must be one condition for all samples"):
            conditions.taken({"age": 30}, y, ["age"])


HOLES = {
    "list": [None, *TEXTS[1:]],
    "objects": np.array([None, *TEXTS[1:]], dtype=object),
    "NaN among texts": np.array([np.nan, *TEXTS[1:]], dtype=object),
    "series": pd.Series([None, *TEXTS[1:]]),
    "strings": pd.Series([None, *TEXTS[1:]], dtype="string"),
    "categories": pd.Series([None, *TEXTS[1:]], dtype="category"),
    "nullable": pd.array([None, *LABELS[1:]], dtype="Int64"),
    "truths": pd.array([None, *(LABELS[1:] > 1)], dtype="boolean"),
    "polars": pl.Series([None, *TEXTS[1:].tolist()]),
    "numbers": np.r_[np.nan, NUMBERS[1:]],
    "whole floats": np.r_[np.nan, LABELS[1:]],
    "frame": pd.DataFrame({"site": TEXTS, "age": np.r_[np.nan, NUMBERS[1:]]}),
}


@pytest.mark.parametrize("y", HOLES.values(), ids=HOLES)
def test_what_is_missing_is_refused_in_training(y):
    with pytest.raises(ValueError, match="'y' has values that are missing"):
        Conditions().fit(y, N)
    weight = np.r_[0, np.ones(N - 1)]  # rows that do not count may have it
    conditions = Conditions().fit(y, N, weight)
    assert np.isfinite(conditions.encode(y, N, weight)).all()


@pytest.mark.parametrize("fitted", [TEXTS, TEXTS.astype(object), LABELS, NUMBERS])
@pytest.mark.parametrize("told", [np.nan, np.array([None, None]), [0.5, np.nan]], ids=["nan", "None", "list"])
def test_what_is_missing_is_refused_afterwards(fitted, told):
    with pytest.raises(ValueError, match="'y' has values that are missing"):
        Conditions().fit(fitted, N).encode(told, 2)


@pytest.mark.parametrize(
    ("fitted", "told"),
    [(TEXTS, "west"), (TEXTS, ["north", "west"]), (TEXTS, b"north"), (TEXTS, 2), (LABELS, 7), (LABELS, 0.5),
     (LABELS, "2"), (NUMBERS, "two"), (NUMBERS, np.inf), (LABELS, -1), (TEXTS.astype(object), "z")],
)  # fmt: skip
def test_what_was_not_in_the_fit_is_refused(fitted, told):
    with pytest.raises(ValueError, match=r"not fitted with|fitted with such as"):
        Conditions().fit(fitted, N).encode(told, 2)


def test_a_label_that_is_new_is_named_beside_those_that_are_known():
    with pytest.raises(ValueError, match="'west', which is none of 'b', 'north', 'south'"):
        Conditions().fit(TEXTS, N).encode(["north", "west"], 2)
