"""Shapes3D stand-ins show what their factors say, and nothing else."""

import numpy as np
import pytest

from vaekit.datasets import make_shapes3d, render_shapes3d
from vaekit.datasets._shapes3d_drawing import FLOOR, OBJECT, ON_SURFACE, WALL, _camera, _march, _standing, _transport

SHAPES = ["cube", "cylinder", "sphere", "capsule"]


def shown(colour, scale=1.0, shape="cube", orientation=10.0):
    return _transport(scale, shape, orientation)[colour].reshape(64, 64)


def test_marching_finds_a_sphere_where_algebra_does():
    eye, direction = _camera(20.0)
    standing = centre, _, _ = _standing("sphere", 1.1)
    length, _ = _march(standing, eye, direction)
    b = direction @ (centre - eye)
    discriminant = b**2 - (centre - eye) @ (centre - eye) + (1.1 * 0.9) ** 2
    clear = np.abs(discriminant) > 0.01  # grazing rays touch within the tolerance or not
    np.testing.assert_array_equal(np.isfinite(length)[clear], discriminant[clear] > 0)
    hit = discriminant > 0.01
    np.testing.assert_allclose(length[hit], b[hit] - np.sqrt(discriminant[hit]), atol=0.01)


def test_marching_finds_a_cube_where_algebra_does():
    eye, direction = _camera(-15.0)
    standing = centre, _, distance = _standing("cube", 0.8)
    length, _ = _march(standing, eye, direction)
    half = 0.75 * 0.8
    sides = np.sort([(centre - eye - half) / direction, (centre - eye + half) / direction], axis=0)
    enter, leave = sides[0].max(axis=1), sides[1].min(axis=1)
    clear = np.abs(leave - enter) > 0.05
    np.testing.assert_array_equal(np.isfinite(length)[clear], (leave > enter)[clear])
    hit = np.flatnonzero(leave > enter + 0.05)
    np.testing.assert_allclose(distance(eye + enter[hit, None] * direction[hit]), 0, atol=1e-9)
    towards_face = np.abs(direction)[hit, sides[0][hit].argmax(axis=1)]
    ahead = (enter - length)[hit] * towards_face
    assert (np.abs(ahead) < ON_SURFACE).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_objects_stand_on_the_floor(shape):
    _, _, distance = _standing(shape, 1.25)
    below = np.array([[0.0, 0.0, 0.0]])
    np.testing.assert_allclose(distance(below), 0, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_larger_object_covers_more(shape):
    areas = [np.count_nonzero(shown(OBJECT, scale, shape)) for scale in np.linspace(0.75, 1.25, 8)]
    assert (np.diff(areas) > 0).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_turning_the_other_way_mirrors_the_outline(shape):
    left, right = (shown(OBJECT, 1.0, shape, orientation) > 0 for orientation in (-20, 20))
    np.testing.assert_array_equal(left, right[:, ::-1])


def test_every_pixel_shows_floor_wall_or_object():
    assert (sum(shown(colour) for colour in (FLOOR, WALL, OBJECT)) > 0.3).all()
    assert shown(WALL)[0].all()
    assert shown(FLOOR)[-1].all()
    assert shown(OBJECT)[32, 32] > 0


@pytest.mark.parametrize(("hue", "colour"), [("floor_hues", FLOOR), ("wall_hues", WALL), ("object_hues", OBJECT)])
def test_a_hue_changes_its_own_surface_alone(hue, colour):
    scene = {"floor_hues": [0], "wall_hues": [0], "object_hues": [0], "scales": [3], "shapes": [1], "orientations": [9]}
    red, green = make_shapes3d(**(scene | {hue: [0, 3]})).images.astype(int)
    changed = (red != green).any(axis=0)
    there = shown(colour, np.linspace(0.75, 1.25, 8)[3], "cylinder", np.linspace(-30, 30, 15)[9]) > 0.02
    np.testing.assert_array_equal(changed, there)


def test_scale_shape_and_orientation_each_change_the_image():
    images = make_shapes3d(floor_hues=[1], wall_hues=[5], object_hues=[8], scales=2, shapes=4, orientations=2).images
    assert len(np.unique(images.reshape(16, -1), axis=0)) == 16


def test_an_object_casts_a_shadow():
    floor = shown(FLOOR, shape="capsule")
    whole = floor[(shown(OBJECT, shape="capsule") == 0) & (shown(WALL, shape="capsule") == 0)]
    assert whole.max() > 1.5 * whole.min()
    assert 0.01 < (whole < 0.75 * whole.max()).mean() < 0.2


def test_impossible_classes_are_refused():
    with pytest.raises(ValueError, match=r"shape classes must be 0 .. 3, got 4 .. 4"):
        render_shapes3d([[0, 0, 0, 0, 4, 0]])
    assert render_shapes3d(np.empty((0, 6), int)).shape == (0, 3, 64, 64)
