"""dSprites: white sprites on black, made from five independent factors."""

import zipfile
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vaekit.datasets._base import Source, bunch_or_pair, find_file, reading
from vaekit.datasets._dsprites_drawing import BLOCK, FACTORS, SHAPES, SIDE, SIZES, VALUES, render_dsprites
from vaekit.datasets._grid import choose_levels, classes_of, grid_factors
from vaekit.utils._ambient import guarded
from vaekit.utils._typing import RandomStateLike

SOURCE = Source("dSprites", "by Google DeepMind, in the dsprites-dataset repository of its GitHub organisation")
FILES = ("dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz", "dsprites_downsampled.npz")
DESCR = """dSprites (Matthey, Higgins, Hassabis and Lerchner, 2017): binary images of a square, an ellipse or a heart.
The published set has 6 scales, 40 orientations and 32 x 32 positions, every combination once; its constant colour is
left out here. Its orientations 0 and 39 are the same angle, 0 and 2 pi."""


@guarded
def make_dsprites(
    n_samples: int | None = None,
    *,
    shapes: ArrayLike | None = None,
    scales: ArrayLike | None = None,
    orientations: ArrayLike | None = None,
    positions_x: ArrayLike | None = None,
    positions_y: ArrayLike | None = None,
    size: int = 64,
    packed: bool = False,
    random_state: RandomStateLike = None,
    return_X_y: bool = False,
) -> Any:
    """Make dSprites: the whole grid of 737 280 images, a part of it, or a random sample.

    Parameters
    ----------
    n_samples : int, default=None
        Number of distinct images drawn at random from the grid; None gives the grid itself, the last factor running
        fastest.
    shapes, scales, orientations, positions_x, positions_y : int or array-like of int, default=None
        Which of the 3, 6, 40, 32 and 32 values of a factor the grid keeps: None for all, a number for so many evenly
        spaced ones, starting with the first, or the class numbers themselves. The 40 published orientations hold the
        angle 0 twice (0 and 2 pi); `orientations=39` is the grid in which no image is repeated for that reason.
    size : {64, 32}, default=64
        Side of the images; see :func:`render_dsprites`.
    packed : bool, default=False
        Whether to keep eight pixels in a byte: 377 MB instead of 3 GB for the whole grid.
    random_state : int, RandomState instance or None, default=None
        Chooses the sample.
    return_X_y : bool, default=False
        Whether to return `(images, factors)` instead of a Bunch.

    Returns
    -------
    dsprites : :class:`~sklearn.utils.Bunch`
        images : ndarray of uint8 of shape (n_samples, size, size)
            Pixels 0 and 1; of shape (n_samples, size, size // 8) when packed.
        factors : ndarray of int64 of shape (n_samples, 5)
            The place of each image in the grid: 0 .. factor_sizes[j] - 1 in column j.
        factor_names : tuple of str
            shape, scale, orientation, posX, posY.
        factor_sizes : tuple of int
            Number of values of each factor in this grid.
        factor_values : tuple of ndarray
            Those values: names, scale, radians counter-clockwise, position from left, position from top.
        DESCR : str
            Description.

    Raises
    ------
    ValueError
        If a choice is out of range, or `n_samples` exceeds the grid.

    See Also
    --------
    load_dsprites : The published file.

    References
    ----------
    L. Matthey, I. Higgins, D. Hassabis and A. Lerchner, "dSprites: Disentanglement testing Sprites dataset", 2017.

    Examples
    --------
    >>> from vaekit.datasets import make_dsprites
    >>> sprites = make_dsprites(100, orientations=10, random_state=0)
    >>> sprites.images.shape, sprites.factor_sizes
    ((100, 64, 64), (3, 6, 10, 32, 32))
    """
    levels = choose_levels(
        SIZES,
        shapes=shapes,
        scales=scales,
        orientations=orientations,
        positions_x=positions_x,
        positions_y=positions_y,
    )
    sizes = tuple(len(level) for level in levels)
    factors = grid_factors(sizes, n_samples, random_state)
    return bunch_or_pair(
        return_X_y,
        images=render_dsprites(classes_of(factors, levels), size=size, packed=packed),
        factors=factors,
        factor_names=FACTORS,
        factor_sizes=sizes,
        factor_values=tuple(values[level] for values, level in zip(VALUES, levels)),
        DESCR=DESCR,
    )


@guarded
def load_dsprites(folder: str | PathLike[str], *, packed: bool = False, return_X_y: bool = False) -> Any:
    """Load dSprites from its published file.

    Nothing pickled is read: the arrays are taken out of the archive one by one, the images in blocks.

    Parameters
    ----------
    folder : str or path-like
        Folder with `dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz`, or with `dsprites_downsampled.npz`, a part of it
        in the same format.
    packed : bool, default=False
        Whether to keep eight pixels in a byte: 377 MB of memory instead of 3 GB.
    return_X_y : bool, default=False
        Whether to return `(images, factors)` instead of a Bunch.

    Returns
    -------
    dsprites : :class:`~sklearn.utils.Bunch`
        As :func:`make_dsprites` returns it.

    Raises
    ------
    FileNotFoundError
        If the folder has no such file.
    ValueError
        If the file is truncated or another file.

    See Also
    --------
    make_dsprites : The same images without the file.

    Examples
    --------
    >>> from vaekit.datasets import load_dsprites
    >>> load_dsprites("an empty folder")
    Traceback (most recent call last):
    ...
    FileNotFoundError: dSprites: no dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz or dsprites_downsampled.npz in ...
    """
    path = find_file(folder, FILES, SOURCE)
    with reading(path, SOURCE):
        with np.load(path, allow_pickle=False) as archive:
            # the published table has six columns, the first is the constant colour
            factors = archive["latents_classes"][:, -len(FACTORS) :].astype(np.int64)
            values = [np.unique(column) for column in archive["latents_values"][:, -len(FACTORS) :].T]
        images = _read_images(path, packed)
        if len(images) != len(factors):
            raise ValueError(f"{len(images)} images, {len(factors)} rows of factors")
    values[0] = SHAPES[values[0].astype(int) - 1]
    return bunch_or_pair(
        return_X_y,
        images=images,
        factors=factors,
        factor_names=FACTORS,
        factor_sizes=tuple(len(value) for value in values),
        factor_values=tuple(values),
        DESCR=DESCR,
    )


def _read_images(path, packed):
    """Return the images of an npz archive, unpacking a block at a time."""
    with zipfile.ZipFile(path) as archive, archive.open("imgs.npy") as file:
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        (n_images, *sides), fortran_order, dtype = read_header[np.lib.format.read_magic(file)](file)
        if sides != [SIDE, SIDE] or fortran_order or dtype != np.uint8:
            raise ValueError(f"imgs holds {dtype} of sides {sides}, not uint8 of sides {[SIDE, SIDE]}")
        images = np.empty((n_images, SIDE, SIDE // 8 if packed else SIDE), np.uint8)
        for start in range(0, n_images, BLOCK):
            n_block = min(BLOCK, n_images - start)
            block = np.frombuffer(file.read(n_block * SIDE * SIDE), np.uint8).reshape(n_block, SIDE, SIDE)
            images[start : start + n_block] = np.packbits(block, axis=-1) if packed else block
    return images
