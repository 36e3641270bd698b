"""Rows of many fits, stored once where they are equal."""

import weakref

import torch

__all__ = ["Store"]

MOST_LOOKED_AT = 16  # rows, and values of each, by which tensors are told apart before all of them is compared


class Store:
    """Knows the tensors that fits hold now, and gives the one that is there for another of the same bits.

    Whoever fits folds of the same rows, or the same rows with several settings, so has each of them in memory once,
    wherever they come from. Nothing is kept alive: a tensor is forgotten with the last fit that holds it.
    """

    def __init__(self):
        self._known = {}

    def one_of(self, tensor):
        """The tensor that holds these bits: one that came before, or itself."""
        if not tensor.is_contiguous() or not tensor.numel():
            return tensor
        known = self._known.setdefault(_look_of(tensor), [])
        known[:] = [reference for reference in known if reference() is not None]
        for other in (reference() for reference in known):
            if other is not None and _same_bits(other, tensor):
                return other
        known.append(weakref.ref(tensor))
        return tensor


def _look_of(tensor):
    few = tensor[:: -(-len(tensor) // MOST_LOOKED_AT)].flatten(1) if tensor.ndim > 1 else tensor[:MOST_LOOKED_AT]
    few = few[..., :: -(-few.shape[-1] // MOST_LOOKED_AT)].contiguous().cpu()
    return tensor.shape, tensor.dtype, tensor.device, few.numpy().tobytes()


def _same_bits(one, other):
    if one.data_ptr() == other.data_ptr():
        return True
    return torch.equal(*(tensor.view(-1).view(torch.uint8) for tensor in (one, other)))
