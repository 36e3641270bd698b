"""Frames of decoded values: written in pieces, the same; held once, not several times."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tests.helpers.family import tiny
from tests.helpers.gaussian_worlds import peak_bytes
from vaekit.frames import _writing, columns_of, open_table

RNG = np.random.default_rng(0)
ROWS = 15_000
TYPES = {"f": "f8", "i": "i8", "s": "f4", "b": "?"}


def frame_of(n_rows):
    """Columns of each kind, some of whole numbers in floats."""
    plain = {name: RNG.integers(0, 2, size=n_rows).astype(kind) for name, kind in TYPES.items()}
    normal = {f"x{number}": RNG.normal(size=n_rows) for number in range(3)}
    moments = {"when": pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(0, 99, size=n_rows), unit="D")}
    named = {f"c{number}": pd.Categorical.from_codes(RNG.integers(0, 12, size=n_rows), list("abcdefghijkl"))
             for number in range(3)}  # fmt: skip
    return pd.DataFrame(plain | normal | moments | named)


LIBRARIES = {"pandas": lambda frame: frame, "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}
SIZES = {
    "pandas": lambda frame: frame.memory_usage().sum(),
    "polars": lambda frame: frame.estimated_size(),
    "pyarrow": lambda table: table.nbytes,
}
over_libraries = pytest.mark.parametrize("library", LIBRARIES)


@over_libraries
def test_pieces_change_nothing(library, monkeypatch):
    frame = frame_of(20)
    frame = frame.mask(RNG.random(frame.shape) < 0.3).convert_dtypes() if library == "polars" else frame
    table = open_table(LIBRARIES[library](frame))
    columns = columns_of(table)
    rows = columns.encode(table)
    whole = columns.decode(rows, columns.cells(rows))
    monkeypatch.setattr(_writing, "ROWS_OF_A_PIECE", 3)
    assert columns.decode(rows, columns.cells(rows)).equals(whole)


@pytest.mark.filterwarnings("ignore::UserWarning")
@over_libraries
def test_decoded_frames_are_held_once(library):
    """The matrix behind 12 categories is seven times as large as what comes of it, and cells of Python are, too."""
    model = tiny("VAE", max_epochs=1).fit(LIBRARIES[library](frame_of(200)))
    codes = RNG.normal(size=(ROWS, 2))
    peak, frame = peak_bytes(lambda: model.inverse_transform(codes))
    assert frame.shape == (ROWS, 11)
    assert peak < 2 * SIZES[library](frame) + 2**22
