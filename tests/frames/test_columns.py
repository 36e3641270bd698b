"""Tables go through a matrix of numbers and come back the same: values, gaps, names, types, categories."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal as assert_same_polars

from tests.helpers.family import tiny
from vaekit.files import Reader, Writer
from vaekit.frames import Columns, columns_of, open_table
from vaekit.frames._dtypes import range_of

DAYS = pd.date_range("2020-01-01", periods=4)
LETTERS = ["x", "y", None, "x"]

PANDAS = {
    "float64": pd.Series([0.1, None, 3, 1e300]),
    "float32": pd.Series([0.1, 2, 3, 4], dtype="float32"),
    "int8": pd.Series([-128, 127, 0, 1], dtype="int8"),
    "uint16": pd.Series([0, 65535, 2, 3], dtype="uint16"),
    "Int64": pd.Series([1, None, 3, 2**53], dtype="Int64"),
    "Float64": pd.Series([1.5, None, 3, 4], dtype="Float64"),
    "bool": pd.Series([True, False, True, True]),
    "boolean": pd.Series([True, None, False, True], dtype="boolean"),
    "truths as objects": pd.Series([True, None, False, True], dtype=object),
    "categories in an order": pd.Series(pd.Categorical(LETTERS, categories=["y", "never", "x"], ordered=True)),
    "categories of numbers": pd.Series(pd.Categorical([3, 1, None, 3])),
    "str": pd.Series(LETTERS, dtype="str"),
    "object": pd.Series(LETTERS, dtype=object),
    "string, python": pd.Series(LETTERS, dtype="string[python]"),
    "string, pyarrow": pd.Series(LETTERS, dtype="string[pyarrow]"),
    "days": pd.Series(DAYS),
    "nanoseconds": pd.Series(DAYS + pd.Timedelta("3us")).astype("datetime64[ns]"),
    "hours with a zone": pd.Series(DAYS.tz_localize("Europe/Berlin")).where([True, True, False, True]),
    "timedelta": pd.Series(pd.to_timedelta([1, None, 2, 3], unit="h")),
    "hours with a zone of two words": pd.Series(DAYS.tz_localize("America/New_York")),
    "dates as objects": pd.Series([*DAYS[:3].date, None], dtype=object),
    "moments as objects": pd.Series([*DAYS[:3].to_pydatetime(), None], dtype=object),
    "moments with a zone as objects": pd.Series([*DAYS[:3].tz_localize("UTC").to_pydatetime(), None], dtype=object),
    "durations as objects": pd.Series([datetime.timedelta(hours=1), None, datetime.timedelta(2), None], dtype=object),
    "decimals as objects": pd.Series([decimal.Decimal("1.25"), None, decimal.Decimal(3), None], dtype=object),
    "integers as objects": pd.Series([3, None, 2**40, -1], dtype=object),
    "integers that doubles join": pd.Series([2**60, 2**60 + 1, 2**60 + 3, 2**60 + 1]),
    "integers that doubles join, with gaps": pd.Series([2**60, None, 2**60 + 3, 2**60 + 1], dtype="Int64"),
    "integers beyond those with a sign": pd.Series([2**63, 2**63 + 1, 2**63 + 7, 2**63 + 5], dtype="uint64"),
    "arrow numbers": pd.Series([1, None, 2, 3], dtype="int64[pyarrow]"),
    "arrow text": pd.Series(LETTERS, dtype=pd.ArrowDtype(pa.string())),
    "arrow moments": pd.Series(DAYS).astype("timestamp[us][pyarrow]"),
    "nothing": pd.Series([None] * 4, dtype=object),
}
NOON = datetime.datetime(2020, 1, 1, 12, 30, 1, 5)
POLARS = {
    "Float64": pl.Series([0.1, None]),
    "Int16": pl.Series([1, None], dtype=pl.Int16),
    "UInt64": pl.Series([1, 2], dtype=pl.UInt64),
    "UInt64 that doubles join": pl.Series([2**63, 2**63 + 1], dtype=pl.UInt64),
    "Int128": pl.Series([1, None], dtype=pl.Int128),
    "Null": pl.Series([None, None]),
    "Boolean": pl.Series([True, None]),
    "String": pl.Series(["a", None]),
    "Categorical": pl.Series(["b", None], dtype=pl.Categorical),
    "Enum": pl.Series(["b", "a"], dtype=pl.Enum(["b", "never", "a"])),
    "Date": pl.Series([datetime.date(2020, 1, 1), None]),
    "Datetime": pl.Series([NOON, None]),
    "Datetime in a zone": pl.Series([NOON, None]).dt.replace_time_zone("Europe/Berlin"),
    "Datetime, ms": pl.Series([NOON.replace(microsecond=0), None], dtype=pl.Datetime("ms")),
    "Duration": pl.Series([datetime.timedelta(hours=3), None]),
    "Decimal": pl.Series([1.25, None]).cast(pl.Decimal(10, 2)),
}
ARROW = {
    "float": pa.array([0.5, None], pa.float32()),
    "uint8": pa.array([1, None], pa.uint8()),
    "bool": pa.array([True, None]),
    "string": pa.array(["a", None]),
    "large_string": pa.array(["a", None], pa.large_string()),
    "dictionary": pa.DictionaryArray.from_arrays(pa.array([1, None], pa.int8()), pa.array(["never", "a"])),
    "date32": pa.array([datetime.date(2020, 1, 1), None]),
    "date64": pa.array([datetime.date(2020, 1, 1), None], pa.date64()),
    "timestamp": pa.array([NOON, None], pa.timestamp("us", "UTC")),
    "duration": pa.array([datetime.timedelta(days=2), None]),
    "decimal": pa.array([1, None], pa.int32()).cast(pa.decimal128(12, 2)),
    "decimal, 256 bits": pa.array([decimal.Decimal("1.25"), None], pa.decimal256(50, 2)),
    "integers that doubles join": pa.array([2**60 + 1, None], pa.int64()),
    "timestamp in a zone of two words": pa.array([NOON, None], pa.timestamp("us", "America/New_York")),
    "null": pa.nulls(2),
}


def through_numbers(X):
    """The table that comes back, and its columns, which went through a file of plain values."""
    table, write = open_table(X), Writer()
    columns = Columns.unpacked(Reader(write.arrays)(write(columns_of(table).packed())))
    rows = columns.encode(table)
    assert rows.dtype == np.float64
    return columns.decode(rows, columns.cells(rows)), columns


@pytest.mark.parametrize("kind", PANDAS)
def test_pandas(kind):
    frame = pd.DataFrame({"first": [1.0, 2, 3, 4], kind: PANDAS[kind]})
    pd.testing.assert_frame_equal(through_numbers(frame)[0], frame)


@pytest.mark.parametrize("kind", POLARS)
def test_polars(kind):
    frame = pl.DataFrame({"first": [1.0, 2], kind: POLARS[kind]})
    assert_same_polars(through_numbers(frame)[0], frame)


@pytest.mark.parametrize("kind", ARROW)
def test_arrow(kind):
    table = pa.table({"first": [1.0, 2], kind: ARROW[kind]})
    assert through_numbers(table)[0].equals(table)
    assert through_numbers(table.to_batches()[0])[0].equals(table)


def test_names_that_are_no_text_stay():
    frame = pd.DataFrame({0: [1.0, 2], 7: ["a", "b"]})
    pd.testing.assert_frame_equal(through_numbers(frame)[0], frame)


def test_an_array_stays_an_array():
    X = np.array([[1.5, "a", True], [None, "b", False]], dtype=object)
    back, columns = through_numbers(X)
    assert [column.kind for column in columns.columns] == ["number", "category", "boolean"]
    np.testing.assert_array_equal(back, X)


@pytest.mark.parametrize("unit", ["M8[D]", "M8[ms]", "m8[s]"])
def test_arrays_of_moments(unit):
    X = np.array([[1, 4], ["NaT", 7]], dtype=unit)
    back, columns = through_numbers(X)
    assert [column.kind for column in columns.columns] == ["moment", "moment"]
    assert back.dtype == X.dtype
    np.testing.assert_array_equal(back, X)


@pytest.mark.parametrize(
    "empty",
    [
        pd.Series([None, None], dtype=kind)
        for kind in ["object", "Int64", "boolean", "str", "string", "M8[s]", "m8[s]", "category", "float64"]
    ]
    + [pd.Series(pd.Categorical([None, None], categories=["a", "b"]))],
    ids=str,
)
def test_nothing_is_made_up_where_nothing_was_seen(empty):
    frame = pd.DataFrame({"x": [1.0, 2], "empty": empty})
    columns = columns_of(open_table(frame))
    made = columns.decode(np.random.default_rng(0).normal(size=(3, int(columns.ends[-1]))))
    assert made["empty"].isna().all()
    assert made["x"].notna().all()
    assert (made.dtypes == frame.dtypes).all()


# ---------------------------------------------------------------------- what is possible


def test_values_that_a_model_makes_become_possible_ones():
    frame = pd.DataFrame({"n": pd.Series([1, 2], dtype="uint8"), "c": ["a", "b"], "t": [True, False], "d": DAYS[:2]})
    table = open_table(frame)
    columns = columns_of(table, bounds={"d": (None, np.datetime64("2020-01-03"))})
    found = columns.decode(np.array([[-3.2, 0.2, 0.9, 0.7, 1e5], [900, 0.6, 0.4, 0.1, 18262.4]]))
    assert found.values.tolist() == [
        [0, "b", True, pd.Timestamp("2020-01-03")],
        [255, "a", False, pd.Timestamp("2020-01-01")],
    ]
    assert (found.dtypes == frame.dtypes).all()


def test_bounds_of_whole_numbers_are_whole():
    columns = columns_of(open_table(pd.DataFrame({"n": [1, 2], "c": ["a", "b"]})), bounds={"n": (0.5, 7.5)})
    assert columns.decode(np.array([[-1.0, 1, 0], [9.0, 1, 0]]))["n"].tolist() == [1, 7]


@pytest.mark.parametrize(
    ("later", "words"),
    [
        ({"c": ["a", "q"]}, "Column 'c' of X holds the category 'q'.*handle_unknown='missing'"),
        ({"n": ["a", 1.0]}, "Column 'n' of X holds 'a', but held numbers"),
        ({"d": ["a", "b"]}, "Column 'd' of X holds 'a', but held dates"),
        ({"t": ["a", "b"]}, "Column 't' of X holds 'a', but held truths"),
    ],
)
def test_columns_hold_what_they_held(later, words):
    frame = pd.DataFrame({"n": [1.5, 2], "c": ["a", "b"], "t": [True, False], "d": DAYS[:2]})
    columns = columns_of(open_table(frame))
    with pytest.raises(ValueError, match=words):
        columns.encode(open_table(frame.assign(**later)))


def test_unknown_categories_can_be_gaps():
    columns = columns_of(open_table(pd.DataFrame({"c": ["a", "b"]})))
    rows = columns.encode(open_table(pd.DataFrame({"c": ["q", "b"]})), when_unknown="missing")
    np.testing.assert_array_equal(rows, [[np.nan, np.nan], [0, 1]])


@pytest.mark.parametrize(
    ("values", "bins"),
    [
        (np.linspace(0.1, 2.3, 12), 4),
        (np.arange(12), [-1, 5, 20]),
        (pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(12), unit="D"), 3),
    ],
)
@pytest.mark.parametrize("right", [True, False])
def test_bins_of_pandas_are_categories_and_come_back(values, bins, right):
    frame = pd.DataFrame({"bin": pd.cut(values, bins, right=right), "x": np.arange(12.0)})
    frame.loc[3, "bin"] = None
    columns = Columns.unpacked(columns_of(open_table(frame)).packed())
    assert all(type(category) is str for category in columns.columns[0].categories)
    rows = columns.encode(open_table(frame))
    pd.testing.assert_frame_equal(columns.decode(rows, columns.cells(rows)), frame)


NARROW = {
    "pandas": pd.DataFrame({"ns": DAYS.as_unit("ns"), "s": DAYS.as_unit("s"), "half": np.float16([1, 2, 3, 4]),
                            "took": pd.to_timedelta([1, 2, 3, 4], unit="h"), "on": pd.Series(DAYS.date),
                            "zone": DAYS.tz_localize("Asia/Tokyo")}),
    "polars": pl.DataFrame({"us": DAYS, "on": DAYS.date.tolist(), "half": pl.Series([1.0, 2, 3, 4], dtype=pl.Float32),
                            "ns": pl.Series(DAYS).cast(pl.Datetime("ns")), "took": pl.Series(DAYS) - DAYS[0]}),
    "pyarrow": pa.table({"ns": pa.array(DAYS, pa.timestamp("ns")), "on": pa.array(DAYS.date),
                         "half": pa.array(np.float16([1, 2, 3, 4])), "took": pa.array(DAYS - DAYS[0])}),
}  # fmt: skip


@pytest.mark.parametrize("library", NARROW)
@pytest.mark.filterwarnings("error")
def test_numbers_beyond_a_type_come_back_as_its_ends(library):
    """A decoder may be asked about codes from anywhere."""
    columns = columns_of(open_table(NARROW[library]))
    low, high = (columns.encode(open_table(columns.decode(np.full((1, len(columns)), end)))) for end in (-1e300, 1e300))
    assert np.isfinite([low, high]).all()
    assert (low < high).all()
    np.testing.assert_allclose(np.ravel(columns.possible(high)), np.ravel(high), rtol=1e-12)


def test_a_category_is_no_infinity():
    with pytest.raises(ValueError, match="category inf, and categories are text or finite numbers"):
        columns_of(open_table(pd.DataFrame({"c": [1.0, np.inf]})), categories=[0])


@pytest.mark.parametrize("categories", [(), [1]])
def test_complex_numbers_are_no_columns(categories):
    X = np.random.default_rng(0).normal(size=(20, 3)) + 1j
    with pytest.raises(ValueError, match=r"Column 0 of X holds .*turn it into one of these"):
        tiny("VAE", categorical_features=categories).fit(X)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_of_every_width_are_columns(dtype):
    X = np.random.default_rng(0).integers(0, 3, size=(20, 3)).astype(dtype)
    model = tiny("VAE", categorical_features=[1]).fit(X)
    assert np.isfinite(model.score_samples(X)).all()
    assert set(np.unique(np.asarray(model.sample(5))[:, 1])) <= {0, 1, 2}


def test_extended_precision_has_the_range_of_doubles():
    assert range_of(np.zeros(3, np.longdouble)) == range_of(np.zeros(3)) == (None, None)
