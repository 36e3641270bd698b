import numpy as np
import pytest
from scipy.linalg import sqrtm

from vaekit.metrics._frechet import frechet_distance, normal_frechet_distance

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(60, 4)) @ RNG.normal(size=(4, 4))
FAKE = RNG.normal(size=(50, 4)) @ RNG.normal(size=(4, 4)) + 1


def test_known_values():
    between_normals = normal_frechet_distance([0, 1], [[2, 0.5], [0.5, 1]], [1, -1], [[1, -0.3], [-0.3, 1.5]])
    between_sets = frechet_distance(np.sin(np.arange(30)).reshape(10, 3), np.cos(1.3 * np.arange(36)).reshape(12, 3))
    assert between_normals == pytest.approx(5.4634711896, abs=1e-8)
    assert between_sets == pytest.approx(0.1715810050, abs=1e-7)
    assert normal_frechet_distance([0], [[1]], [1], [[4]]) == pytest.approx(2, abs=1e-12)


def test_agrees_with_the_matrix_square_root():
    S1, S2 = np.cov(REAL.T), np.cov(FAKE.T)
    by_sqrtm = np.sum((REAL.mean(0) - FAKE.mean(0)) ** 2) + np.trace(S1 + S2 - 2 * np.real(sqrtm(S1 @ S2)))
    assert frechet_distance(REAL, FAKE) == pytest.approx(by_sqrtm, abs=1e-9)


def test_is_symmetric_and_zero_between_equal_sets():
    assert frechet_distance(REAL, FAKE) == pytest.approx(frechet_distance(FAKE, REAL), rel=1e-12)
    assert frechet_distance(REAL, REAL) == pytest.approx(0, abs=1e-10)


def test_turns_and_scales_with_the_features():
    rotation, _ = np.linalg.qr(RNG.normal(size=(4, 4)))
    assert frechet_distance(REAL @ rotation, FAKE @ rotation) == pytest.approx(frechet_distance(REAL, FAKE), rel=1e-9)
    assert frechet_distance(3 * REAL + 7, 3 * FAKE + 7) == pytest.approx(9 * frechet_distance(REAL, FAKE), rel=1e-9)


def test_fewer_rows_than_features_stays_real_and_warns():
    few, others = RNG.normal(size=(5, 30)), RNG.normal(size=(6, 30))
    with pytest.warns(UserWarning, match="rows of 30 features") as caught:
        distance = frechet_distance(few, others)
    assert [str(warning.message).split(":")[0] for warning in caught] == [
        "features_real has 5 rows of 30 features",
        "features_fake has 6 rows of 30 features",
    ]
    A, B = (X - X.mean(0) for X in (few, others))
    nuclear = np.linalg.norm((A / 2) @ (B / np.sqrt(5)).T, ord="nuc")  # the n x n form of the same cross term
    expected = np.sum((few.mean(0) - others.mean(0)) ** 2) + np.sum(A**2) / 4 + np.sum(B**2) / 5 - 2 * nuclear
    assert distance == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("real", "fake", "words"),
    [
        (REAL[:1], FAKE, "minimum of 2"),
        (REAL, FAKE[:, :3], "same features"),
        (REAL, FAKE * np.nan, "NaN"),
    ],
)
def test_errors_teach(real, fake, words):
    with pytest.raises(ValueError, match=words):
        frechet_distance(real, fake)
