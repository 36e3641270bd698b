import numpy as np
import pytest
from scipy.spatial.distance import cdist

from vaekit.metrics import _precision_recall
from vaekit.metrics._precision_recall import precision_recall_scores

REAL, FAKE = [[0], [1], [2], [4], [7]], [[0.5], [1.5], [8], [20]]
CLOUD = np.random.default_rng(0).normal(size=(300, 3))


def test_known_values():
    assert precision_recall_scores(REAL, FAKE, k=2) == pytest.approx((0.75, 1, 1, 1), abs=1e-8)
    assert precision_recall_scores(REAL, FAKE, k=1) == pytest.approx((0.75, 1, 1.25, 0.8), abs=1e-8)


def test_copies_of_the_data_are_perfect_and_strangers_worthless():
    assert precision_recall_scores(CLOUD, CLOUD, k=5) == (1, 1, 6 / 5, 1)  # k others' balls, and each row's own
    assert precision_recall_scores(CLOUD, CLOUD + 100, k=5) == (0, 0, 0, 0)


YES_OR_NO = (np.random.default_rng(0).random((600, 5)) < 0.4).astype(float)  # at most 32 different rows


@pytest.mark.parametrize("k", [1, 5])
def test_balls_are_closed_as_defined(k):
    """Equations 1-2 of Kynkaanniemi et al., 3-4 of Naeem et al., on rows that repeat."""
    real, fake = YES_OR_NO[:300], YES_OR_NO[300:520]
    between = cdist(fake, real)
    radius_real, radius_fake = (np.sort(cdist(rows, rows), axis=1)[:, k] for rows in (real, fake))
    inside = between <= radius_real
    expected = (
        inside.any(axis=1).mean(),
        (between <= radius_fake[:, None]).any(axis=0).mean(),
        inside.sum() / (k * len(fake)),
        inside.any(axis=0).mean(),
    )
    assert precision_recall_scores(real, fake, k=k) == pytest.approx(expected, abs=1e-12)
    assert precision_recall_scores(real, real, k=k)[:2] == (1, 1)


def test_one_repeated_sample_is_precise_but_covers_little():
    scores = precision_recall_scores(CLOUD, np.repeat(CLOUD[:1] * 1.01, 50, axis=0), k=5)
    assert scores.precision == 1
    assert scores.recall == 0
    assert scores.coverage < 0.05


def test_a_point_on_the_surface_of_a_ball_is_inside():
    lattice = np.arange(5.0)[:, None]  # every radius is 1, and the fakes lie exactly 1 from the ends
    assert precision_recall_scores(lattice, [[-1.0], [5.0]], k=1).precision == 1
    assert precision_recall_scores(lattice, [[np.nextafter(-1, -2)], [5.0 + 1e-12]], k=1).precision == 0


@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**-300, 2.0**300, 2.0**1000])
def test_no_square_overflows(scale):
    other = CLOUD[:100] + 0.1
    assert precision_recall_scores(scale * CLOUD, scale * other) == precision_recall_scores(CLOUD, other)


def test_swapping_the_sets_swaps_precision_and_recall():
    other = CLOUD[:200] * 1.5
    there, back = precision_recall_scores(CLOUD, other), precision_recall_scores(other, CLOUD)
    assert (there.precision, there.recall) == (back.recall, back.precision)


def test_chunks_do_not_change_the_scores(monkeypatch):
    at_once = precision_recall_scores(CLOUD, CLOUD[:100] + 0.1)
    monkeypatch.setattr(_precision_recall, "DISTANCES_AT_ONCE", 1000)
    assert precision_recall_scores(CLOUD, CLOUD[:100] + 0.1) == at_once


@pytest.mark.parametrize(
    ("real", "fake", "k", "words"),
    [
        (REAL, FAKE, 4, "below the number of rows"),
        (REAL, FAKE, 0, "k must be an integer"),
        (REAL, [[0, 1]] * 9, 2, "same features"),
        (REAL, [[np.inf]] * 9, 2, "infinity"),
    ],
)
def test_errors_teach(real, fake, k, words):
    with pytest.raises(ValueError, match=words):
        precision_recall_scores(real, fake, k=k)
