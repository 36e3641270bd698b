"""What is on a disk is known, read in any order, measured in one pass, and its memory is given back."""

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from torch.utils.data import Dataset

from vaekit import VAE
from vaekit.datasets._lazy import LazyImages
from vaekit.utils import _on_disk
from vaekit.utils._containers import unwrap
from vaekit.utils._on_disk import RowsOnDisk, in_memory_unless_large, on_disk

IMAGES = np.random.default_rng(0).integers(0, 255, (40, 2, 3, 3)).astype(np.uint8)
TABLE = np.random.default_rng(0).normal(size=(300, 5))


class Pairs(Dataset):
    def __len__(self):
        return len(IMAGES)

    def __getitem__(self, number):
        return IMAGES[number], number % 3


def memory_map(folder, array=IMAGES, mode="r"):
    np.save(folder / "rows.npy", array)
    return np.load(folder / "rows.npy", mmap_mode=mode)


def hdf5(folder, chunks=None, **how):
    file = h5py.File(folder / "rows.h5", "w")
    return file.create_dataset("rows", data=IMAGES, chunks=chunks, **how)


KINDS = {
    "memory map": memory_map,
    "view of one": lambda folder: memory_map(folder, np.concatenate([IMAGES, IMAGES]))[: len(IMAGES)],
    "copy-on-write map": lambda folder: memory_map(folder, mode="c"),
    "HDF5": hdf5,
    "HDF5 in chunks": lambda folder: hdf5(folder, (7, 2, 3, 3)),
    "lazy images": lambda folder: LazyImages(lambda rows: IMAGES[rows], IMAGES.shape),
    "torch dataset": lambda folder: Pairs(),
}


@pytest.fixture
def anything_is_large(monkeypatch):
    monkeypatch.setattr(_on_disk, "LARGEST_READ", 0)


@pytest.mark.usefixtures("anything_is_large")
@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_read_in_any_order(kind, tmp_path):
    rows = on_disk(KINDS[kind](tmp_path))
    flat = IMAGES.reshape(40, -1)
    assert (rows.shape, rows.dtype, rows.ndim, len(rows)) == ((40, 18), np.uint8, 2, 40)
    for key in (slice(3, 9), slice(None, None, 7), np.array([5, 2, 2, 39]), np.array([0, 39]), np.array([], int)):
        np.testing.assert_array_equal(rows[key], flat[key])
    np.testing.assert_array_equal(np.asarray(rows), flat)
    np.testing.assert_array_equal(rows.min(axis=0), flat.min(axis=0))
    assert (rows.min(), rows.max()) == (flat.min(), flat.max())
    assert in_memory_unless_large(rows) is rows


@pytest.mark.parametrize(
    "X", [TABLE, TABLE.tolist(), memory_map, hdf5], ids=["array", "list", "small map", "small HDF5"]
)
def test_what_is_in_memory_or_small_is_read_as_ever(X, tmp_path):
    assert on_disk(X(tmp_path) if callable(X) else X) is None


def test_changes_of_a_copy_on_write_map_survive(tmp_path, anything_is_large):
    X = memory_map(tmp_path, mode="c")
    X[:] = 7
    rows = on_disk(X)
    assert rows[0:40].max() == 7
    assert rows[0:40].min() == 7


def test_a_small_torch_dataset_is_an_array():
    np.testing.assert_array_equal(unwrap(Pairs()), IMAGES)


def parquet(path, table):
    pq.write_table(table, path, row_group_size=64)
    return pq.ParquetFile(path)


def arrow(path, table):
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=64)
    return pa.ipc.open_file(pa.memory_map(str(path)))


@pytest.mark.parametrize("written", [parquet, arrow])
@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_groups_of_rows_of_a_file_are_read_as_they_are_needed(dtype, written, tmp_path, monkeypatch):
    table = (100 * TABLE).astype(dtype)
    file = written(tmp_path / "rows", pa.table(dict(zip("abcde", table.T))))
    frame = unwrap(file)
    assert list(frame.columns) == list("abcde")
    np.testing.assert_array_equal(frame, table)
    monkeypatch.setattr(_on_disk, "LARGEST_READ", 0)
    rows = on_disk(file)
    assert (rows.shape, rows.dtype) == (table.shape, dtype)
    for key in (slice(60, 70), slice(None, None, 50), np.array([299, 0, 64, 63])):
        np.testing.assert_array_equal(rows[key], table[key])
    assert rows.max() == table.max()


def test_pages_that_were_read_are_given_back(tmp_path, anything_is_large):
    def mapped():
        return int(next(line for line in open("/proc/self/status") if line.startswith("RssFile")).split()[1])

    X = np.memmap(tmp_path / "sparse", np.uint8, "w+", shape=(2000, 2**16))
    before = mapped()
    rows = on_disk(X)
    for start in range(0, 2000, 100):
        rows[start : start + 100]
    rows[::3]
    assert mapped() - before < 40_000  # kB, of 131,072


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_seen_in_the_extremes(value):
    X = TABLE.copy()
    X[150, 2] = value
    rows = RowsOnDisk(X)
    assert not np.isfinite(rows.min() + rows.max())


def test_rows_stay_together_that_are_stored_together(tmp_path, anything_is_large):
    assert on_disk(hdf5(tmp_path, (7, 2, 3, 3))).source.chunks == (7, 2, 3, 3)


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_damaged_file_is_named(is_streamed, tmp_path, request):
    if is_streamed:
        request.getfixturevalue("anything_is_large")
    rows = hdf5(tmp_path, (7, 2, 3, 3), fletcher32=True)
    place = rows.id.get_chunk_info(0).byte_offset
    rows.file.close()
    with open(tmp_path / "rows.h5", "r+b") as file:
        file.seek(place)
        file.write(b"damaged")
    with (
        h5py.File(tmp_path / "rows.h5") as file,
        pytest.raises(OSError, match=r"X lies in .*rows\.h5, and /rows cannot be read there: .* take another copy"),
    ):
        VAE(max_epochs=1).fit(file["rows"])
