"""Sizes that no memory holds: an error that says which parameters ask for them, before or after torch has tried."""

import contextlib
import math
import os
import re

import torch

__all__ = ["check_layer", "told_if_too_large"]

BYTES_PER_WEIGHT = 16  # itself, its gradient, and Adam's two moments, in single precision
REMEDY = "lower 'n_components', 'hidden_layer_sizes', or the width or number of parts of another word that asks for it."
SAID_BY_TORCH = re.compile("alloc|memory|overflow|invalid size|negative dimension|too large", re.IGNORECASE)


def memory():
    """Bytes of this machine's memory; infinite where nobody says."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return math.inf


def check_layer(sizes):
    """Refuse a layer that could never be trained on this machine, before memory is taken for it.

    Parameters
    ----------
    sizes : tuple
        What a layer of torch is told first; numbers that are multiplied.

    Raises
    ------
    ValueError
        If it is larger than memory; the message says what to lower.
    """
    numbers = [size for size in sizes if isinstance(size, int)]
    if BYTES_PER_WEIGHT * math.prod(numbers) > memory():
        raise ValueError(f"A layer of {' x '.join(map(str, numbers))} weights is larger than memory; {REMEDY}")


@contextlib.contextmanager
def told_if_too_large():
    """What torch or Python say of sizes that they cannot make, said with a remedy.

    Raises
    ------
    ValueError
        If a size inside is too large.
    """
    try:
        yield
    except (MemoryError, OverflowError, RuntimeError, TypeError) as error:
        if not (isinstance(error, (MemoryError, OverflowError, torch.OutOfMemoryError)) or _is_of_sizes(error)):
            raise
        raise ValueError(f"A part of the model is larger than memory; {REMEDY}") from error


def _is_of_sizes(error):
    return SAID_BY_TORCH.search(str(error).partition("\n")[0]) is not None
