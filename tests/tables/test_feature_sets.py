"""Sets of features in blocks: on a disk or in memory, the same numbers, the same words, and bounded memory."""

import numpy as np
import pytest

from tests.helpers.gaussian_worlds import peak_bytes
from vaekit.metrics import frechet_distance, kernel_distance, precision_recall_scores
from vaekit.tables import _feature_sets
from vaekit.utils import _on_disk

RNG = np.random.default_rng(0)
REAL = (5 + RNG.normal(size=(300, 6)) @ RNG.normal(size=(6, 6))).astype(np.float32)
FAKE = (5 + RNG.normal(size=(200, 6))).astype(np.float32)
METRICS = {
    "frechet": frechet_distance,
    "kernel": lambda real, fake: kernel_distance(real, fake, n_subsets=5, random_state=0),
    "kernel of all rows": lambda real, fake: kernel_distance(real[:60], fake[:60], subset_size=60),
    "precision and recall": precision_recall_scores,
}
over_metrics = pytest.mark.parametrize("name", METRICS)


def mapped(array, folder, name="rows"):
    """The same in a memory map."""
    path = folder / f"{name}{len(list(folder.iterdir()))}.npy"
    np.save(path, array)
    return np.load(path, mmap_mode="r")


@pytest.fixture
def in_small_blocks(monkeypatch):
    monkeypatch.setattr(_on_disk, "LARGEST_READ", 0)
    monkeypatch.setattr(_feature_sets, "VALUES_AT_ONCE", 6 * 7)
    monkeypatch.setattr(_feature_sets, "LARGEST_HELD", 0)


@over_metrics
def test_blocks_change_no_number(name, tmp_path, request):
    expected = METRICS[name](REAL, FAKE)
    request.getfixturevalue("in_small_blocks")
    for there, here in ((REAL, FAKE), (mapped(REAL, tmp_path), mapped(FAKE, tmp_path))):
        np.testing.assert_allclose(METRICS[name](there, here), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("scale", [2.0**-400, 2.0**400])
def test_blocks_may_be_on_scales_of_their_own(scale, in_small_blocks):
    """Some of zeros, some that are 2^-30 of others: over powers of two nothing is rounded."""
    real, fake = (np.concatenate([np.zeros((9, 6)), rows, 2.0**-30 * rows]) for rows in (REAL[:50], FAKE[:40]))
    assert frechet_distance(scale * real, scale * fake) == scale**2 * frechet_distance(real, fake)
    assert precision_recall_scores(scale * real, scale * fake) == precision_recall_scores(real, fake)


def with_one(array, row, value):
    return np.where(np.arange(len(array))[:, None] == row, value, array)


WRONG = {
    "one row": (REAL[:1], FAKE, r"minimum of 2|below the number of rows"),
    "widths": (REAL, FAKE[:, :3], "Both sets need the same features, got 6 and 3"),
    "column": (REAL[:, 0], FAKE, "Expected 2D array"),
    "images": (REAL[:, :, None, None], FAKE, "dim 4"),
    "NaN": (REAL, with_one(FAKE, 150, np.nan), "features_fake contains NaN"),
    "infinity": (with_one(REAL, 50, np.inf), FAKE, "features_real contains infinity"),
}
CALLS = [(name, wrong) for name in ("frechet", "precision and recall") for wrong in WRONG]
# of features on a disk, the kernel distance reads the rows of its subsets alone
CALLS += [("kernel", wrong) for wrong in WRONG if wrong not in ("NaN", "infinity")]


@pytest.mark.parametrize(("name", "wrong"), CALLS)
def test_words_are_the_same_on_a_disk(name, wrong, tmp_path, in_small_blocks):
    *sets, words = WRONG[wrong]
    for pair in (sets, [mapped(array, tmp_path) for array in sets]):
        with pytest.raises(ValueError, match=words):
            METRICS[name](*pair)


ALL_PAIRS = {"kernel of all rows", "precision and recall"}  # in time of order n^2


@over_metrics
def test_memory_is_that_of_a_block(name, tmp_path, monkeypatch):
    """Each used to hold copies of all rows in double precision."""
    monkeypatch.setattr(_on_disk, "LARGEST_READ", 0)
    monkeypatch.setattr(_feature_sets, "VALUES_AT_ONCE", 2**15)
    monkeypatch.setattr(_feature_sets, "LARGEST_HELD", 2**15)
    rows = RNG.normal(size=(60, 8000) if name in ALL_PAIRS else (25_000, 100)).astype(np.float32)
    kept = mapped(rows, tmp_path)
    peak, _ = peak_bytes(lambda: METRICS[name](kept, kept))
    assert peak < rows.nbytes
