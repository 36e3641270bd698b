"""Modules and functions of others as plain Python and NumPy: fit for any pickle, and for hashes of their values."""

import copy
import io
import pickle
from collections.abc import Mapping
from types import CodeType, FunctionType

import joblib
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from vaekit.utils._torch import to_array

__all__ = ["Fingerprint", "Stored", "deep_copy"]


class StoredTensor:
    """Values of a tensor, whatever its type and device, and whether it is a parameter that is trained."""

    def __init__(self, tensor):
        self.dtype, self.shape = tensor.dtype, tuple(tensor.shape)
        self.bytes = to_array(tensor.contiguous().reshape(-1).view(torch.uint8))  # NumPy lacks some types of torch
        self.is_parameter, self.requires_grad = isinstance(tensor, nn.Parameter), tensor.requires_grad

    def restored(self):
        """Return a tensor of these values on the CPU."""
        values = torch.from_numpy(self.bytes.copy()).view(self.dtype).reshape(self.shape)
        if self.is_parameter:
            return nn.Parameter(values, requires_grad=self.requires_grad)
        return values.requires_grad_(self.requires_grad)


class StoredLazyTensor:
    """A parameter or a buffer of a lazy layer that has no size yet."""

    def __init__(self, tensor):
        self.type, self.requires_grad, self.dtype = type(tensor), tensor.requires_grad, tensor.data.dtype

    def restored(self):
        """Return one like it on the CPU."""
        return self.type(self.requires_grad, device="cpu", dtype=self.dtype)


class StoredScript:
    """A scripted module as the file that torch makes of it."""

    def __init__(self, script):
        file = io.BytesIO()
        torch.jit.save(copy.deepcopy(script), file)  # of copies all files are the same, not those of originals
        self.file, self.training = file.getvalue(), script.training

    def restored(self):
        """Return the module on the CPU."""
        return torch.jit.load(io.BytesIO(self.file), map_location="cpu").train(self.training)


def _stand_in(leaf):
    if isinstance(leaf, torch.jit.ScriptModule):
        return StoredScript(leaf)
    return StoredLazyTensor(leaf) if is_lazy(leaf) else StoredTensor(leaf)


def _leaves(value):
    """Tensors and scripted modules, wherever they are among the attributes of modules."""
    if isinstance(value, torch.jit.ScriptModule) or (isinstance(value, torch.Tensor) and value.layout == torch.strided):
        yield value
    elif isinstance(value, (nn.Module, Mapping, list, tuple)):
        inner = vars(value) if isinstance(value, nn.Module) else value
        for item in inner.values() if isinstance(inner, Mapping) else inner:
            yield from _leaves(item)


def deep_copy(module, memo):
    """Return a copy of a module, its lazy layers included, which torch does not copy."""
    lazy = {id(leaf): StoredLazyTensor(leaf).restored() for leaf in _leaves(module) if is_lazy(leaf)}
    memo |= {key: tensor for key, tensor in lazy.items() if key not in memo}
    return copy.deepcopy(module, memo)


class Stored:
    """Modules and functions by name; tensors are held as arrays, each once, so what modules share stays shared.

    Parameters
    ----------
    given : dict of str to object
        Modules, functions that build them, or anything else.
    word : str, default="Custom"
        Whose parameters they are, for messages.

    Raises
    ------
    PicklingError
        If one cannot be pickled; the message names it.
    """

    def __init__(self, given, word="Custom"):
        stand_ins = {id(leaf): _stand_in(leaf) for leaf in _leaves(given)}
        leaves, memo = list(stand_ins.values()), dict(stand_ins)
        values = {name: _without_tensors(f"{name!r} parameter of {word}", value, memo) for name, value in given.items()}
        self.content = (leaves, values)
        if not all(_is_picklable(value) for value in values.values()):  # lambdas and the like, which cloudpickle takes
            self.content = joblib.wrap_non_picklable_objects((leaves, values), keep_wrapper=False)

    def restored(self):
        """Return what was given."""
        leaves, values = self.content
        return copy.deepcopy(values, {id(leaf): leaf.restored() for leaf in leaves})


def _without_tensors(name, value, memo):
    """Return a copy of a value with stand-ins for its tensors, or raise PicklingError if that cannot be pickled."""
    try:
        copied = copy.deepcopy(value, memo)
        if not _is_picklable(copied):
            pickle.dumps(joblib.wrap_non_picklable_objects(copied, keep_wrapper=False))
    except Exception as error:  # whatever a foreign __deepcopy__ or __reduce__ raises
        raise pickle.PicklingError(
            f"The {name} cannot be pickled; pass a function that builds the module instead. It raised: {error}"
        ) from error
    return copied


class _Structure(pickle.Pickler):
    """Pickles everything but the values of tensors."""

    def persistent_id(self, value):
        """Pass over the stand-ins."""
        return "tensor" if isinstance(value, (StoredTensor, StoredScript)) else None


def _is_picklable(value):
    try:
        _Structure(io.BytesIO()).dump(value)
    except Exception:  # whatever a foreign __reduce__ raises
        return False
    return True


class Fingerprint:
    """Stands for a module or a function among settings: equal to that of the same one, and of one that says the same.

    Parameters
    ----------
    value : nn.Module or callable
        Its hash is taken when it is first needed; a pickle keeps nothing else.
    """

    def __init__(self, value):
        self.value, self._digest = value, None

    def __eq__(self, other):
        if not isinstance(other, Fingerprint):
            return NotImplemented
        return (self.value is not None and self.value is other.value) or self.digest() == other.digest()

    __hash__ = None

    def digest(self):
        """Hash of a module's weights and all else it holds, or of what a function does."""
        is_function = isinstance(self.value, FunctionType)
        return self._digest or joblib.hash(_said_by(self.value) if is_function else Stored({"value": self.value}))

    def __deepcopy__(self, memo):
        copied = Fingerprint(copy.deepcopy(self.value, memo))
        copied._digest = self._digest
        return copied

    def __getstate__(self):
        return {"value": None, "_digest": self.digest()}


def _said_by(function):
    """Name, code and defaults of a function; what it takes from outside is left to it."""
    return function.__module__, function.__qualname__, _spelled(function.__code__), repr(function.__defaults__)


def _spelled(code):
    constants = [_spelled(value) if isinstance(value, CodeType) else repr(value) for value in code.co_consts]
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars
