"""Sprites, drawn: outlines turned, moved, and filled in whole numbers of subpixels."""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from vaekit.datasets._base import check_option
from vaekit.datasets._grid import check_classes
from vaekit.utils._ambient import guarded

FACTORS = ("shape", "scale", "orientation", "posX", "posY")
SIZES = (3, 6, 40, 32, 32)
SHAPES = np.array(["square", "ellipse", "heart"])
SCALES = np.linspace(0.5, 1, 6)
ORIENTATIONS = np.linspace(0, 2 * np.pi, 40)
POSITIONS = np.linspace(0, 1, 32)
VALUES = (SHAPES, SCALES, ORIENTATIONS, POSITIONS, POSITIONS)

SIDE = 64
SUBPIXELS = 256
N_VERTICES = 150
BLOCK = 2048  # images at a time: their vertices stay in cache


def _outline(shape):
    """Return the polygon (u, w) of a shape at scale 1, in pixels from its centre, w downwards: (2, n_vertices)."""
    if shape == "square":
        return 9.6 * np.array([[-1, 1, 1, -1], [-1, -1, 1, 1]])
    if shape == "ellipse":
        t = 2 * np.pi * np.arange(100) / 100
        return np.stack([9.6 * 1.33 * np.cos(t), 9.6 / 1.33 * np.sin(t)])
    t = 2 * np.pi * np.arange(150) / 150
    height = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([9.6 * np.sin(t) ** 3, -9.6 / 14.5 * height - 1.44])


@cache
def _turned_outlines():
    """Return the outlines of every shape, scale and orientation, (2, 3, 6, 40, N_VERTICES).

    A vertex (u, w) goes to s (cos t u + sin t w, -sin t u + cos t w). The last vertex of the shorter polygons is
    repeated: an edge of length zero encloses nothing, and all shapes are filled alike.
    """
    s = SCALES[:, None, None]
    t = ORIENTATIONS[:, None]
    u, w = np.stack([np.pad(p, ((0, 0), (0, N_VERTICES - p.shape[1])), "edge") for p in map(_outline, SHAPES)], axis=1)
    u, w = u[:, None, None, :], w[:, None, None, :]
    return np.stack([s * (np.cos(t) * u + np.sin(t) * w), s * (-np.sin(t) * u + np.cos(t) * w)])


def _snap(coordinate):
    """Return coordinates in whole subpixels, counted from the centre of pixel 0: pixel centres are multiples of 256."""
    return np.floor(SUBPIXELS * coordinate + 0.5).astype(np.int32) - SUBPIXELS // 2


def _crossings(x, y):
    """Return (image, row, column): in this image and row, the outline is crossed just left of this column's centre.

    An edge from (x0, y0) to (x1, y1) meets the centre line y = 256 row at x0 + (x1 - x0) (256 row - y0) / (y1 - y0),
    in whole numbers throughout. Row counting takes a lower end on the line in and leaves an upper end out.
    """
    n_vertices = x.shape[1]
    rows_above = y // SUBPIXELS + 1
    start = np.flatnonzero(rows_above != np.roll(rows_above, -1, axis=1))
    image, vertex = np.divmod(start, n_vertices)
    end = start - vertex + (vertex + 1) % n_vertices
    first, last = np.sort([rows_above.flat[start], rows_above.flat[end]], axis=0)

    n_rows = last - first
    edge = np.repeat(np.arange(start.size), n_rows)
    row = (first - np.cumsum(n_rows) + n_rows)[edge] + np.arange(edge.size, dtype=np.int32)

    x0, y0 = x.flat[start], y.flat[start]
    dx, dy = (x.flat[end] - x0)[edge], (y.flat[end] - y0)[edge]
    numerator = x0[edge] * dy + dx * (SUBPIXELS * row - y0[edge])
    column = -(-numerator // (SUBPIXELS * dy))
    return image[edge], row, column


def _scanlines(classes):
    """Return images as one 64-bit word per row, (n_samples, 64): the leftmost pixel is the highest bit.

    A crossing flips every pixel to its right; an odd number of flips is inside.
    """
    shape, scale, orientation, pos_x, pos_y = classes.T
    x, y = _turned_outlines()[:, shape, scale, orientation]
    x = _snap(16 + 32 * POSITIONS[pos_x, None] + x)
    y = _snap(16 + 32 * POSITIONS[pos_y, None] + y)
    image, row, column = _crossings(x, y)
    words = np.zeros(len(classes) * SIDE, np.uint64)
    np.bitwise_xor.at(words, image * SIDE + row, ~np.uint64(0) >> column.astype(np.uint64))
    return words.reshape(-1, SIDE)


def _halve(images):
    """Return images of half the side: a pixel is on when at least two of its four are."""
    pairs = images[:, ::2] + images[:, 1::2]
    return (pairs[:, :, ::2] + pairs[:, :, 1::2] >= 2).astype(np.uint8)


@guarded
def render_dsprites(classes: ArrayLike, *, size: int = 64, packed: bool = False) -> np.ndarray:
    """Draw dSprites images from their factor classes.

    The outline of the shape (a square, a 100-gon on an ellipse, a 150-gon on a heart curve) is scaled, turned
    counter-clockwise and moved, its vertices are rounded to 1/256 pixel, and a pixel is on exactly when its centre lies
    inside. Of 46 080 images of the published set, 46 074 come out bit for bit and six differ in a single pixel.

    Parameters
    ----------
    classes : array-like of int of shape (n_samples, 5)
        Shape (0 square, 1 ellipse, 2 heart), scale (0 .. 5 for 0.5 .. 1), orientation (0 .. 39 for 0 .. 2 pi; 0 and 39
        are the same angle), posX and posY (0 .. 31 for 0 .. 1, right and down).
    size : {64, 32}, default=64
        Side of the images. At 32, a pixel is on when at least two of the four under it are: a plain maximum would
        fatten the sprites by a sixth and close the notch of the small hearts.
    packed : bool, default=False
        Whether to keep eight pixels in a byte; `np.unpackbits(images, axis=-1)` gives the images back.

    Returns
    -------
    images : ndarray of uint8 of shape (n_samples, size, size), or (n_samples, size, size // 8) when packed
        Pixels 0 and 1.

    Raises
    ------
    ValueError
        If a class is out of range or `size` is another number.

    See Also
    --------
    make_dsprites : The same images with their factors, as a grid or a random sample.

    References
    ----------
    L. Matthey, I. Higgins, D. Hassabis and A. Lerchner, "dSprites: Disentanglement testing Sprites dataset", 2017.
    The outlines were fitted to published images.

    Examples
    --------
    >>> from vaekit.datasets import render_dsprites
    >>> image = render_dsprites([[0, 0, 0, 16, 16]])[0]  # the smallest square, upright
    >>> image.shape, int(image.sum())
    ((64, 64), 81)
    """
    classes = check_classes(classes, FACTORS, SIZES)
    check_option("size", size, (32, 64))
    images = np.empty((len(classes), size, size // 8 if packed else size), np.uint8)
    for start in range(0, len(classes), BLOCK):
        rows = slice(start, start + BLOCK)
        bits = _scanlines(classes[rows]).astype(">u8").view(np.uint8).reshape(-1, SIDE, SIDE // 8)
        images[rows] = _finish(bits, size, packed)
    return images


def _finish(bits, size, packed):
    if size == SIDE:
        return bits if packed else np.unpackbits(bits, axis=-1)
    halved = _halve(np.unpackbits(bits, axis=-1))
    return np.packbits(halved, axis=-1) if packed else halved
