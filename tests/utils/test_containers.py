"""What holds no rows of numbers is refused in one sentence that says what to pass."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from PIL import Image
from scipy import sparse
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from vaekit.utils._containers import as_array, column_names, unwrap

A = np.arange(12.0).reshape(4, 3)
FRAME = pd.DataFrame(A, columns=["width", "height", "mass"])
DATA = TensorDataset(torch.tensor(A))
DAY = datetime.date(2020, 1, 1)
ENCODE, DATES = (
    r"'city' of X holds 'Paris'.*ColumnTransformer.*OneHotEncoder",
    "Column 'day' of X holds dates.*days since",
)


def picture(mode="L", height=8):
    return Image.new(mode, (8, height))


class Stream(IterableDataset):
    def __iter__(self):
        return iter(A)


REFUSED = {
    "a data set": (DATA, TypeError, "X is a TensorDataset.*pass an array or a tensor"),
    "a stream": (Stream(), TypeError, "X is a Stream.*pass an array or a tensor"),
    "a loader": (DataLoader(DATA), TypeError, "X is a DataLoader.*pass an array or a tensor"),
    "rows with targets": ([(torch.ones(3), 0)] * 5, TypeError, "list of tuple objects.*pass the rows alone"),
    "dictionaries": ([{"a": 1}] * 3, TypeError, "list of dict objects.*DataFrame"),
    "a dictionary": ({"a": [1, 2]}, TypeError, "X is a dict, which is no array: pass an array"),
    "a generator": ((row for row in A), TypeError, "X is a generator"),
    "a file's name": ("rows.npy", TypeError, "X is a str, which is no array"),
    "nothing": (None, TypeError, "X is a NoneType"),
    "a plan": (pl.DataFrame(A).lazy(), TypeError, r"LazyFrame.*X\.collect\(\)"),
    "pictures of two sizes": (
        [picture(), picture(height=9)],
        ValueError,
        "different sizes.*resize them to the same size",
    ),
    "pictures of two modes": ([picture(), picture("RGB")], ValueError, "different sizes.*the same channels"),
    "images of two sizes in a column": (
        pd.Series([np.ones((3, 3)), np.ones((3, 4))]),
        ValueError,
        "different sizes.*resize",
    ),
    "images of two sizes": ([np.ones((3, 3)), np.ones((3, 4))], ValueError, "different sizes.*resize"),
    "one picture": (picture(), TypeError, "X is one picture: pass a list"),
    "rows of two lengths": ([[1, 2], [3]], ValueError, r"different lengths.*equal length"),
    "tensors of two lengths": ([torch.ones(2), torch.ones(3)], ValueError, "different lengths"),
    "text": (FRAME.assign(city="Paris"), ValueError, ENCODE),
    "categories": (FRAME.assign(city=pd.Categorical(["Paris"] * 4)), ValueError, ENCODE),
    "text in polars": (pl.DataFrame({"a": [1.0], "city": ["Paris"]}), ValueError, ENCODE),
    "text in Arrow": (pa.table({"a": [1.0], "city": ["Paris"]}), ValueError, ENCODE),
    "dates": (FRAME.assign(day=pd.Timestamp("2020-01-01")), ValueError, DATES),
    "spans": (FRAME.assign(day=pd.Timedelta("1D")), ValueError, DATES),
    "dates in polars": (pl.DataFrame({"a": [1.0], "day": [DAY]}), ValueError, DATES),
    "dates in Arrow": (pa.table({"a": [1.0], "day": [DAY]}), ValueError, DATES),
    "an array of dates": (np.array([["2020"]], "M8[D]"), ValueError, "X holds dates"),
    "one name twice": (pd.DataFrame(A, columns=list("aab")), ValueError, "'a' occurs twice; rename"),
    "one name twice in Arrow": (pa.Table.from_arrays([pa.array(A[0])] * 2, ["a", "a"]), ValueError, "'a' occurs twice"),
    "complex numbers": (A * 1j, ValueError, "Complex data not supported"),
    "fields": (np.zeros(3, [("a", float), ("b", float)]), ValueError, "structured_to_unstructured"),
    "a mask": (np.ma.masked_greater(A, 3), ValueError, r"X\.filled"),
    "a sparse tensor": (torch.tensor(A).to_sparse(), TypeError, r"Sparse data.*to_dense\(\)"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_says_what_to_pass(kind):
    X, error, words = REFUSED[kind]
    with pytest.raises(error, match=words) as caught:
        unwrap(X)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("X", [3.0, [], sparse.csr_array(A)], ids=["a number", "an empty list", "sparse"])
def test_what_scikit_learn_has_words_for_is_left_to_it(X):
    assert unwrap(X) is X


@pytest.mark.parametrize(
    ("mode", "shape"),
    [("L", (2, 8, 8)), ("1", (2, 8, 8)), ("RGB", (2, 3, 8, 8)), ("RGBA", (2, 4, 8, 8)), ("P", (2, 3, 8, 8))],
)
def test_pictures_have_their_channels_first(mode, shape):
    assert unwrap([picture(mode)] * 2).shape == shape


def test_frames_stay_frames_and_keep_their_names():
    for frame in (FRAME, pl.from_pandas(FRAME)):
        assert unwrap(frame) is frame
        assert column_names(frame) == ["width", "height", "mass"]
    assert column_names(unwrap(pa.Table.from_pandas(FRAME))) == ["width", "height", "mass"]
    assert column_names(A) is None


def test_arrays_are_not_copied():
    assert np.shares_memory(unwrap(A), A)
    assert np.shares_memory(unwrap(torch.from_numpy(A)), A)


def test_numbers_among_objects_are_numbers():
    assert as_array(FRAME.astype(object)).dtype == np.float64


def test_frames_of_complex_numbers_and_frames_without_columns_are_refused():
    with pytest.raises(ValueError, match="Complex data not supported"):
        unwrap(pd.DataFrame({"a": [1.0, 2.0], "b": [1j, 2j]}))
    with pytest.raises(ValueError, match=r"0 feature\(s\) .*X needs at least one column"):
        unwrap(pd.DataFrame(index=range(4)))


@pytest.mark.parametrize("cells", [[{"a": 1}] * 3, [[1, 2]] * 3], ids=["a struct", "a list"])
def test_a_column_of_several_numbers_to_a_cell_is_refused_by_name(cells):
    with pytest.raises(ValueError, match=r"(?s)Column 'more' of X holds .*which is no number"):
        unwrap(pl.DataFrame({"x": [1.0, 2, 3], "more": cells}))


def test_what_numpy_has_no_word_for_is_opened():
    wide = pl.DataFrame({"a": [2**100, 1], "b": [1, 2]}, schema={"a": pl.Int128, "b": pl.UInt8})
    np.testing.assert_array_equal(np.asarray(unwrap(wide)), [[2.0**100, 1], [1, 2]])
    sparse = pd.DataFrame({"a": pd.arrays.SparseArray([0.0, 1, 0])})
    np.testing.assert_array_equal(np.asarray(unwrap(sparse)), [[0.0], [1], [0]])
    np.testing.assert_array_equal(unwrap(memoryview(np.arange(6).reshape(3, 2))), np.arange(6).reshape(3, 2))


REFUSED_IN_WORDS = {
    "a matrix": (lambda: np.ones((2, 2)).view(np.matrix), "np.matrix is not supported: pass"),
    "without numbers": (lambda: torch.empty(2, 2, device="meta"), "'meta', which holds no numbers"),
    "complex": (lambda: torch.ones(2, 2) * 1j, "real and imaginary parts of X"),
    "months": (lambda: pa.table({"a": pa.array([pa.MonthDayNano([1, 2, 3])])}), "Column 'a' of X holds month_day_nano"),
}


@pytest.mark.parametrize(("rows", "words"), REFUSED_IN_WORDS.values(), ids=REFUSED_IN_WORDS)
def test_what_holds_no_rows_of_numbers_is_refused_in_words(rows, words):
    with pytest.raises((ValueError, TypeError), match=words):
        unwrap(rows())


@pytest.mark.parametrize("rows", [list(A), A.tolist(), list(torch.tensor(A))], ids=["arrays", "lists", "tensors"])
def test_a_column_of_rows_is_rows(rows):
    column = pd.Series(rows, index=range(7, 11))
    np.testing.assert_array_equal(unwrap(column), A)
    np.testing.assert_array_equal(unwrap(column.to_numpy()), A)
