"""SVHN: colour crops of house numbers, in MATLAB files."""

import numpy as np
from scipy.io import loadmat

from vaekit.datasets._base import Source, check_option, find_file, labelled_images, reading, verify_file
from vaekit.utils._ambient import guarded

SOURCE = Source(
    "SVHN",
    "by Y. Netzer and colleagues, on the Street View House Numbers page of Stanford University's deep learning site",
    {
        "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
        "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
        "extra_32x32.mat": "a93ce644f1a588dc4d68dda5feec44a7",
    },
)
SUBSETS = ("train", "test", "extra")


@guarded
def load_svhn(folder, *, subset="train", verify=False, return_X_y=False):
    """Load SVHN, cropped digits of house numbers, from its MATLAB files.

    Parameters
    ----------
    folder : str or path-like
        Folder with `train_32x32.mat`, `test_32x32.mat` or `extra_32x32.mat`.
    subset : {"train", "test", "extra"}, default="train"
        The 73 257 images for training, the 26 032 for testing, or the 531 131 easier ones.
    verify : bool, default=False
        Whether to compare the file with its checksum first.
    return_X_y : bool, default=False
        Whether to return `(images, factors)` instead of a Bunch.

    Returns
    -------
    svhn : :class:`~sklearn.utils.Bunch`
        images : ndarray of uint8 of shape (n_samples, 3, 32, 32)
            Red, green and blue, 0 .. 255.
        factors : ndarray of int64 of shape (n_samples, 1)
            The digit; the file's 10, its word for zero, is 0 here.
        target : ndarray of int64 of shape (n_samples,)
            The digit, as classifiers take it.
        factor_names, factor_sizes, factor_values : tuple
            digit; 10; 0 .. 9.
        DESCR : str
            Description.

    Raises
    ------
    FileNotFoundError
        If the file is missing.
    ValueError
        If the file is truncated, another file, or fails the checksum.

    References
    ----------
    Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu and A. Y. Ng, "Reading digits in natural images with unsupervised
    feature learning", NIPS workshop on deep learning and unsupervised feature learning, 2011.

    Examples
    --------
    >>> from vaekit.datasets import load_svhn
    >>> load_svhn("an empty folder")
    Traceback (most recent call last):
    ...
    FileNotFoundError: SVHN: no train_32x32.mat in 'an empty folder'. ...
    """
    check_option("subset", subset, SUBSETS)
    path = find_file(folder, [f"{subset}_32x32.mat"], SOURCE)
    if verify:
        verify_file(path, SOURCE)
    with reading(path, SOURCE):
        content = loadmat(path)
        images, labels = content["X"], content["y"]
        if images.shape[:3] != (32, 32, 3) or images.dtype != np.uint8:
            raise ValueError(f"X holds {images.dtype} of shape {images.shape}")
        return labelled_images(
            return_X_y,
            images=np.ascontiguousarray(images.transpose(3, 2, 0, 1)),
            labels=labels.astype(np.int64) % 10,
            label_name="digit",
            label_values=np.arange(10),
            DESCR="SVHN (Netzer et al., 2011): colour 32 x 32 crops of house numbers; the digit in the middle.",
        )
