"""Frames of odd types and odd names that rows may stand in."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from tests.helpers.plain_values import floats, frame, named, plain, read_only, table


class Special(pd.DataFrame):
    """A subclass of frames, as those of geographers."""

    @property
    def _constructor(self):
        return Special


def called(names):
    """Return what gives columns the names that a function makes of their number."""
    return lambda values: pd.DataFrame(table(plain(values)).copy()).set_axis(
        [names(number) for number in range(table(values).shape[1])], axis=1
    )


def indexed(values, index):
    return frame(values).set_axis(index(len(values)), axis=0)


def with_column(values, column):
    """Return a frame with one more column, made of the number of rows."""
    return frame(values).assign(more=column(len(values)))


def turns(*values):
    """Return what repeats some values for so many rows."""
    return lambda n: [values[number % len(values)] for number in range(n)]


def categories(values):
    return pd.Series(pd.Categorical(turns("a", "b")(len(values)), categories=["z", "a", "b", "c"], ordered=True))


NAMES = {
    "numbers for names": called(lambda number: 10 - number),
    "names of two levels": called(lambda number: ("level", number)),
    "an index of two levels": lambda values: frame(values).set_axis(
        pd.MultiIndex.from_tuples([("a", number) for number in range(table(values).shape[1])]), axis=1
    ),
    "names of many kinds": called(lambda number: [0, "one", (2, 2), None, 4.5, True][number % 6]),
    "names that are numbers as text": called(str),
    "empty names": called(lambda number: " " * number),
    "dates for names": called(lambda number: pd.Timestamp("2024-01-01") + pd.Timedelta(days=number)),
    "names of ours": called(
        lambda number: ["z", "x", "y", "given", "weight", "__index__"][number % 6] + str(number // 6)
    ),
    "long names": called(lambda number: "n" * 10_000 + str(number)),
    "names in letters": called(lambda number: "äß漢🙂\n\0"[number % 6] * (1 + number // 6)),
}
PANDAS = {
    "rows with names": lambda values: indexed(values, lambda n: [f"row {number}" for number in range(n)]),
    "rows with one name": lambda values: indexed(values, lambda n: ["row"] * n),
    "rows at times": lambda values: indexed(values, lambda n: pd.date_range("2024", periods=n)),
    "rows of two levels": lambda values: indexed(values, lambda n: pd.MultiIndex.from_product([["a"], range(n)])),
    "a special frame": lambda values: Special(frame(values)),
    "read-only columns": lambda values: pd.DataFrame(
        {name: read_only(column) for name, column in frame(values).items()}
    ),
    "a series": lambda values: pd.Series(np.ravel(floats(values))),
    "an index": lambda values: pd.Index(np.ravel(floats(values))),
    "a sparse frame": lambda values: frame(values).astype(float).astype(pd.SparseDtype(float, 0.0)),
    "an Arrow frame": lambda values: frame(values).convert_dtypes(dtype_backend="pyarrow"),
    "nullable with a gap": lambda values: with_gap(frame(values).astype("Float64")),
    "truths with a gap": lambda values: with_gap((frame(values) > 0).astype("boolean")),
    "a frame of objects": lambda values: frame(values).astype(object),
    "categories of numbers": lambda values: frame(values).astype(float).astype("category"),
    "unused categories": lambda values: frame(values).assign(more=categories(values)),
    "categories of gaps": lambda values: with_column(values, lambda n: pd.Categorical([None] * n, categories=["a"])),
    "one category": lambda values: with_column(values, turns("a")),
    "text and numbers": lambda values: with_column(values, turns("a", 1, 2.5)),
    "strings": lambda values: with_column(values, lambda n: pd.array(turns("a", "b")(n), dtype="string")),
    "intervals": lambda values: with_column(values, lambda n: pd.arrays.IntervalArray.from_breaks(range(n + 1))),
    "periods": lambda values: with_column(values, lambda n: pd.period_range("2024-01", periods=n, freq="M")),
    "zones": lambda values: with_column(values, lambda n: pd.date_range("2024", periods=n, tz="Europe/Berlin")),
    "times of a day": lambda values: with_column(values, turns(datetime.time(3), datetime.time(4))),
    "a column of durations": lambda values: with_column(values, lambda n: pd.timedelta_range("1s", periods=n)),
    "a column of decimals": lambda values: with_column(values, turns(decimal.Decimal("1.5"), decimal.Decimal(2))),
    "a column of lists": lambda values: with_column(values, turns([1, 2], [3])),
    "a column of dicts": lambda values: with_column(values, turns({"a": 1}, {})),
    "a column of arrays": lambda values: with_column(values, turns(np.ones(2))),
    "a column of complex": lambda values: with_column(values, turns(1j)),
    "a column of bytes": lambda values: with_column(values, turns(b"a", b"b")),
    "a column of None": lambda values: with_column(values, turns(None)),
    "large integers": lambda values: with_column(values, turns(2**63, 2**64 - 1)),
    "larger integers": lambda values: with_column(values, turns(10**30, 1)),
    "no columns": lambda values: frame(values)[[]],
}


def with_gap(rows):
    if rows.size:
        rows.iloc[0, 0] = pd.NA
    return rows


def of_polars(values, column):
    return pl.DataFrame({**named(plain(values)), "more": column(len(values))})


POLARS = {
    "a lazy frame": lambda values: pl.DataFrame(named(plain(values))).lazy(),
    "a series of polars": lambda values: pl.Series(np.ravel(floats(values))),
    "polars decimals": lambda values: of_polars(
        values, lambda n: pl.Series(turns("1.5", "2")(n)).cast(pl.Decimal(9, 2))
    ),
    "polars lists": lambda values: of_polars(values, lambda n: pl.Series(turns([1], [2])(n))),
    "polars structs": lambda values: of_polars(values, lambda n: pl.Series(turns({"a": 1})(n))),
    "polars enum": lambda values: of_polars(
        values, lambda n: pl.Series(turns("a", "b")(n), dtype=pl.Enum(["a", "b", "c"]))
    ),
    "polars categories": lambda values: of_polars(
        values, lambda n: pl.Series(turns("a", None)(n), dtype=pl.Categorical)
    ),
    "polars nulls": lambda values: of_polars(values, lambda n: pl.Series([None] * n, dtype=pl.Null)),
    "polars times": lambda values: of_polars(values, lambda n: pl.Series(turns(datetime.time(3))(n))),
    "polars objects": lambda values: of_polars(values, lambda n: pl.Series(turns(object())(n), dtype=pl.Object)),
    "polars 128 bits": lambda values: of_polars(values, lambda n: pl.Series(turns(2**100, 1)(n), dtype=pl.Int128)),
}


def of_arrow(values, column):
    return pa.table({**named(plain(values)), "more": column(len(values))})


ARROW = {
    "an Arrow batch": lambda values: pa.RecordBatch.from_pydict(named(plain(values))),
    "an Arrow array": lambda values: pa.array(np.ravel(floats(values))),
    "Arrow in chunks": lambda values: pa.concat_tables(pa.table(named(part)) for part in np.split(plain(values), [2])),
    "Arrow nulls": lambda values: of_arrow(values, pa.nulls),
    "Arrow lists": lambda values: of_arrow(values, lambda n: pa.array(turns([1], [2])(n))),
    "Arrow dictionary": lambda values: of_arrow(values, lambda n: pa.array(turns("a", "b")(n)).dictionary_encode()),
    "Arrow decimals": lambda values: of_arrow(values, lambda n: pa.array(turns(decimal.Decimal("1.5"))(n))),
    "Arrow halves": lambda values: of_arrow(values, lambda n: pa.array(np.ones(n, dtype=np.float16))),
    "Arrow months": lambda values: of_arrow(
        values, lambda n: pa.array([pa.MonthDayNano([1, 2, 3])] * n, type=pa.month_day_nano_interval())
    ),
    "Arrow names twice": lambda values: pa.table([pa.array(column) for column in table(plain(values)).T] * 2,
                                                 names=[f"c{number}" for number in range(table(values).shape[1])] * 2),
}  # fmt: skip
FRAMES = NAMES | PANDAS | POLARS | ARROW
