import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from vaekit.datasets import make_xy_squares, modify_images

SQUARES = make_xy_squares()
IMAGES, FACTORS = SQUARES.images, SQUARES.factors
DARK = 0.2 + 0.2 * IMAGES  # far from where values are reflected
WORDS = ("entangling", "separate", "noise")


def added(modification, images=DARK, **options):
    return modify_images(images, FACTORS, (0, 1), modification=modification, random_state=0, **options) - images


@pytest.mark.parametrize("modification", WORDS)
@pytest.mark.parametrize("strength", [0.01, 0.03])
def test_what_is_added_has_the_variance_asked_for(modification, strength):
    variance = added(modification, strength=strength).var(axis=0).sum()
    assert_allclose(variance, strength * DARK.var(axis=0).sum(), rtol=1e-4)


@pytest.mark.parametrize("modification", WORDS)
def test_values_stay_in_the_unit_interval_and_single_precision(modification):
    modified = modify_images(IMAGES, FACTORS, (0, 1), modification=modification, strength=0.1, random_state=0)
    assert modified.shape == IMAGES.shape
    assert modified.dtype == np.float32
    assert 0 <= modified.min() <= modified.max() <= 1


def shared_by(waves, of):
    """Whether the wave is a function of these columns of factors: equal wherever they are."""
    groups = {}
    for wave, key in zip(waves.round(5), map(tuple, of)):
        groups.setdefault(key, []).append(wave)
    return all(np.ptp(some, axis=0).max() < 1e-4 for some in groups.values())


def test_entangling_follows_the_sum_of_both_and_neither_alone():
    waves = added("entangling")
    assert shared_by(waves, (FACTORS[:, :2].sum(axis=1, keepdims=True)) % 6)
    assert not shared_by(waves, FACTORS[:, :1])
    assert not shared_by(waves, FACTORS[:, 1:2])


def test_separate_follows_one_in_each_half():
    waves = added("separate")
    assert shared_by(waves[:, :, :4], FACTORS[:, :1])
    assert shared_by(waves[:, :, 4:], FACTORS[:, 1:2])
    assert not shared_by(waves, FACTORS[:, :1])


def test_noise_has_the_waves_of_entangling_in_another_order():
    noise, entangling = added("noise"), added("entangling")
    assert not shared_by(noise, FACTORS[:, :2])
    as_sets = [sorted(map(tuple, waves.reshape(432, -1).round(4).tolist())) for waves in (noise, entangling)]
    assert_allclose(*as_sets, atol=3e-4)


def test_patterns_of_ones_own_and_the_same_shuffled():
    def stripes(values):
        return np.where(np.arange(8) % 2, values[:, :1], 0.1 * values[:, 1:])[:, None]  # the same in each row

    plain, shuffled = (added(stripes, shuffled=is_shuffled) for is_shuffled in (False, True))
    expected = stripes(FACTORS[:, :2])[:, 0]
    a = plain[:, 3] / np.where(expected, expected, np.nan)
    assert np.nanstd(a) < 1e-4 * np.nanmean(a)
    assert_allclose(*(patterns.var(axis=0).sum() for patterns in (plain, shuffled)), rtol=1e-4)
    assert not shared_by(shuffled, FACTORS[:, :2])
    with pytest.raises(ValueError, match=r"a pattern of shape \(8, 8\) for each row, got \(432, 3\)"):
        added(lambda values: np.zeros((432, 3)))


def test_bytes_and_channels_are_taken():
    as_bytes = np.rint(255 * IMAGES).astype(np.uint8)
    from_bytes = modify_images(as_bytes, FACTORS, (0, 1))
    assert_allclose(from_bytes, modify_images(as_bytes / 255, FACTORS, (0, 1)), atol=1e-6)
    colour = modify_images(np.stack([DARK] * 3, axis=1), FACTORS, (0, 1))
    assert_allclose(colour[:, 2], modify_images(DARK, FACTORS, (0, 1)), atol=1e-6)


def test_many_images_are_done_in_blocks():
    many = np.tile(DARK, (20, 1, 1)), np.tile(FACTORS, (20, 1))
    assert_array_equal(modify_images(*many, (0, 1))[:432], modify_images(*many, (0, 1))[-432:])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pair": (0, 0)}, "pair must be two different columns of 4 factors"),
        ({"pair": (0, 4)}, "pair must be two different columns of 4 factors"),
        ({"images": 2 * IMAGES}, r"must lie in \[0, 1\], or be bytes"),
        ({"images": IMAGES[0]}, "images must have shape"),
        ({"images": IMAGES[:5]}, "5 images came with 432 rows of factors"),
        ({"factors": FACTORS / 2}, "factors must be class numbers"),
        ({"modification": "blur"}, "'modification' parameter must be one of"),
        ({"strength": 0}, "strength == 0, must be > 0"),
        ({"strength": 0.5}, "strength == 0.5, must be <= 0.1"),
    ],
)
def test_errors_name_the_parameter(options, words):
    with pytest.raises(ValueError, match=words):
        modify_images(**{"images": IMAGES, "factors": FACTORS, "pair": (0, 1), **options})
