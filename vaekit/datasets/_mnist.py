"""MNIST and Fashion-MNIST: grey 28 x 28 images with a class label, in idx files."""

import numpy as np

from vaekit.datasets._base import Source, check_option, find_file, labelled_images, read_idx, reading, verify_file
from vaekit.utils._ambient import guarded

FILES = {"train": "train", "test": "t10k"}

MNIST = Source(
    "MNIST",
    "by Y. LeCun, C. Cortes and C. Burges, on the MNIST page of LeCun's site",
    {
        "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
)
FASHION_MNIST = Source(
    "Fashion-MNIST",
    "by Zalando Research, in the fashion-mnist repository of its GitHub organisation",
    {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
)
GARMENTS = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


def _load(folder, subset, source, verify):
    """Return images and labels of a subset; a plain file is taken before a .gz, unless checksums are wanted."""
    check_option("subset", subset, FILES)
    names = [f"{FILES[subset]}-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1")]
    paths = [find_file(folder, (f"{name}.gz",) if verify else (name, f"{name}.gz"), source) for name in names]
    if verify:
        for path in paths:
            verify_file(path, source)
    return [_read(path, n_axes, source) for path, n_axes in zip(paths, (3, 1))]


def _read(path, n_axes, source):
    with reading(path, source):
        content = read_idx(path)
        if content.ndim != n_axes or content.dtype != np.uint8:
            raise ValueError(f"an array of {content.dtype} of shape {content.shape}")
    return content


@guarded
def load_mnist(folder, *, subset="train", verify=False, return_X_y=False):
    """Load MNIST, handwritten digits, from its idx files.

    Parameters
    ----------
    folder : str or path-like
        Folder with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
        `t10k-labels-idx1-ubyte`, plain (memory-mapped) or as published, with `.gz` (unpacked into memory).
    subset : {"train", "test"}, default="train"
        The 60 000 images for training or the 10 000 for testing.
    verify : bool, default=False
        Whether to compare the files with their checksums first; it asks for the files as published, with `.gz`.
    return_X_y : bool, default=False
        Whether to return `(images, factors)` instead of a Bunch.

    Returns
    -------
    mnist : :class:`~sklearn.utils.Bunch`
        images : ndarray of uint8 of shape (n_samples, 28, 28)
            Grey values, 0 .. 255, white on black.
        factors : ndarray of int64 of shape (n_samples, 1)
            The digit.
        target : ndarray of int64 of shape (n_samples,)
            The digit, as classifiers take it.
        factor_names, factor_sizes, factor_values : tuple
            digit; 10; 0 .. 9.
        DESCR : str
            Description.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is truncated, another file, or fails the checksum.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86, 1998.

    Examples
    --------
    >>> from vaekit.datasets import load_mnist
    >>> load_mnist("an empty folder")
    Traceback (most recent call last):
    ...
    FileNotFoundError: MNIST: no train-images-idx3-ubyte or train-images-idx3-ubyte.gz in 'an empty folder'. ...
    """
    images, labels = _load(folder, subset, MNIST, verify)
    with reading(folder, MNIST):
        return labelled_images(
            return_X_y,
            images=images,
            labels=labels,
            label_name="digit",
            label_values=np.arange(10),
            DESCR="MNIST (LeCun, Cortes and Burges, 1998): grey 28 x 28 images of handwritten digits.",
        )


@guarded
def load_fashion_mnist(folder, *, subset="train", verify=False, return_X_y=False):
    """Load Fashion-MNIST, articles of clothing, from its idx files.

    Parameters
    ----------
    folder : str or path-like
        Folder with files of the same names as those of :func:`load_mnist`, plain or with `.gz`.
    subset : {"train", "test"}, default="train"
        The 60 000 images for training or the 10 000 for testing.
    verify : bool, default=False
        Whether to compare the files with their checksums first; it asks for the files as published, with `.gz`.
    return_X_y : bool, default=False
        Whether to return `(images, factors)` instead of a Bunch.

    Returns
    -------
    fashion_mnist : :class:`~sklearn.utils.Bunch`
        As :func:`load_mnist` returns it; the factor is the garment, its values are the ten names.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is truncated, another file, or fails the checksum.

    References
    ----------
    H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", arXiv 1708.07747, 2017.

    Examples
    --------
    >>> from vaekit.datasets import load_fashion_mnist
    >>> load_fashion_mnist("an empty folder", subset="test")
    Traceback (most recent call last):
    ...
    FileNotFoundError: Fashion-MNIST: no t10k-images-idx3-ubyte or t10k-images-idx3-ubyte.gz in 'an empty folder'. ...
    """
    images, labels = _load(folder, subset, FASHION_MNIST, verify)
    with reading(folder, FASHION_MNIST):
        return labelled_images(
            return_X_y,
            images=images,
            labels=labels,
            label_name="garment",
            label_values=GARMENTS,
            DESCR="Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): grey 28 x 28 images of articles of clothing.",
        )
