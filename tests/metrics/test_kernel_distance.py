import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from vaekit.metrics import kernel_distance

RNG = np.random.default_rng(0)
REAL, FAKE = RNG.normal(size=(60, 4)), RNG.normal(size=(50, 4)) + 0.5


def test_rows_that_repeat_have_the_kernel_of_two_points():
    a, b = np.array([1.0, -2.0, 0.5]), np.array([0.0, 1.0, 3.0])
    k = [(x @ y / 3 + 1) ** 3 for x, y in ((a, a), (b, b), (a, b))]
    found = kernel_distance(np.tile(a, (6, 1)), np.tile(b, (5, 1)), random_state=0)
    assert_allclose(found, (k[0] + k[1] - 2 * k[2], 0), atol=1e-9)


def test_has_no_bias_and_knows_its_error():
    """Of samples of one normal; the expectation is 0 whatever the number of rows."""
    draws = np.random.default_rng(1)
    distances = [kernel_distance(*draws.normal(size=(2, 40, 3)), n_subsets=20, random_state=i) for i in range(300)]
    values, errors = np.array(distances).T
    assert abs(values.mean()) < 3 * values.std() / math.sqrt(300)
    assert 1 < np.sqrt(np.mean(errors**2)) / values.std() < 2.5  # of equal sets the jackknife is careful


def test_error_of_different_sets():
    draws = np.random.default_rng(2)
    distances = [
        kernel_distance(draws.normal(size=(60, 3)), draws.normal(size=(80, 3)) + 0.7, random_state=i) for i in range(80)
    ]
    values, errors = np.array(distances).T
    assert 0.8 < np.sqrt(np.mean(errors**2)) / values.std() < 1.5


def test_all_rows_are_one_subset():
    whole = kernel_distance(REAL[:50], FAKE, subset_size=50, n_subsets=7)
    assert math.isnan(whole.standard_error)
    halves = kernel_distance(REAL[:50], FAKE, n_subsets=4000, random_state=0)
    assert_allclose(halves.value, whole.value, atol=0.02)


def test_is_symmetric_and_turns_with_the_features():
    rotation, _ = np.linalg.qr(RNG.normal(size=(4, 4)))
    options = {"subset_size": 50}
    expected = kernel_distance(REAL[:50], FAKE, **options).value
    assert_allclose(kernel_distance(FAKE, REAL[:50], **options).value, expected, rtol=1e-12)
    assert_allclose(kernel_distance(REAL[:50] @ rotation, FAKE @ rotation, **options).value, expected, rtol=1e-9)
    assert kernel_distance(REAL, FAKE, random_state=3) == kernel_distance(REAL, FAKE, random_state=3)


def test_features_beyond_the_kernel_are_infinitely_far():
    assert kernel_distance(1e200 * REAL, FAKE, random_state=0).value == math.inf


@pytest.mark.parametrize(
    ("real", "fake", "options", "words"),
    [
        (REAL[:1], FAKE, {}, "minimum of 2"),
        (REAL, FAKE[:, :3], {}, "same features"),
        (REAL, FAKE * np.nan, {}, "NaN"),
        (REAL, FAKE, {"n_subsets": 0}, "n_subsets must be an integer of at least 1"),
        (REAL, FAKE, {"subset_size": 1}, "subset_size must be an integer of at least 2"),
        (REAL, FAKE, {"subset_size": 51}, r"at most the rows of the smaller set \(50\), got 51"),
    ],
)
def test_errors_teach(real, fake, options, words):
    with pytest.raises(ValueError, match=words):
        kernel_distance(real, fake, **options)
