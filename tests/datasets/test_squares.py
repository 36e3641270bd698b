"""Squares, and the wave laid over them."""

import numpy as np
import pytest

from vaekit.datasets import make_xy_squares
from vaekit.datasets._squares import reflect


def test_reflection():
    np.testing.assert_allclose(reflect(np.array([-0.3, 0, 0.4, 1.2])), [0.3, 0, 0.4, 0.8], atol=1e-15)


def test_squares_have_the_mass_and_the_place_their_factors_say():
    squares = make_xy_squares()
    x, y, size, intensity = (values[column] for values, column in zip(squares.factor_values, squares.factors.T))
    mass = squares.images.sum(axis=(1, 2))
    np.testing.assert_allclose(mass, intensity * size**2, atol=1e-12)
    pixel = np.arange(8) + 0.5
    np.testing.assert_allclose(squares.images.sum(axis=1) @ pixel / mass, x, atol=1e-12)
    np.testing.assert_allclose(squares.images.sum(axis=2) @ pixel / mass, y, atol=1e-12)


@pytest.mark.parametrize("modification", ["modified", "noise"])
@pytest.mark.parametrize("strength", [0.01, 0.03, 0.06])
def test_the_wave_adds_the_asked_variance(modification, strength):
    plain = make_xy_squares().images
    waves = make_xy_squares(modification=modification, strength=strength, random_state=0).images - plain
    share = waves.var(axis=0).sum() / plain.var(axis=0).sum()
    assert abs(share - strength) < 0.3 * strength  # reflection at white moves it a little


@pytest.mark.parametrize("modification", ["none", "modified", "noise"])
def test_images_stay_in_the_unit_interval(modification):
    images = make_xy_squares(modification=modification, strength=0.1, random_state=0).images
    assert images.min() >= -1e-15
    assert images.max() <= 1


@pytest.mark.parametrize("modification", ["modified", "noise"])
def test_no_strength_is_no_modification(modification):
    images = make_xy_squares(modification=modification, strength=0, random_state=0).images
    np.testing.assert_array_equal(images, make_xy_squares().images)


def test_the_wave_follows_x_and_y_together_and_nothing_else():
    plain, modified = make_xy_squares(), make_xy_squares(modification="modified")
    wave = modified.images - plain.images
    x, y, _, _ = plain.factors.T
    upper = y < 3
    for direction in range(8):
        alike = wave[upper & (x + y == direction), -1]  # the lowest row, which these squares leave black
        np.testing.assert_allclose(alike, alike[:1].repeat(len(alike), axis=0), atol=1e-12)
    assert len(np.unique(wave[upper, -1].round(9), axis=0)) == 6  # the direction turns once in six steps


def test_noise_is_unrelated_to_the_factors():
    plain = make_xy_squares().images
    first, second = (make_xy_squares(modification="noise", random_state=seed).images - plain for seed in (0, 1))
    cosine = np.vdot(first - first.mean(0), second - second.mean(0)) / (
        np.linalg.norm(first - first.mean(0)) * np.linalg.norm(second - second.mean(0))
    )
    assert abs(cosine) < 0.15
