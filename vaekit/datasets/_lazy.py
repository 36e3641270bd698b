"""Images that stay on disk until they are indexed."""

from numbers import Integral

import numpy as np

BLOCK = 1024  # images at a time, so that all of them are in memory once


class LazyImages:
    """A sequence of images, indexed as an array is, that reads from disk what is asked for and nothing else.

    `images[3]`, `images[10:20]`, `images[[4, 1]]` and `images[mask]` read those images and return an ndarray; slices of
    the other axes may follow, as in `images[:100, 0]`. `np.asarray(images)` reads everything.

    Parameters
    ----------
    read : callable
        Takes an integer array of rows, in any order and with repeats, and returns the images, ndarray of shape
        `(len(rows), *shape[1:])`.
    shape : tuple of int
        Shape of all images together, images first.
    dtype : dtype, default=np.uint8
        Type of the pixels.
    """

    stays_on_disk = True  # asked by those who take rows a block at a time

    def __init__(self, read, shape, dtype=np.uint8):
        self._read = read
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self):
        """Number of axes."""
        return len(self.shape)

    def __len__(self):
        return self.shape[0]

    def __repr__(self):
        return f"LazyImages(shape={self.shape}, dtype={self.dtype})"

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("images on disk cannot become an array without a copy.")
        images = np.empty(self.shape, dtype or self.dtype)
        for start in range(0, len(self), BLOCK):
            images[start : start + BLOCK] = self[start : start + BLOCK]
        return images

    def __getitem__(self, key):
        first, *others = key if isinstance(key, tuple) else (key,)
        if (
            first is None
            or first is Ellipsis
            or not all(isinstance(k, slice | Integral | type(Ellipsis)) for k in others)
        ):
            raise IndexError("index images by rows first, then by slices: images[rows], images[rows, 0, :32].")
        rows = np.arange(len(self))[first]
        images = self._read(np.atleast_1d(rows))
        return images[(slice(None) if rows.ndim else 0, *others)]
