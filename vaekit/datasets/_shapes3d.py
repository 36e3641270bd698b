"""Shapes3D: one coloured object in a room, made from six independent factors."""

from functools import partial
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vaekit.datasets._base import Source, bunch_or_pair, find_file, import_optional, reading, verify_file
from vaekit.datasets._grid import choose_levels, classes_of, grid_factors
from vaekit.datasets._lazy import LazyImages
from vaekit.datasets._shapes3d_drawing import FACTORS, SHAPES, SIDE, SIZES, VALUES, render_shapes3d
from vaekit.utils._ambient import guarded
from vaekit.utils._typing import RandomStateLike

SOURCE = Source(
    "Shapes3D",
    "by Google DeepMind, in the storage that the 3d-shapes repository of its GitHub organisation names",
    {"3dshapes.h5": "0a0f6ed98baff276a50f3a081a7434d788da63cb135a98189b2a5b5769be1785"},
)
DESCR = """Shapes3D (Burgess and Kim, 2018): colour images of a cube, cylinder, sphere or capsule in a room. The
published set has 10 hues of floor, wall and object, 8 scales, 4 shapes and 15 orientations, every combination once."""
STAND_IN = " These images are a stand-in drawn by vaekit: the same factors, another renderer."


@guarded
def make_shapes3d(
    n_samples: int | None = None,
    *,
    floor_hues: ArrayLike | None = None,
    wall_hues: ArrayLike | None = None,
    object_hues: ArrayLike | None = None,
    scales: ArrayLike | None = None,
    shapes: ArrayLike | None = None,
    orientations: ArrayLike | None = None,
    random_state: RandomStateLike = None,
    return_X_y: bool = False,
) -> Any:
    """Make a stand-in for Shapes3D: its whole grid of 480 000 images, a part of it, or a random sample.

    Parameters
    ----------
    n_samples : int, default=None
        Number of distinct images drawn at random from the grid; None gives the grid itself, the last factor running
        fastest. The whole grid takes 5.9 GB and about a minute.
    floor_hues, wall_hues, object_hues, scales, shapes, orientations : int or array-like of int, default=None
        Which of the 10, 10, 10, 8, 4 and 15 values of a factor the grid keeps: None for all, a number for so many
        evenly spaced ones, starting with the first, or the class numbers themselves.
    random_state : int, RandomState instance or None, default=None
        Chooses the sample.
    return_X_y : bool, default=False
        Whether to return `(images, factors)` instead of a Bunch.

    Returns
    -------
    shapes3d : :class:`~sklearn.utils.Bunch`
        images : ndarray of uint8 of shape (n_samples, 3, 64, 64)
            Red, green and blue, 0 .. 255.
        factors : ndarray of int64 of shape (n_samples, 6)
            The place of each image in the grid: 0 .. factor_sizes[j] - 1 in column j.
        factor_names : tuple of str
            floor_hue, wall_hue, object_hue, scale, shape, orientation.
        factor_sizes : tuple of int
            Number of values of each factor in this grid.
        factor_values : tuple of ndarray
            Those values: hues in [0, 1), scale, names, degrees.
        DESCR : str
            Description.

    Raises
    ------
    ValueError
        If a choice is out of range, or `n_samples` exceeds the grid.

    See Also
    --------
    load_shapes3d : The published images.
    render_shapes3d : How they are drawn.

    References
    ----------
    C. Burgess and H. Kim, "3D Shapes Dataset", 2018.

    Examples
    --------
    >>> from vaekit.datasets import make_shapes3d
    >>> scenes = make_shapes3d(scales=[4], orientations=[7], shapes=2, object_hues=3)
    >>> scenes.images.shape, scenes.factor_sizes
    ((600, 3, 64, 64), (10, 10, 3, 1, 2, 1))
    """
    levels = choose_levels(
        SIZES,
        floor_hues=floor_hues,
        wall_hues=wall_hues,
        object_hues=object_hues,
        scales=scales,
        shapes=shapes,
        orientations=orientations,
    )
    sizes = tuple(len(level) for level in levels)
    factors = grid_factors(sizes, n_samples, random_state)
    return bunch_or_pair(
        return_X_y,
        images=render_shapes3d(classes_of(factors, levels)),
        factors=factors,
        factor_names=FACTORS,
        factor_sizes=sizes,
        factor_values=tuple(values[level] for values, level in zip(VALUES, levels)),
        DESCR=DESCR + STAND_IN,
    )


@guarded
def load_shapes3d(folder: str | PathLike[str], *, verify: bool = False, return_X_y: bool = False) -> Any:
    """Load Shapes3D from its published file; images are read when they are used.

    Parameters
    ----------
    folder : str or path-like
        Folder with `3dshapes.h5`.
    verify : bool, default=False
        Whether to compare the file with its checksum first.
    return_X_y : bool, default=False
        Whether to return `(images, factors)` instead of a Bunch.

    Returns
    -------
    shapes3d : :class:`~sklearn.utils.Bunch`
        As :func:`make_shapes3d` returns it, except that `images`, a sequence of shape (n_samples, 3, 64, 64), stays on
        disk and is read when it is used: `images[rows]` gives an ndarray of some, `np.asarray(images)` one of all,
        5.9 GB.

    Raises
    ------
    FileNotFoundError
        If the folder has no such file.
    ImportError
        If h5py is not installed (the extra `vaekit[data]`).
    ValueError
        If the file is truncated, another file, or fails the checksum.

    See Also
    --------
    make_shapes3d : A stand-in that needs no file.

    Examples
    --------
    >>> from vaekit.datasets import load_shapes3d
    >>> load_shapes3d("an empty folder")
    Traceback (most recent call last):
    ...
    FileNotFoundError: Shapes3D: no 3dshapes.h5 in 'an empty folder'. ...
    """
    path = find_file(folder, ["3dshapes.h5"], SOURCE)
    if verify:
        verify_file(path, SOURCE)
    h5py = import_optional("h5py", "h5py", "load_shapes3d")
    with reading(path, SOURCE), h5py.File(path) as file:
        labels = file["labels"][:]
        shape, dtype = file["images"].shape, file["images"].dtype
        if labels.shape != (shape[0], len(FACTORS)) or shape[1:] != (SIDE, SIDE, 3) or dtype != np.uint8:
            raise ValueError(f"images of shape {shape} and type {dtype}, labels of shape {labels.shape}")
        if file["images"].external or file["images"].is_virtual:
            raise ValueError("its images lie in other files")
        values, factors = zip(*(np.unique(column, return_inverse=True) for column in labels.T))
        names = [SHAPES[value.astype(int)] if factor == "shape" else value for factor, value in zip(FACTORS, values)]
    return bunch_or_pair(
        return_X_y,
        images=LazyImages(partial(_read_rows, path), (shape[0], 3, SIDE, SIDE)),
        factors=np.stack(factors, axis=1),
        factor_names=FACTORS,
        factor_sizes=tuple(len(value) for value in values),
        factor_values=tuple(names),
        DESCR=DESCR,
    )


def _read_rows(path, rows):
    """Return images channels first; an HDF5 file is read in increasing order, and a run of rows at once."""
    h5py = import_optional("h5py", "h5py", "load_shapes3d")
    ordered, place = np.unique(rows, return_inverse=True)
    with reading(path, SOURCE), h5py.File(path) as file:
        run = len(ordered) and ordered[-1] - ordered[0] + 1 == len(ordered)
        images = file["images"][ordered[0] : ordered[-1] + 1] if run else file["images"][ordered]
    return images[place].transpose(0, 3, 1, 2)
