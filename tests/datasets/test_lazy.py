"""Images on disk are indexed as an array is."""

import pickle

import numpy as np
import pytest
from sklearn.model_selection import KFold, train_test_split
from sklearn.utils import check_array

from vaekit.datasets import _lazy
from vaekit.datasets._lazy import LazyImages

ARRAY = np.arange(7 * 3 * 4 * 4, dtype=np.uint8).reshape(7, 3, 4, 4)


def read(rows):
    return ARRAY[rows]


@pytest.fixture
def images():
    return LazyImages(read, ARRAY.shape)


KEYS = [
    0,
    -1,
    np.int64(3),
    slice(2, 5),
    slice(None, None, -2),
    slice(5, 5),
    [4, 1, 1],
    [],
    np.array([6, -7]),
    np.arange(7) % 2 == 0,
    [True, False, True, False, False, False, True],
    (slice(1, 3), 0),
    (2, 0, slice(None, 2)),
    (2, np.int64(1)),
    ([3, 1], Ellipsis),
    (slice(None), slice(1, 2), Ellipsis, 0),
]


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_indexing_is_that_of_an_array(images, key):
    expected = ARRAY[key]
    np.testing.assert_array_equal(images[key], expected)
    assert images[key].shape == expected.shape
    assert images[key].dtype == np.uint8


@pytest.mark.parametrize("key", [7, -8, [0, 7], None, Ellipsis, (0, [1, 2]), np.eye(7, dtype=bool), "first"], ids=repr)
def test_what_cannot_be_read_is_an_index_error(images, key):
    with pytest.raises(IndexError):
        images[key]


def test_only_the_rows_asked_for_are_read():
    seen = []
    LazyImages(lambda rows: seen.extend(rows) or ARRAY[rows], ARRAY.shape)[[5, 2]]
    assert seen == [5, 2]


@pytest.mark.parametrize("convert", [np.asarray, np.array, np.stack, lambda images: np.asarray(images, copy=None)])
def test_it_becomes_the_array_of_all_images(images, convert, monkeypatch):
    monkeypatch.setattr(_lazy, "BLOCK", 3)
    array = convert(images)
    assert type(array) is np.ndarray
    assert array.dtype == images.dtype == np.uint8
    np.testing.assert_array_equal(array, ARRAY)
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(images, copy=False)


def test_all_images_are_in_memory_once(monkeypatch):
    seen = []
    monkeypatch.setattr(_lazy, "BLOCK", 3)
    np.asarray(LazyImages(lambda rows: seen.append(len(rows)) or ARRAY[rows], ARRAY.shape))
    assert seen == [3, 3, 1]


def test_it_behaves_in_scikit_learn(images):
    assert images.shape == ARRAY.shape
    assert images.ndim == 4
    assert len(images) == 7
    np.testing.assert_array_equal(check_array(images, allow_nd=True), ARRAY)
    assert np.asarray(images, dtype=np.float32).dtype == np.float32
    train, test = train_test_split(images, random_state=0)
    assert len(train) + len(test) == 7
    for part, _ in KFold(3, shuffle=True, random_state=0).split(images):
        np.testing.assert_array_equal(images[part], ARRAY[part])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(images))[2:4], ARRAY[2:4])
    assert "shape=(7, 3, 4, 4)" in repr(images)
