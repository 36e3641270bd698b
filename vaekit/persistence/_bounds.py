"""What building a model may cost, bounded by what its file holds."""

import itertools
import math

import torch

from vaekit.exceptions import UnreadableFileError
from vaekit.utils._dispatch import EagerDispatchMode

__all__ = ["Bounded", "check_widths"]

SPARE_NUMBERS, PER_NUMBER = 2**22, 64
SPARE_CALLS, PER_ARRAY = 2000, 100
FEWEST_WIDE, FEWEST_LAYERS = 1024, 32


class Bounded(EagerDispatchMode):
    """Inside, tensors are made as far as a file of so many numbers can ask for them, and no further.

    A file of a few bytes may name a layer of a billion units. Sizes are looked at before memory is taken for them.

    Parameters
    ----------
    n_numbers, n_arrays : int
        How much the file holds.
    """

    def __init__(self, n_numbers, n_arrays):
        super().__init__()
        self.numbers_left = PER_NUMBER * n_numbers + SPARE_NUMBERS
        self.calls_left = PER_ARRAY * n_arrays + SPARE_CALLS

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Count, then call."""
        self.calls_left -= 1
        self._spend(_size(function, args))
        result = function(*args, **(kwargs or {}))
        self._spend(result.numel() if hasattr(result, "numel") else 0)
        return result

    def _spend(self, n_numbers):
        self.numbers_left -= n_numbers
        if min(self.numbers_left, self.calls_left) < 0:
            raise UnreadableFileError("its model is larger than what it holds")


def _size(function, args):
    """How many numbers a torch function is asked to make: by a shape, by repeats, or by a count."""
    shapes = [math.prod(arg) for arg in args if isinstance(arg, (list, tuple)) and all(type(i) is int for i in arg)]
    tensors = [arg for arg in args if isinstance(arg, torch.Tensor)]
    if tensors:
        times = tensors[0].numel() if "repeat" in str(function) else 1
        return max([0, *(times * shape for shape in shapes)])
    return max([0, *shapes, *(abs(arg) for arg in args if type(arg) is int)])


def check_widths(blueprint, n_numbers, n_arrays):
    """Refuse widths, and numbers of layers, that what a file holds cannot have been trained with.

    Raises
    ------
    UnreadableFileError
        If there is one.
    """
    words = [blueprint[name] for name in ("network", "posterior", "prior", "likelihood")]
    values = [value for word in words for value in word.get_params().values()]
    lists = [value for value in values if isinstance(value, (list, tuple))]
    widths = [blueprint["n_components"], *values, *itertools.chain.from_iterable(lists)]
    widest = max(math.prod(blueprint["event_shape"]), *(width for width in widths if type(width) is int))
    if widest > max(n_numbers, FEWEST_WIDE) or max(map(len, lists), default=0) > n_arrays + FEWEST_LAYERS:
        raise UnreadableFileError("its model is larger than what it holds")
