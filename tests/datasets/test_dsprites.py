"""dSprites are drawn as their definition says, and as published."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaekit.datasets import load_dsprites, make_dsprites, render_dsprites

SIZES = (3, 6, 40, 32, 32)


def outline(shape):
    if shape == 0:
        return [(-9.6, -9.6), (9.6, -9.6), (9.6, 9.6), (-9.6, 9.6)]
    if shape == 1:
        return [(12.768 * np.cos(t), 7.218045112781955 * np.sin(t)) for t in 2 * np.pi * np.arange(100) / 100]
    return [
        (
            9.6 * np.sin(t) ** 3,
            -(9.6 / 14.5) * (13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) - 1.44,
        )
        for t in 2 * np.pi * np.arange(150) / 150
    ]


def plain_image(shape, scale, orientation, pos_x, pos_y):
    """Ask of every pixel centre, edge by edge and in whole numbers, whether it lies inside."""
    s, t = np.linspace(0.5, 1, 6)[scale], np.linspace(0, 2 * np.pi, 40)[orientation]
    centre_x, centre_y = 16 + 32 * pos_x / 31, 16 + 32 * pos_y / 31
    vertices = []
    for u, w in outline(shape):
        x = centre_x + s * (np.cos(t) * u + np.sin(t) * w)
        y = centre_y + s * (-np.sin(t) * u + np.cos(t) * w)
        vertices.append((int(np.floor(256 * x + 0.5)), int(np.floor(256 * y + 0.5))))
    row, column = np.indices((64, 64))
    px, py = 256 * column + 128, 256 * row + 128
    inside = np.zeros((64, 64), bool)
    for (x0, y0), (x1, y1) in zip(vertices, vertices[1:] + vertices[:1]):
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        inside ^= (y0 < py) & (py <= y1) & ((px - x0) * (y1 - y0) >= (x1 - x0) * (py - y0))
    return inside.astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(st.tuples(*(st.integers(0, size - 1) for size in SIZES)))
def test_a_pixel_is_on_when_its_centre_lies_inside_the_outline(classes):
    np.testing.assert_array_equal(render_dsprites([classes])[0], plain_image(*classes))


def test_many_images_are_the_same_as_one_by_one():
    classes = np.random.default_rng(0).integers(0, SIZES, size=(5000, 5))
    together = render_dsprites(classes)
    alone = [render_dsprites(row[None])[0] for row in classes[::100]]
    np.testing.assert_array_equal(together[::100], alone)


def test_areas_are_those_of_the_curves():
    images = make_dsprites(orientations=10, positions_x=4, positions_y=4).images.reshape(3, 6, -1, 64 * 64)
    mean_area = images.sum(axis=-1, dtype=float).mean(axis=-1)
    s2 = np.linspace(0.5, 1, 6) ** 2
    t = np.linspace(0, 2 * np.pi, 100_001)
    height = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    heart = abs(np.trapezoid(9.6 / 14.5 * height, 9.6 * np.sin(t) ** 3))
    for area, exact in zip(mean_area, (19.2**2, np.pi * 9.6**2, heart)):
        np.testing.assert_allclose(area, exact * s2, rtol=0.01)


def test_the_first_and_the_last_orientation_coincide():
    classes = np.random.default_rng(0).integers(0, SIZES, size=(300, 5))
    first, last = classes.copy(), classes.copy()
    first[:, 2], last[:, 2] = 0, 39
    np.testing.assert_array_equal(render_dsprites(first), render_dsprites(last))
    assert 2 * np.pi not in make_dsprites(1, orientations=39).factor_values[2]


def test_right_is_right_and_down_is_down():
    corner = {"shapes": [0], "scales": 1, "orientations": 1}
    images = make_dsprites(positions_x=[0, 31], positions_y=[0, 31], **corner).images
    quadrants = images.reshape(4, 2, 32, 2, 32).sum(axis=(2, 4)).reshape(4, 4)
    np.testing.assert_array_equal(quadrants.argmax(axis=1), [0, 2, 1, 3])


def test_turning_is_counter_clockwise():
    ellipse = render_dsprites([[1, 5, 4, 16, 16]])[0]  # 37 degrees: the right end of the long axis points up
    row, column = np.nonzero(ellipse)
    assert np.corrcoef(row, column)[0, 1] < -0.3


@pytest.mark.parametrize("size", [64, 32])
def test_packed_images_unpack_to_the_images(size):
    part = {"orientations": 3, "positions_x": 3, "positions_y": 3, "size": size}
    packed = make_dsprites(packed=True, **part).images
    assert packed.shape == (486, size, size // 8)
    np.testing.assert_array_equal(np.unpackbits(packed, axis=-1), make_dsprites(**part).images)


def test_a_small_pixel_is_on_when_half_of_it_is():
    part = {"orientations": 3, "positions_x": 3, "positions_y": 3}
    quarters = make_dsprites(**part).images.reshape(-1, 32, 2, 32, 2).sum(axis=(2, 4))
    np.testing.assert_array_equal(make_dsprites(size=32, **part).images, quarters >= 2)


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ([[0, 0, 0, 0]], "integers of shape (n_samples, 5): shape, scale, orientation, posX, posY"),
        ([[0.0, 0, 0, 0, 0]], "integers of shape"),
        ([[0, 6, 0, 0, 0]], "scale classes must be 0 .. 5, got 6 .. 6"),
        ([[0, 0, 0, -1, 0]], "posX classes must be 0 .. 31, got -1 .. -1"),
    ],
)
def test_impossible_classes_are_refused(classes, words):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the words are compared below
        render_dsprites(classes)
    assert words in str(raised.value)


def test_no_classes_give_no_images():
    assert render_dsprites(np.empty((0, 5), int)).shape == (0, 64, 64)


@pytest.mark.real_data
def test_published_images_are_reproduced(data_folder):
    published = load_dsprites(data_folder / "dsprites")
    made = make_dsprites(orientations=10, positions_x=16, positions_y=16)
    np.testing.assert_array_equal(made.factors, published.factors)
    assert made.factor_names == published.factor_names
    assert made.factor_sizes == published.factor_sizes
    for ours, theirs in zip(made.factor_values[1:], published.factor_values[1:]):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    wrong_pixels = (made.images != published.images).reshape(len(made.images), -1).sum(axis=1)
    assert (wrong_pixels == 0).mean() > 0.9998
    assert wrong_pixels.max() <= 1


@pytest.mark.real_data
def test_original_class_numbers_draw_the_published_images(data_folder):
    path = data_folder / "dsprites" / "dsprites_downsampled.npz"
    with np.load(path) as archive:
        rows = archive["original_dataset_indices"]
    classes = np.stack(np.unravel_index(rows, SIZES), axis=1)
    packed = load_dsprites(path.parent, packed=True).images
    assert (render_dsprites(classes, packed=True) == packed).all(axis=(1, 2)).mean() > 0.9998
