"""What a training holds besides plain values: tensors, collections, generators."""

from collections import deque

import numpy as np
import torch
from numpy.random import MT19937, PCG64, PCG64DXSM, SFC64, Philox

from vaekit.files._values import Reader, Writer
from vaekit.utils._torch import to_array

__all__ = ["tensor_reader", "tensor_writer"]

BIT_GENERATORS = {kind.__name__: kind for kind in (MT19937, PCG64, PCG64DXSM, SFC64, Philox)}


def tensor_writer():
    """A `Writer` that takes tensors, sets, deques, and the subclasses of dictionaries and lists that libraries use."""
    return Writer(_write)


def tensor_reader(arrays):
    """The `Reader` for it; tensors come back on the CPU."""
    return Reader(arrays, READ)


def _write(value, write):
    if isinstance(value, torch.Tensor):
        return {"tensor": write.array(to_array(value.detach()))}
    if type(value) in (set, frozenset):
        return {"set": [write(item) for item in sorted(value, key=repr)]}
    if type(value) is deque:
        return {"deque": [[write(item) for item in value], value.maxlen]}
    if isinstance(value, np.random.Generator):
        return {"generator": write(value.bit_generator.state)}
    if isinstance(value, dict):
        return write(dict(value))
    raise TypeError(f"a {type(value).__name__}")


def _read_generator(state, read):
    state = read(state)
    generator = np.random.Generator(BIT_GENERATORS[state["bit_generator"]](0))
    generator.bit_generator.state = state
    return generator


READ = {
    "tensor": lambda name, read: torch.from_numpy(read.arrays[name]),
    "set": lambda items, read: {read(item) for item in items},
    "deque": lambda content, read: deque((read(item) for item in content[0]), maxlen=content[1]),
    "generator": _read_generator,
}
