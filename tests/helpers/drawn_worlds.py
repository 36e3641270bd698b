"""Rows of every kind that estimators take, with what may be told beside them; and rows that fit none of them."""

import functools

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from scipy import sparse

from tests.helpers.awkward_containers import ONE_AXIS, RARE
from vaekit.nn import ConvNet, ConvNet1d

N_ROWS = 13
SMALL_NET = {"channels": 2, "hidden_layer_sizes": (4,)}


def generator(seed):
    return np.random.default_rng(seed)


def numbers(seed, n_rows=N_ROWS):
    return generator(seed).normal(size=(n_rows, 4)) * [1, 10, 100, 1e-3] + 2


def shares(seed, n_rows=N_ROWS):
    return generator(seed).uniform(size=(n_rows, 4))


def with_gaps(seed, n_rows=N_ROWS):
    rows = numbers(seed, n_rows)
    rows[generator(seed + 1).uniform(size=rows.shape) < 0.3] = np.nan
    return rows


def masked(seed, n_rows=N_ROWS):
    rows = numbers(seed, n_rows)
    return np.ma.masked_where(rows > 2, rows)


def counts(seed, n_rows=N_ROWS):
    return generator(seed).poisson([0.1, 1, 10, 1000], size=(n_rows, 4))


def one_hots(seed, n_rows=N_ROWS):
    return np.eye(4)[generator(seed).integers(4, size=n_rows)]


def bytes_of_images(seed, n_rows=N_ROWS):
    return generator(seed).integers(0, 256, size=(n_rows, 5, 6), dtype=np.uint8)


def windows(seed, n_rows=N_ROWS):
    return generator(seed).normal(size=(n_rows, 2, 7)).cumsum(axis=2)


def sparse_counts(seed, n_rows=N_ROWS):
    return sparse.csr_array(counts(seed, n_rows) * (generator(seed).uniform(size=(n_rows, 4)) < 0.5))


def mixed(seed, n_rows=N_ROWS, gaps=False):
    """A frame with a column of each kind."""
    rng = generator(seed)
    frame = pd.DataFrame({
        "amount": rng.normal(size=n_rows) * 1e3,
        "visits": rng.poisson(3, size=n_rows),
        "town": np.array(["north", "south", "west"], dtype=object)[rng.integers(3, size=n_rows)],
        "size": pd.Categorical(np.array(["S", "M"])[rng.integers(2, size=n_rows)], categories=["S", "M", "L"]),
        "paid": rng.uniform(size=n_rows) < 0.5,
        "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(900, size=n_rows), unit="D"),
    })  # fmt: skip
    return frame.mask(rng.uniform(size=frame.shape) < 0.3) if gaps else frame


def mixed_polars(seed, n_rows=N_ROWS):
    return pl.from_pandas(mixed(seed, n_rows))


def mixed_arrow(seed, n_rows=N_ROWS):
    return pa.Table.from_pandas(mixed(seed, n_rows, gaps=True), preserve_index=False)


def objects(seed, n_rows=N_ROWS):
    return np.column_stack([numbers(seed, n_rows)[:, :2], generator(seed).integers(3, size=n_rows)]).astype(object)


MASK = {"missing_values": "mask"}
# rows, and the parameters without which they are refused
WORLDS = {
    "numbers": (numbers, {}),
    "shares": (shares, {"likelihood": "bernoulli"}),
    "gaps": (with_gaps, MASK),
    "masked": (masked, MASK),
    "counts": (counts, {"likelihood": "poisson"}),
    "overdispersed counts": (counts, {"likelihood": "negative_binomial"}),
    "one-hots": (one_hots, {"likelihood": "categorical"}),
    "images": (bytes_of_images, {"network": ConvNet(**SMALL_NET)}),
    "windows": (windows, {"network": ConvNet1d(**SMALL_NET)}),
    "sparse": (sparse_counts, {}),
    "mixed": (mixed, {}),
    "mixed, told": (mixed, {"column_likelihoods": {"visits": "poisson"}, "column_bounds": {"amount": (None, 1e4)}}),
    "mixed with gaps": (functools.partial(mixed, gaps=True), MASK | {"handle_unknown": "missing"}),
    "polars": (mixed_polars, {}),
    "Arrow": (mixed_arrow, MASK),
    "objects": (objects, {"categorical_features": [2]}),
}

# ---------------------------------------------------------------------- other rows than those


def as_text(rows):
    return np.full((3, 4), "text")


def renamed(rows):
    return rows.rename(columns=str.upper) if isinstance(rows, pd.DataFrame) else pd.DataFrame(np.ones((3, 4)))


def reordered(rows):
    return rows[rows.columns[::-1]] if isinstance(rows, pd.DataFrame) else rows[:, ::-1] if hasattr(rows, "T") else rows


def unknown_category(rows):
    return rows.assign(town="elsewhere") if isinstance(rows, pd.DataFrame) else as_text(rows)


def emptied(rows):
    return rows.assign(amount=np.nan, town=None) if isinstance(rows, pd.DataFrame) else np.full((3, 4), np.nan)


def huge(rows):
    if isinstance(rows, pd.DataFrame):
        return rows.assign(amount=1e300)
    return rows * 1e300 if isinstance(rows, np.ndarray) and rows.dtype == float else np.full((3, 4), -1e300)


def part(rows, start, stop):
    return rows.slice(start, stop - start) if isinstance(rows, pa.Table) else rows[start:stop]


OTHERS = {
    "the same": lambda rows: rows,
    "one row": lambda rows: part(rows, 0, 1),
    "no rows": lambda rows: part(rows, 0, 0),
    "text": as_text,
    "other names": renamed,
    "another order": reordered,
    "an unknown category": unknown_category,
    "nothing known": emptied,
    "huge": huge,
    "narrower": lambda rows: np.ones((3, 3)),
    "no columns": lambda rows: np.ones((3, 0)),
    "a vector": lambda rows: np.ones(4),
    "a number": lambda rows: 3.0,
    "None": lambda rows: None,
    "a word": lambda rows: "rows",
    "a dict": lambda rows: {"amount": [1, 2]},
    "ragged": lambda rows: [[1, 2], [3]],
    "NaN": lambda rows: np.full((2, 4), np.nan),
    "infinity": lambda rows: np.full((2, 4), np.inf),
    "images": lambda rows: np.ones((3, 5, 6)),
    "dates": lambda rows: np.full((3, 4), np.datetime64("2024-01-01")),
    "an empty frame": lambda rows: pd.DataFrame(),
    "a frame of objects": lambda rows: pd.DataFrame({name: [object()] * 3 for name in "abcd"}),
    "sparse": lambda rows: sparse.coo_array(np.eye(4)),
    "a generator": lambda rows: (row for row in np.eye(4)),
}

WEIGHTS = {
    "none": lambda n: None,
    "ones": np.ones,
    "drawn": lambda n: np.arange(n) % 5,
    "one row only": lambda n: np.eye(n)[0],
    "two rows": lambda n: (np.arange(n) < 2) * 1.0,
    "zeros": np.zeros,
    "negative": lambda n: -np.ones(n),
    "NaN": lambda n: np.full(n, np.nan),
    "tiny": lambda n: np.where(np.arange(n) % 2, 5e-324, 1e-310),
    "huge": lambda n: np.where(np.arange(n) % 2, 1e308, 1.0),
    "too few": lambda n: np.ones(n - 1),
    "a number": lambda n: 2.0,
    "text": lambda n: np.full(n, "a"),
    "two columns": lambda n: np.ones((n, 2)),
    "truths": lambda n: np.arange(n) % 2 == 0,
}
CONDITIONS = {
    "labels": lambda n: np.arange(n) % 3,
    "texts": lambda n: np.array(["a", "b"], dtype=object)[np.arange(n) % 2],
    "numbers": lambda n: np.linspace(-1, 1, n) / 3,
    "huge numbers": lambda n: np.linspace(-1, 1, n) * 1e307 / 3,
    "a frame": lambda n: pd.DataFrame({"kind": np.arange(n) % 2, "age": np.linspace(0, 1, n)}),
    "one label": np.zeros,
    "a scalar": lambda n: 1,
    "a tuple": lambda n: (1, 0.5),
    "none": lambda n: None,
    "gaps": lambda n: np.where(np.arange(n) % 2, np.nan, 0.3),
    "None among texts": lambda n: np.array(["a", None], dtype=object)[np.arange(n) % 2],
    "too few": lambda n: np.arange(n - 1),
    "objects": lambda n: np.array([object() for _ in range(n)]),
    "dates": lambda n: np.full(n, np.datetime64("2024-01-01")),
    "a cube": lambda n: np.zeros((n, 2, 2)),
    "infinite": lambda n: np.full(n, np.inf),
}
GROUPS = {
    "none": lambda n: None,
    "one": np.zeros,
    "two": lambda n: np.arange(n) % 2,
    "texts": lambda n: np.array(["a", "b"], dtype=object)[np.arange(n) % 2],
    "each its own": np.arange,
    "too few": lambda n: np.zeros(n - 1),
    "a scalar": lambda n: 1,
    "NaN": lambda n: np.full(n, np.nan),
    "None among texts": lambda n: np.array(["a", None], dtype=object)[np.arange(n) % 2],
}
# what may be told, in whatever it stands
ODD = {name: lambda n, make=make: make(np.arange(n)[:, None] % 3) for name, make in RARE.items()} | {
    f"one axis: {name}": lambda n, make=make: make(np.arange(n)) for name, make in ONE_AXIS.items()
}
