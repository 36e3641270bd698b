"""Things that rows may stand in and that hardly anybody uses; frames are in a file of their own."""

import array
import collections
import datetime
import decimal
import fractions
import tempfile
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import torch
from scipy import sparse

from tests.helpers.awkward_frames import FRAMES
from tests.helpers.plain_values import floats, frame, named, plain, table

# ---------------------------------------------------------------------- arrays


class Labelled(np.ndarray):
    """A subclass of arrays that keeps a word with them."""

    label = "rows"

    def __array_finalize__(self, other):
        self.label = getattr(other, "label", "rows")


class Protocol:
    """Knows how to become an array, and nothing else."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype=dtype)


def negative_zeros(values):
    return np.where(values == 0, -0.0, values) if values.dtype.kind == "f" else values


def matrix(values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asmatrix(table(values))


def structured(values):
    rows = floats(values)
    return np.rec.fromarrays(list(rows.T) or [np.zeros(len(rows))])


def read_from_disk(values):
    """Return a memory map that may not be written to."""
    values = plain(values)
    if not values.size:
        return values
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, values)
        return np.load(file.name, mmap_mode="r")


ARRAYS = {
    "a subclass": lambda values: values.view(Labelled),
    "a matrix": matrix,
    "masked, nothing left out": lambda values: np.ma.MaskedArray(values),
    "masked": lambda values: np.ma.MaskedArray(values, np.arange(values.size).reshape(values.shape) % 5 == 0),
    "structured": structured,
    "backwards": lambda values: values[::-1],
    "columns backwards": lambda values: table(values)[:, ::-1],
    "every other column": lambda values: np.repeat(table(values), 2, axis=1)[:, ::2],
    "one row, repeated": lambda values: np.broadcast_to(values[:1], values.shape) if len(values) else values,
    "negative zeros": negative_zeros,
    "a map that is read": read_from_disk,
    "not aligned": lambda values: np.frombuffer(b"x" + plain(values).tobytes(), np.uint8)[1:].view(plain(values).dtype)
    .reshape(values.shape),
    "a vector": lambda values: values.ravel(),
    "a number": lambda values: values.ravel()[0] if values.size else 0.0,
    "an array of no axes": lambda values: np.array(values.ravel()[0] if values.size else 0.0),
    "five axes": lambda values: values.reshape(*values.shape, *[1] * (5 - values.ndim)),
    "objects": lambda values: plain(values).astype(object),
    "objects of many types": lambda values: of_many_types(plain(values)),
    "decimals": lambda values: np.vectorize(lambda x: decimal.Decimal(repr(float(x))), otypes=[object])(floats(values)),
    "text of numbers": lambda values: table(plain(values)).astype(str),
    "bytes of numbers": lambda values: table(plain(values)).astype("S25"),
    "text of any length": lambda values: table(plain(values)).astype(np.dtypes.StringDType()),
    "dates": lambda values: np.nan_to_num(floats(values)).clip(-1e4, 1e4).astype("datetime64[D]"),
    "durations": lambda values: np.nan_to_num(floats(values)).clip(-1e4, 1e4).astype("timedelta64[s]"),
    "a protocol": Protocol,
    "a memory view": lambda values: memoryview(np.ascontiguousarray(plain(values))),
    "a buffer": lambda values: array.array("d", np.ravel(floats(values))),
}  # fmt: skip


def of_many_types(values):
    """Return objects: whole numbers as Python's, others as floats, fractions and truths of NumPy in turn."""
    turns = [float, np.float32, np.float64, fractions.Fraction, lambda x: np.bool_(x > 0), np.longdouble]
    found = np.empty(values.shape, dtype=object)
    for number, value in enumerate(np.ravel(values)):
        value = float(value)
        found.reshape(-1)[number] = turns[number % len(turns)](value) if np.isfinite(value) else value
    return found


# ---------------------------------------------------------------------- tensors, sparse matrices, lists


def unsorted(values):
    """Return a matrix whose numbers stand in any order, some of them in two parts, some of them zero."""
    rows = floats(values)
    i, j = np.indices(rows.shape).reshape(2, -1)[:, ::-1]
    halves = np.concatenate([rows[i, j] / 2] * 2)
    return sparse.coo_array((halves, (np.tile(i, 2), np.tile(j, 2))), rows.shape)


SPARSE = {
    "csc": lambda values: sparse.csc_array(floats(values)),
    "lil": lambda values: sparse.lil_array(floats(values)),
    "dok": lambda values: sparse.dok_array(floats(values)),
    "dia": lambda values: sparse.dia_array(floats(values)),
    "bsr": lambda values: sparse.bsr_array(floats(values)),
    "a sparse matrix": lambda values: sparse.csr_matrix(floats(values)),
    "sparse, in parts": unsorted,
    "sparse, in parts, compressed": lambda values: unsorted(values).tocsr(copy=True) + 0 * unsorted(values).tocsr(),
    "sparse, zeros stored": lambda values: sparse.csr_array(floats(values) + 1).multiply(0).tocsr(),
    "sparse bytes": lambda values: sparse.csr_array((floats(values) > 0).astype(np.uint8)),
    "sparse truths": lambda values: sparse.csr_array(floats(values) > 0),
    "sparse, one axis": lambda values: sparse.coo_array(np.ravel(floats(values))),
}


def with_gradient(values):
    return torch.from_numpy(np.ascontiguousarray(plain(values))).double().requires_grad_()


TENSORS = {
    "a tensor with a gradient": with_gradient,
    "a transposed tensor": lambda values: with_gradient(table(values).T).T,
    "a parameter": lambda values: torch.nn.Parameter(with_gradient(values)),
    "a sparse tensor": lambda values: torch.from_numpy(floats(values)).to_sparse(),
    "a tensor elsewhere": lambda values: torch.from_numpy(floats(values)).to("meta"),
    "a conjugate": lambda values: torch.from_numpy(floats(values)).to(torch.complex64).conj(),
    "halves": lambda values: torch.from_numpy(floats(values)).half(),
    "a data set of torch": lambda values: torch.utils.data.TensorDataset(torch.from_numpy(floats(values))),
    "a loader of torch": lambda values: torch.utils.data.DataLoader(torch.from_numpy(floats(values)) + 0.0),
}
LISTS = {
    "a tuple": lambda values: tuple(map(tuple, plain(values).tolist())),
    "a list of arrays": lambda values: list(plain(values)),
    "a list of tensors": lambda values: list(torch.from_numpy(floats(values))),
    "a list of series": lambda values: [pd.Series(row) for row in floats(values)],
    "a list of dicts": lambda values: frame(values).to_dict("records"),
    "a list of sparse rows": lambda values: list(sparse.csr_array(floats(values) + 1.0)),
    "a list with None": lambda values: [[*row[:-1], None] for row in floats(values).tolist()],
    "a ragged list": lambda values: [row[: 1 + number % 2] for number, row in enumerate(floats(values).tolist())],
    "a deque": lambda values: collections.deque(floats(values).tolist()),
    "a range": lambda values: range(len(values)),
    "a map": lambda values: map(tuple, floats(values)),
    "a set": lambda values: set(np.ravel(floats(values)).tolist()),
    "a dict": lambda values: named(floats(values)),
    "bytes": lambda values: plain(values).tobytes(),
}
RARE = ARRAYS | SPARSE | TENSORS | LISTS | FRAMES
TEXTS = np.array(["a", "b", "c"])
ONE_AXIS = {
    "a list": lambda values: values.tolist(),
    "a tuple": lambda values: tuple(values.tolist()),
    "a deque": lambda values: collections.deque(values.tolist()),
    "a range": lambda values: range(len(values)),
    "a series": lambda values: pd.Series(values, index=range(50, 50 + len(values))),
    "an index": lambda values: pd.Index(values),
    "categories": lambda values: pd.Categorical(TEXTS[values % 3], categories=["z", "a", "b", "c"]),
    "nullable": lambda values: pd.array(values, dtype="Int64"),
    "nullable with a gap": lambda values: pd.array([None, *values[1:]], dtype="Int64"),
    "periods": lambda values: pd.period_range("2024-01", periods=len(values), freq="M"),
    "polars": lambda values: pl.Series(values),
    "polars texts": lambda values: pl.Series(TEXTS[values % 3].tolist()),
    "polars enum": lambda values: pl.Series(TEXTS[values % 3].tolist(), dtype=pl.Enum(["a", "b", "c"])),
    "Arrow": lambda values: pa.array(values),
    "Arrow texts": lambda values: pa.array(TEXTS[values % 3].tolist()),
    "a tensor": lambda values: torch.from_numpy(values),
    "a tensor with a gradient": lambda values: torch.from_numpy(values).double().requires_grad_(),
    "halves": lambda values: torch.from_numpy(values).bfloat16(),
    "text of any length": lambda values: TEXTS[values % 3].astype(np.dtypes.StringDType()),
    "bytes": lambda values: TEXTS[values % 3].astype("S1"),
    "decimals": lambda values: [decimal.Decimal(int(value)) for value in values],
    "fractions": lambda values: [fractions.Fraction(int(value), 3) for value in values],
    "durations": lambda values: values.astype("timedelta64[s]"),
    "days": lambda values: [datetime.date(2024, 1, 1 + int(value) % 28) for value in values],
    "complex": lambda values: values * 1j,
    "masked": lambda values: np.ma.MaskedArray(values, values % 3 == 0),
    "one row": lambda values: values[None],
    "no axes": lambda values: np.array(1),
    "extended": lambda values: values.astype(np.longdouble),
    "big-endian": lambda values: values.astype(">i4"),
    "beyond 64 bits": lambda values: [10**30 + int(value) for value in values],
    "beyond 63 bits": lambda values: values.astype(np.uint64) + np.uint64(2**63),
    "objects of many types": lambda values: np.array([1, "a", 2.5, None], dtype=object)[values % 4],
    "a cell for each": lambda values: [[int(value)] for value in values],
    "text": lambda values: "abc" * len(values),
    "a class": lambda values: int,
    "a function": lambda values: len,
}  # fmt: skip
