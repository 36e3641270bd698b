"""What the data sets share: local files read with care, and the Bunch that is handed over."""

import gzip
import hashlib
import importlib
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.utils import Bunch, check_scalar

LARGEST_IDX = 2**28  # bytes; the largest published one has a fifth of them
# The element types of an idx file, by the third byte of its header.
IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


class Source(NamedTuple):
    """A published data set: its name, its authors' site in words, the checksums of its files as published."""

    title: str
    published: str
    checksums: dict[str, str] = {}

    @property
    def where(self):
        """One sentence that says where the files are to be had."""
        return f"{self.title} is published {self.published}; vaekit downloads nothing."


def bunch_or_pair(return_X_y, *, factors, **contents):
    """Return a Bunch of everything, or the pair (images or data, factors)."""
    if return_X_y:
        return contents.get("images", contents.get("data")), factors
    return Bunch(factors=factors, **contents)


def labelled_images(return_X_y, *, images, labels, label_name, label_values, DESCR):
    """Return images whose one factor is a class label; `target` is that label without the factor axis."""
    factors = np.asarray(labels, dtype=np.int64).reshape(-1, 1)
    if len(images) != len(factors):
        raise ValueError(f"{len(images)} images came with {len(factors)} labels; the two files are not of one set.")
    if factors.size and not 0 <= factors.min() <= factors.max() < len(label_values):
        raise ValueError(f"labels must be 0 .. {len(label_values) - 1}, got {factors.min()} .. {factors.max()}.")
    return bunch_or_pair(
        return_X_y,
        images=images,
        factors=factors,
        target=factors[:, 0],
        factor_names=(label_name,),
        factor_sizes=(len(label_values),),
        factor_values=(np.asarray(label_values),),
        DESCR=DESCR,
    )


def check_counts(**counts):
    """Raise the error of scikit-learn that names a count below 1, or one that is no whole number."""
    for name, count in counts.items():
        check_scalar(count, name, Integral, min_val=1)


def check_option(name, value, options):
    """Return `value`, or raise the ValueError that names the parameter and its admissible values."""
    if value not in options:
        raise ValueError(f"The {name!r} parameter must be one of {sorted(options)}. Got {value!r} instead.")
    return value


def import_optional(module, package, purpose):
    """Import a module that vaekit does not require, or say what needs it and how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{purpose} needs {package}; install it with `pip install 'vaekit[data]'`.") from error


def find_file(folder, names, source):
    """Return the first of `names` that lies in `folder`."""
    for name in names:
        if (path := Path(folder) / name).exists():
            return path
    raise FileNotFoundError(f"{source.title}: no {' or '.join(names)} in {str(folder)!r}. {source.where}")


def verify_file(path, source):
    """Compare a file with its published checksum, an md5 or a sha256."""
    published = source.checksums[path.name]
    with path.open("rb") as file:
        found = hashlib.file_digest(file, {32: "md5", 64: "sha256"}[len(published)]).hexdigest()
    if found != published:
        raise ValueError(f"{path} is not as published: its checksum is {found}, not {published}. {source.where}")


@contextmanager
def reading(path, source):
    """Turn whatever a reader says about a truncated or foreign file into one sentence."""
    try:
        yield
    except (MemoryError, FileNotFoundError):
        raise
    except Exception as error:  # every format has its own zoo of errors
        raise ValueError(
            f"{path} cannot be read as {source.title}: it is truncated or another file ({error!r}). {source.where}"
        ) from error


def read_idx(path):
    """Return the array in an idx file: memory-mapped, or unpacked from .gz.

    The header is two zero bytes, the element type, the number of axes, then each axis as a big-endian 4-byte integer.
    """
    if path.suffix == ".gz":
        with gzip.open(path) as file:
            content = np.frombuffer(file.read(LARGEST_IDX + 1), np.uint8)
        if len(content) > LARGEST_IDX:
            raise ValueError(f"it unpacks to more than {LARGEST_IDX} bytes")
    else:
        content = np.memmap(path, np.uint8, mode="r")
    zero, kind, n_axes = int(content[:2].view(">u2")[0]), int(content[2]), int(content[3])
    start = 4 + 4 * n_axes
    shape = tuple(int(length) for length in content[4:start].view(">u4"))
    if zero or kind not in IDX_TYPES:
        raise ValueError("its first bytes are no idx header")
    return content[start:].view(IDX_TYPES[kind]).reshape(shape)
