"""CIFAR-10: colour images of ten kinds of things, in the binary version's files."""

import numpy as np

from vaekit.datasets._base import Source, check_option, find_file, labelled_images, reading
from vaekit.utils._ambient import guarded

SOURCE = Source("CIFAR-10", 'as "binary version" by A. Krizhevsky, on his page at the University of Toronto')
FILES = {"train": [f"data_batch_{k}.bin" for k in range(1, 6)], "test": ["test_batch.bin"]}
THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD = 1 + 3 * 32 * 32  # the label, then the red, the green and the blue plane


def _read_records(path):
    with reading(path, SOURCE):
        content = np.fromfile(path, np.uint8)
        if not content.size or content.size % RECORD:
            raise ValueError(f"{content.size} bytes are not records of {RECORD}")
        return content.reshape(-1, RECORD)


@guarded
def load_cifar10(folder, *, subset="train", return_X_y=False):
    """Load CIFAR-10 from the files of its binary version.

    Parameters
    ----------
    folder : str or path-like
        Folder with `data_batch_1.bin` .. `data_batch_5.bin` and `test_batch.bin`, or with the folder
        `cifar-10-batches-bin` that holds them. The version with pickled files is not read: unpickling runs code.
    subset : {"train", "test"}, default="train"
        The 50 000 images for training or the 10 000 for testing.
    return_X_y : bool, default=False
        Whether to return `(images, factors)` instead of a Bunch.

    Returns
    -------
    cifar10 : :class:`~sklearn.utils.Bunch`
        images : ndarray of uint8 of shape (n_samples, 3, 32, 32)
            Red, green and blue, 0 .. 255.
        factors : ndarray of int64 of shape (n_samples, 1)
            The class.
        target : ndarray of int64 of shape (n_samples,)
            The class, as classifiers take it.
        factor_names, factor_sizes, factor_values : tuple
            class; 10; the ten names.
        DESCR : str
            Description.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is truncated or another file.

    References
    ----------
    A. Krizhevsky, "Learning multiple layers of features from tiny images", University of Toronto, 2009.

    Examples
    --------
    >>> from vaekit.datasets import load_cifar10
    >>> load_cifar10("an empty folder", subset="test")
    Traceback (most recent call last):
    ...
    FileNotFoundError: CIFAR-10: no test_batch.bin or cifar-10-batches-bin/test_batch.bin in 'an empty folder'. ...
    """
    names = FILES[check_option("subset", subset, FILES)]
    paths = [find_file(folder, (name, f"cifar-10-batches-bin/{name}"), SOURCE) for name in names]
    records = np.concatenate([_read_records(path) for path in paths])
    with reading(folder, SOURCE):
        return labelled_images(
            return_X_y,
            images=np.ascontiguousarray(records[:, 1:]).reshape(-1, 3, 32, 32),
            labels=records[:, 0],
            label_name="class",
            label_values=THINGS,
            DESCR="CIFAR-10 (Krizhevsky, 2009): colour 32 x 32 photographs of ten kinds of animals and vehicles.",
        )
