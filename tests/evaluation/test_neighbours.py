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


def test_too_few_rows():
    with pytest.raises(ValueError, match="n_neighbors"):
        nearest_neighbours([[0.0]], [[1.0]])
