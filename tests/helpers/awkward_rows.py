"""Data that nobody would choose: scales, offsets, ties, types and containers, drawn by a generator."""

import tempfile
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import torch

from tests.helpers.awkward_containers import RARE
from tests.helpers.plain_values import named, plain, read_only, table

ENDS = [1e-310, 1e-300, 1e-160, 1e-40, 1e-10, 1e10, 1e30, 1e39, 1e150, 1e300, 1e307]
SCALES = [1.0] * 12 + ENDS
OFFSETS = [0.0] * 12 + [1.0, -3.0, 100.0, 1e8, -1e16, 1e30, -1e300]
DTYPES = ["f8"] * 20 + ["f4"] * 6 + ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "bool", ">f4", ">f8", ">i4"]
DTYPES += ["bfloat16", "O", "U", "longdouble", "complex128", "datetime64[s]"]
TABLES = ["normal", "constant", "duplicates", "binary", "outlier", "mixed scales", "zeros", "one value"]
TABLES = [*TABLES * 4, "NaN", "infinity"]
IMAGES = ["noise", "noise", "grey", "shares", "mask"]
SIZES = [0, 1] + [2, 3, 5, 9, 17, 17, 17, 21] * 4
WIDTHS = [0] + [1, 2, 3, 3, 4, 4, 7] * 4
SHAPES = [(1, 1), (1, 7), (5, 4), (8, 8), (3, 6, 5), (1, 9, 4), (2, 1, 1), (9, 1)] * 3 + [(0, 4), (2, 3, 4, 2)]
FRAMES = ["pandas", "polars", "arrow", "nullable", "named twice", "numbered", "mixed frame", "frame of text"]
CONTAINERS = [*["array"] * 20, *FRAMES, "tensor", "list", "Fortran", "strided", "read-only", "memmap", "sparse"]


class Rows(NamedTuple):
    """A recipe for rows; its text is a line of code that makes them again."""

    kind: str = "normal"
    n_rows: int = 17
    shape: tuple = (4,)
    scale: float = 1.0
    offset: float = 0.0
    dtype: str = "f8"
    container: str = "array"
    seed: int = 0

    def make(self) -> Any:
        """Return the rows."""
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = self._values() * self.scale + self.offset
            return packed(values, self.dtype, self.container)

    def _values(self):
        rng = np.random.default_rng(self.seed)
        values = rng.normal(size=(self.n_rows, *self.shape))
        return KINDS[self.kind](values, rng)


def constant(values, rng):
    return np.broadcast_to(values[:1] if len(values) else values, values.shape)


def duplicates(values, rng):
    return values[rng.integers(0, min(2, len(values)), size=len(values))] if len(values) else values


def with_an_outlier(values, rng):
    values[len(values) // 2 :][:1] *= 1e8
    return values


def with_one(value):
    def spoil(values, rng):
        values.reshape(-1)[values.size // 2 :][:1] = value
        return values

    return spoil


KINDS = {
    "normal": lambda values, rng: values,
    "noise": lambda values, rng: np.floor(rng.uniform(0, 256, values.shape)),
    "grey": lambda values, rng: np.full(values.shape, 128.0),
    "shares": lambda values, rng: rng.uniform(size=values.shape),
    "mask": lambda values, rng: (values > 0).astype(float),
    "constant": constant,
    "duplicates": duplicates,
    "binary": lambda values, rng: (values > 0).astype(float),
    "outlier": with_an_outlier,
    "mixed scales": lambda values, rng: values * 10.0 ** rng.uniform(-30, 30, size=values.shape[1:]),
    "zeros": lambda values, rng: np.zeros(values.shape),
    "one value": with_one(3.0),
    "NaN": with_one(np.nan),
    "infinity": with_one(-np.inf),
}


def packed(values, dtype, container):
    """Return values of a type, in a container."""
    if dtype == "bfloat16":
        return torch.from_numpy(np.ascontiguousarray(values)).to(torch.bfloat16)
    return WRAPS[container](converted(values, dtype))


def converted(values, dtype):
    """Return values as near as a type comes to them."""
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        low, high = float(limits.min), np.nextafter(float(limits.max), 0) if limits.bits > 32 else limits.max
        values = np.clip(np.nan_to_num(values), low, high)
    return values.astype(dtype)


def memmap(array):
    if array.dtype == object or not array.size:
        return array
    with tempfile.TemporaryFile() as file:
        mapped = np.memmap(file, array.dtype, "w+", shape=array.shape)
    mapped[...] = array
    return mapped


def with_text(array):
    frame = pd.DataFrame(named(plain(array)))
    return frame.assign(text=[f"word {number % 3}" for number in range(len(frame))])


def sparse(array):
    from scipy.sparse import csr_array

    return csr_array(table(plain(array)).astype(np.float64))


WRAPS = {
    "array": lambda array: array,
    "pandas": lambda array: pd.DataFrame(named(array)),
    "polars": lambda array: pl.DataFrame(named(plain(array))),
    "arrow": lambda array: pa.table(named(plain(array))),
    "tensor": lambda array: torch.from_numpy(np.ascontiguousarray(plain(array))),
    "list": lambda array: array.tolist(),
    "Fortran": np.asfortranarray,
    "strided": lambda array: np.repeat(array, 2, axis=0)[::2],
    "read-only": read_only,
    "memmap": memmap,
    "nullable": lambda array: pd.DataFrame(named(plain(array))).convert_dtypes(),
    "named twice": lambda array: pd.DataFrame(table(array), columns=["a"] * table(array).shape[1]),
    "numbered": lambda array: pd.DataFrame(table(array)),
    "mixed frame": lambda array: pd.DataFrame({**named(array), "flag": np.arange(len(array)) % 2 == 0}),
    "frame of text": with_text,
    "sparse": sparse,
    **RARE,
}


def draw_rows(rng):
    """Return a recipe for rows."""
    is_image = rng.random() < 0.2
    shape = rng.choice(SHAPES) if is_image else (rng.choice(WIDTHS),)
    kind = rng.choice(IMAGES if is_image else TABLES)
    dtype = rng.choice(["u1", "u1", *DTYPES]) if is_image else rng.choice(DTYPES)
    container = (
        rng.choice(["array", "tensor", "Fortran", "strided", "memmap", "list"]) if is_image else rng.choice(CONTAINERS)
    )
    container = rng.choice(list(RARE)) if rng.random() < 0.15 else container
    scale, offset = rng.choice(SCALES), rng.choice(OFFSETS)
    return Rows(kind, rng.choice(SIZES), shape, scale, offset, dtype, container, rng.randrange(1000))


def draw_later(rng, rows):
    """Return a recipe for rows that a fitted model is asked about: the same, others, or far away ones."""
    change = rng.randrange(6)
    if change < 3:
        return rows
    changes = [
        {"seed": rows.seed + 1, "n_rows": rng.choice([0, 1, 2, 5])},
        {"scale": rows.scale * rng.choice([1e10, 1e-10, 1e100, 1e300])},
        {"dtype": rng.choice(DTYPES), "container": rng.choice([*CONTAINERS, *RARE])},
    ]
    return rows._replace(**changes[change - 3])
