"""What is told beside rows: read whatever it stands in, and refused in the name of its argument."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from scipy import sparse

from vaekit import VAE, ConditionalVAE, SlowVAE
from vaekit.utils._told import about

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
TINY = {"n_components": 2, "hidden_layer_sizes": (4,), "max_epochs": 1, "random_state": 0}
N = 12
X = np.random.default_rng(0).normal(size=(N, 3))
NUMBERS = np.arange(N) % 3
TEXTS = np.array(["a", "b", "c"])[NUMBERS]


def told_conditions(y):
    return ConditionalVAE(**TINY).fit(X, y).transform(X, y)


CALLS = {
    "y": told_conditions,
    "sample_weight": lambda told: VAE(**TINY).fit(X, sample_weight=told).transform(X),
    "groups": lambda told: SlowVAE(**TINY).fit(X, groups=told).transform(X),
}
SAME_NUMBERS = {
    "bytes": NUMBERS.astype(np.uint8),
    "big-endian": NUMBERS.astype(">i4"),
    "extended": NUMBERS.astype(np.longdouble),
    "objects": NUMBERS.astype(object),
    "list": NUMBERS.tolist(),
    "series": pd.Series(NUMBERS, index=range(50, 50 + N)),
    "nullable": pd.array(NUMBERS, dtype="Int64"),
    "of Arrow": pd.Series(NUMBERS).astype("int64[pyarrow]"),
    "polars": pl.Series(NUMBERS),
    "Arrow": pa.chunked_array([NUMBERS[:5], NUMBERS[5:]]),
    "tensor": torch.tensor(NUMBERS),
    "masked nowhere": np.ma.MaskedArray(NUMBERS),
}
SAME_TEXTS = {
    "objects": TEXTS.astype(object),
    "any length": TEXTS.astype(np.dtypes.StringDType()),
    "list": TEXTS.tolist(),
    "categories": pd.Categorical(TEXTS, categories=["unused", "a", "b", "c"]),
    "strings": pd.array(TEXTS, dtype="string"),
    "polars": pl.Series(TEXTS.tolist()),
    "enum": pl.Series(TEXTS.tolist(), dtype=pl.Enum(["a", "b", "c"])),
    "Arrow": pa.array(TEXTS.tolist()),
}


@pytest.fixture(scope="module")
def expected():
    return {name: call(NUMBERS) for name, call in CALLS.items()} | {"texts": told_conditions(TEXTS)}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("values", SAME_NUMBERS.values(), ids=SAME_NUMBERS)
def test_numbers_are_the_same_in_whatever_they_stand(name, values, expected):
    np.testing.assert_array_equal(CALLS[name](values), expected[name])


@pytest.mark.parametrize("values", SAME_TEXTS.values(), ids=SAME_TEXTS)
def test_texts_are_the_same_in_whatever_they_stand(values, expected):
    np.testing.assert_array_equal(told_conditions(values), expected["texts"])


REFUSED = {
    "masked": np.ma.MaskedArray(NUMBERS, NUMBERS == 0),
    "missing": pd.array([None, *NUMBERS[1:]], dtype="Int64"),
    "complex": NUMBERS * 1j,
    "a set": set(NUMBERS.tolist()),
    "a generator": (number for number in NUMBERS),
    "a plan": pl.DataFrame({"a": NUMBERS}).lazy(),
    "a tensor without numbers": torch.empty(N, device="meta"),
    "sparse": sparse.csr_array(NUMBERS[:, None]),
    "one name twice": pd.DataFrame(np.c_[NUMBERS, NUMBERS], columns=["a", "a"]),
    "no columns": pd.DataFrame(index=range(N)),
    "ragged": [[1], [1, 2]] * (N // 2),
    "a class": int,
}
REFUSED_AS = {
    "y": REFUSED | {
        "None among others": [1, None, "a"] * 4,
        "NaN": [np.nan] * N,
        "infinite": [np.inf, 0.5] * 6,
        "decimals": [decimal.Decimal(1)] * N,
    },
    "sample_weight": REFUSED | {
        "text": TEXTS,
        "text of polars": pl.Series(TEXTS.tolist()),
        "dates": NUMBERS.astype("datetime64[D]"),
        "durations": NUMBERS.astype("timedelta64[s]"),
        "days": [datetime.date(2024, 1, 1)] * N,
        "none": [],
    },
    "groups": REFUSED,
}  # fmt: skip
CASES = [(name, values) for name, cases in REFUSED_AS.items() for values in cases.values()]


@pytest.mark.parametrize(
    ("name", "values"), CASES, ids=[f"{name}-{case}" for name in REFUSED_AS for case in REFUSED_AS[name]]
)
def test_what_cannot_be_read_is_refused_in_its_name(name, values):
    with pytest.raises((ValueError, TypeError), match=rf"'{name}'|\b{name}\b"):
        CALLS[name](values)


LATER = {
    "numbers": NUMBERS,
    "a number": 1,
    "durations": NUMBERS.astype("timedelta64[s]"),
    "objects": sparse.csr_array(X),
}


@pytest.mark.parametrize("y", LATER.values(), ids=LATER)
def test_conditions_of_another_kind_than_those_of_the_fit_are_named(y):
    model = ConditionalVAE(**TINY).fit(X, TEXTS)
    with pytest.raises((ValueError, TypeError), match="'y'"):
        model.transform(X, y)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ValueError("X is no array"), ValueError, "The 'y' cannot be used: y is no array"),
        (TypeError("what"), TypeError, "The 'y' cannot be used: what"),
        (RuntimeError("what"), ValueError, "The 'y' cannot be used: what"),
        (KeyError("the target y"), KeyError, "the target y"),
    ],
)
def test_errors_about_an_argument_name_it(error, kind, words):
    with pytest.raises(kind, match=words), about("y"):
        raise error
