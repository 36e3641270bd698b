import numpy as np
import pytest

from vaekit.evaluation import nearest_neighbours

RNG = np.random.default_rng(0)
X, FRESH = RNG.normal(size=(400, 3)), RNG.normal(size=(400, 3))


def test_copies_strangers_and_fresh_data():
    assert nearest_neighbours(X[:50], X).share_closer == pytest.approx(1, abs=0.01)
    assert nearest_neighbours(X[:50] + 100, X).share_closer == 0
    assert nearest_neighbours(FRESH, X).share_closer == pytest.approx(0.5, abs=0.06)
    assert nearest_neighbours(FRESH, X, X_test=FRESH).share_closer == 0.5


def test_rows_and_distances_of_images():
    images = np.arange(24.0).reshape(3, 2, 2, 2)
    found = nearest_neighbours(images[[2, 0]] + 0.5, images, X_test=images)
    np.testing.assert_array_equal(found.row, [2, 0])
    np.testing.assert_allclose(found.distance, 0.5 * np.sqrt(8))
    np.testing.assert_array_equal(found.reference_distance, np.zeros(3))


def test_reference_is_the_nearest_other_row():
    found = nearest_neighbours([[0.0]] * 4, [[0.0], [1.0], [3.0], [3.0]])
    np.testing.assert_array_equal(found.reference_distance, [1, 1, 0, 0])


@pytest.mark.parametrize("offset", [0, 1e5])
def test_copies_lie_at_distance_zero_wherever_the_data_are(offset):
    """More than fifteen features, where the search expands its squares."""
    data = offset + 0.1 * np.random.default_rng(0).normal(size=(1000, 20))
    found = nearest_neighbours(data[:50], data)
    np.testing.assert_array_equal(found.row, np.arange(50))
    np.testing.assert_array_equal(found.distance, 0)
    to_others = np.linalg.norm(data[:, None] - data[None, :50], axis=2)
    to_others[np.arange(50), np.arange(50)] = np.inf
    reference = nearest_neighbours(data, data).reference_distance[:50]
    np.testing.assert_allclose(reference, to_others.min(axis=0), rtol=1e-8)


@pytest.mark.parametrize("n_copies", [2, 3, 60])
def test_duplicates_of_duplicates_are_as_near_as_the_data(n_copies):
    data = np.repeat(np.random.default_rng(0).normal(size=(30, 20)), n_copies, axis=0)
    found = nearest_neighbours(data[::2], data)
    np.testing.assert_array_equal(found.reference_distance, 0)
    assert found.share_closer == 0.5


@pytest.mark.parametrize("dtype", [np.uint8, bool])
def test_small_types_neither_wrap_around_nor_are_refused(dtype):
    found = nearest_neighbours(np.array([[0, 0]], dtype), np.array([[1, 1], [1, 0]], dtype), X_test=[[1.0, 0.0]])
    assert found.row == [1]
    assert found.distance == [1]


def test_rows_of_another_width():
    with pytest.raises(ValueError, match="as many values as those of X, 3, got 1"):
        nearest_neighbours([[0.0]], X)


def test_too_few_rows():
    with pytest.raises(ValueError, match="n_neighbors"):
        nearest_neighbours([[0.0]], [[1.0]])
