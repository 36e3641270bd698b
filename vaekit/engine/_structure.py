"""What a traced step has baked in, as a key: equal keys mean equal programs."""

import functools
import itertools
import types
import weakref
from numbers import Real

import numpy as np
import torch
from torch import nn

__all__ = ["UnknownStructureError", "structure_of"]

PLAIN = (str, bytes, bool, int, type(None), torch.dtype, torch.device, torch.Size, type)
OWN = ("vaekit.", "torch.", "math", "builtins", "_operator", "operator", "numpy")
PLACES = ("_parameters", "_buffers", "_modules")  # where a module keeps its own
SKIPPED = {*PLACES, "training", "_non_persistent_buffers_set", "_is_full_backward_hook"}


class UnknownStructureError(TypeError):
    """A value of which nobody can say whether it will be the same tomorrow."""


def structure_of(*values):
    """Return a `Structure`, a key of all that is in some objects, but for what goes into a step as a tensor.

    That are the values of parameters and buffers, and those of a spec's `weighted` and `outside_of_step`.

    Raises
    ------
    UnknownStructureError
        If there is something of a class that is neither ours nor torch's: what it does may change from one call to
        the next.
    """
    found = _Reader().read(values)
    known = _known.get(found)
    if known is None:
        known = _known[found] = Structure(found)
    return known


class Structure:
    """A key whose hash is computed once; where nobody was faster, equal ones are one object.

    Parameters
    ----------
    found : hashable
        All that makes a difference, deeply nested.
    """

    def __init__(self, found):
        self.found, self._hash = found, hash(found)

    def __hash__(self):
        return self._hash

    def __eq__(self, other):
        if self is other:
            return True
        return isinstance(other, Structure) and self._hash == other._hash and self.found == other.found


_known = weakref.WeakValueDictionary()


class _Reader:
    """Reads nested values; what was met before is named by its number, so that what is shared shows."""

    def __init__(self):
        self._met = {}

    def read(self, value):
        if isinstance(value, (*PLAIN, float, np.generic, types.FunctionType, types.BuiltinFunctionType)):
            return _leaf(value)
        if id(value) in self._met:
            return ("met", self._met[id(value)][0])
        self._met[id(value)] = (len(self._met), value)  # held, so that no other gets its id
        return (type(value), self._inside(value))

    def _inside(self, value):
        if isinstance(value, (list, tuple)):
            return tuple(map(self.read, value))
        if isinstance(value, dict):
            return tuple((self.read(key), self.read(item)) for key, item in value.items())
        if isinstance(value, (set, frozenset)):
            return frozenset(map(self.read, value))
        if isinstance(value, nn.Module):
            return self._module(value)
        if isinstance(value, torch.Tensor):
            return (value.dtype, value.device, value.shape, value.detach().cpu().numpy().tobytes())
        if isinstance(value, np.ndarray):
            return (value.dtype.str, value.shape, value.tobytes())
        if isinstance(value, types.MethodType):
            return (value.__func__, self.read(value.__self__))
        if isinstance(value, functools.partial):
            return (self.read(value.func), self.read(value.args), self.read(value.keywords))
        return self._object(value)

    def _object(self, value):
        _refuse_foreign(type(value))
        held = dict(vars(value)) if hasattr(value, "__dict__") else _unknown(value)
        return self.read(held | {name: _kind_of_number(held[name]) for name in _from_outside(type(value)) & set(held)})

    def _module(self, module):
        _refuse_foreign(type(module))
        own = {name: held for name, held in vars(module).items() if _is_its_own(module, name, held)}
        tensors = [[(name, self._slot(held)) for name, held in vars(module)[p].items()] for p in PLACES[:2]]
        parts = [(name, self.read(part)) for name, part in module._modules.items()]
        return (module.training, self.read(own), tuple(map(tuple, tensors)), tuple(parts))

    def _slot(self, tensor):
        """A parameter or buffer, which goes into the program, so that its values do not matter."""
        if tensor is None:
            return None
        number, _ = self._met.setdefault(id(tensor), (len(self._met), tensor))
        return (number, type(tensor), tensor.dtype, tensor.device, tensor.shape, tensor.stride(), tensor.requires_grad)


def _from_outside(kind):
    """Names of the parameters whose values a step of this class meets as tensors, or not at all."""
    told = [vars(base).get(name, ()) for base in kind.__mro__ for name in ("weighted", "outside_of_step")]
    return set(itertools.chain.from_iterable(told))


def _kind_of_number(weight):
    """What a step may hang on: whether there is such a weight at all, and whether it is nothing."""
    return (weight is None, isinstance(weight, Real) and weight == 0)


def _leaf(value):
    if isinstance(value, float):
        return (float, value.hex())
    if isinstance(value, np.generic):
        return (value.dtype.str, value.tobytes())
    if isinstance(value, type):
        return value
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType)):
        return _function(value)
    return (type(value), value)


def _function(function):
    """Functions of a module do not change; those with a closure are told apart by what is in it."""
    if not str(function.__module__ or "builtins").startswith(OWN):
        _unknown(function)
    if getattr(function, "__closure__", None) is None:
        return function
    return (function.__code__, structure_of(*(cell.cell_contents for cell in function.__closure__)))


def _refuse_foreign(kind):
    if not f"{kind.__module__}.".startswith(OWN):
        _unknown(kind)


def _is_its_own(module, name, held):
    """Whether an attribute says more than its class does."""
    is_empty = isinstance(held, (dict, set)) and not held
    return name not in SKIPPED and not is_empty and getattr(type(module), name, module) is not held


def _unknown(value):
    raise UnknownStructureError(f"{value!r} is neither ours nor torch's.")
