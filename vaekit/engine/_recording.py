"""A function of tensors written down as a flat graph: every operation that it comes to, below autograd and vmap."""

import operator
from typing import NamedTuple

import torch
from torch import fx
from torch.fx.node import map_aggregate
from torch.utils.weak import WeakTensorKeyDictionary

from vaekit.utils._dispatch import EagerDispatchMode

__all__ = ["recorded"]


def recorded(function, tensors):
    """Return the graph of a function, called with some tensors; what it does to them is done.

    As torch's `make_fx`, without the shadows of tensors that it keeps for compilers, which take most of its time.
    """
    recorder = _Recorder(tensors)
    with recorder:
        outputs = function(*tensors)
    recorder.graph.output(map_aggregate(outputs, recorder.node_of))
    return fx.GraphModule(recorder.constants, recorder.graph)


class Meta(NamedTuple):
    """How a tensor lies in memory, and whose."""

    dtype: torch.dtype
    shape: torch.Size
    stride: tuple
    device: torch.device


class _Recorder(EagerDispatchMode):
    """Notes each operation as it is done."""

    def __init__(self, tensors):
        super().__init__()
        self.graph, self.constants, self._known = fx.Graph(), {}, WeakTensorKeyDictionary()
        for number, tensor in enumerate(tensors):
            self._note(self.graph.placeholder(f"given_{number}"), tensor)

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Do it, and note it."""
        kwargs = kwargs or {}
        result = function(*args, **kwargs)
        node = self.graph.call_function(function, *(map_aggregate(given, self.node_of) for given in (args, kwargs)))
        self._note_result(node, result)
        return result

    def _note_result(self, node, result):
        if isinstance(result, torch.Tensor):
            self._note(node, result)
        elif isinstance(result, (tuple, list)):
            for number, part in enumerate(result):
                if isinstance(part, torch.Tensor):
                    self._note(self.graph.call_function(operator.getitem, (node, number)), part)

    def _note(self, node, tensor):
        node.meta["tensor_meta"] = node.meta["val"] = Meta(tensor.dtype, tensor.shape, tensor.stride(), tensor.device)
        self._known[tensor] = node  # not held: memory is that of a step, however large

    def node_of(self, value):
        """The node of a tensor; what is no tensor is itself."""
        if not isinstance(value, torch.Tensor):
            return value
        if value not in self._known:
            name = f"constant_{len(self.constants)}"
            self.constants[name] = value
            self._note(self.graph.get_attr(name), value)
        return self._known[value]
