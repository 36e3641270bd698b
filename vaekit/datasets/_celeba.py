"""CelebA: photographs of faces with forty yes-or-no attributes, in a folder of jpg files."""

from functools import partial
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import check_scalar

from vaekit.datasets._base import Source, bunch_or_pair, check_option, find_file, import_optional, reading
from vaekit.datasets._lazy import LazyImages
from vaekit.utils._ambient import guarded

SOURCE = Source(
    "CelebA", "by Z. Liu, P. Luo, X. Wang and X. Tang, on the CelebA page of the CUHK Multimedia Laboratory"
)
SUBSETS = {"train": 0, "valid": 1, "test": 2}


@guarded
def load_celeba(
    folder: str | PathLike[str], *, subset: str = "all", size: int | None = None, return_X_y: bool = False
) -> Any:
    """Load CelebA, aligned photographs of faces; images are decoded when they are used.

    Parameters
    ----------
    folder : str or path-like
        Folder with the folder `img_align_celeba` of jpg files, with the table `list_attr_celeba.txt`, and, to choose a
        subset, with `list_eval_partition.txt`.
    subset : {"all", "train", "valid", "test"}, default="all"
        Which part of the authors' partition.
    size : int, default=None
        Side of the images: the largest square in the middle, resized. None keeps them as they are, 218 x 178.
    return_X_y : bool, default=False
        Whether to return `(images, factors)` instead of a Bunch.

    Returns
    -------
    celeba : :class:`~sklearn.utils.Bunch`
        images : sequence of shape (n_samples, 3, height, width)
            Red, green and blue, uint8, 0 .. 255. They stay on disk and are decoded when they are used:
            `images[rows]` gives an ndarray of some, `np.asarray(images)` one of all.
        factors : ndarray of int64 of shape (n_samples, 40)
            The attributes: 1 yes, 0 no.
        factor_names : tuple of str
            Their names.
        factor_sizes : tuple of int
            Twos.
        factor_values : tuple of ndarray
            no, yes.
        DESCR : str
            Description.

    Raises
    ------
    FileNotFoundError
        If a table or an image is missing.
    ImportError
        If Pillow is not installed (the extra `vaekit[data]`).
    ValueError
        If a table or an image is truncated or another file.

    References
    ----------
    Z. Liu, P. Luo, X. Wang and X. Tang, "Deep learning face attributes in the wild", ICCV 2015.

    Examples
    --------
    >>> from vaekit.datasets import load_celeba
    >>> load_celeba("an empty folder")
    Traceback (most recent call last):
    ...
    FileNotFoundError: CelebA: no list_attr_celeba.txt in 'an empty folder'. ...
    """
    check_option("subset", subset, ["all", *SUBSETS])
    if size is not None:
        check_scalar(size, "size", Integral, min_val=1)
    names, files, attributes = _read_attributes(find_file(folder, ["list_attr_celeba.txt"], SOURCE))
    pictures = find_file(folder, ["img_align_celeba"], SOURCE)
    if subset != "all":
        chosen = _read_partition(find_file(folder, ["list_eval_partition.txt"], SOURCE), files) == SUBSETS[subset]
        files, attributes = files[chosen], attributes[chosen]
    missing = set(files.tolist()).difference(path.name for path in pictures.iterdir())
    for file in sorted(missing):
        find_file(pictures, [file], SOURCE)  # says so

    read = partial(_decode, pictures, files, size)
    return bunch_or_pair(
        return_X_y,
        images=LazyImages(read, (len(files), *read(np.arange(1)).shape[1:])),
        factors=(attributes > 0).astype(np.int64),
        factor_names=names,
        factor_sizes=(2,) * len(names),
        factor_values=(np.array(["no", "yes"]),) * len(names),
        DESCR="CelebA (Liu, Luo, Wang and Tang, 2015): photographs of faces, aligned, with forty yes-or-no attributes.",
    )


def _read_attributes(path):
    """Return attribute names, file names and the table of 1 and -1; the two lines above hold their number and names."""
    with reading(path, SOURCE):
        with path.open(encoding="utf-8") as file:
            n_images, names = int(file.readline()), tuple(file.readline().split())
            rows = np.loadtxt(file, [("file", "U16"), ("attributes", np.int8, (len(names),))], ndmin=1)
        if len(rows) != n_images or not np.isin(rows["attributes"], (-1, 1)).all():
            raise ValueError(f"{n_images} rows of 1 and -1 were announced, {len(rows)} rows came")
        outside = [file for file in rows["file"] if Path(file).name != file]
        if outside:
            raise ValueError(f"{outside[0]!r} is no name of a file in the folder of images")
    return names, rows["file"], rows["attributes"]


def _read_partition(path, files):
    """Return the part (0, 1, 2) of each file."""
    with reading(path, SOURCE):
        part_of = dict(np.loadtxt(path, [("file", "U16"), ("part", np.int8)], ndmin=1).tolist())
        return np.array([part_of[file] for file in files])


def _decode(pictures, files, size, rows):
    """Return the images of these rows, channels first."""
    image_module = import_optional("PIL.Image", "Pillow", "load_celeba")
    return np.stack([_decode_one(image_module, Path(pictures, files[row]), size) for row in rows])


def _decode_one(image_module, path, size):
    with reading(path, SOURCE), image_module.open(path) as picture:
        picture = picture.convert("RGB")
        if size is not None:
            left, top = (np.array(picture.size) - min(picture.size)) / 2
            square = (left, top, left + min(picture.size), top + min(picture.size))
            picture = picture.resize((size, size), image_module.Resampling.BILINEAR, box=square)
        return np.asarray(picture).transpose(2, 0, 1)
