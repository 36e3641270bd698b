"""Modules and functions of others as plain Python and NumPy: fit for any pickle, and for hashes of their values."""

import copy
import io
import pickle
from collections.abc import Mapping

import joblib
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from vaekit.utils._torch import to_array

__all__ = ["Fingerprint", "Stored"]


class Fingerprint:
    """Stands for a module or a function among settings: equal to that of the same one, and of one of the same values.

    Parameters
    ----------
    value : nn.Module or callable
        The hash of its values is taken when it is first needed; a pickle keeps nothing else.
    """

    def __init__(self, value):
        self.value, self._digest = value, None

    def __eq__(self, other):
        if not isinstance(other, Fingerprint):
            return NotImplemented
        return (self.value is not None and self.value is other.value) or self.digest() == other.digest()

    __hash__ = None

    def digest(self):
        """Hash of the weights and all else of a module, or of a function."""
        return self._digest or joblib.hash(Stored({"module": self.value}))

    def __deepcopy__(self, memo):
        copied = Fingerprint(copy.deepcopy(self.value, memo))
        copied._digest = self._digest
        return copied

    def __getstate__(self):
        return {"value": None, "_digest": self.digest()}


class StoredTensor:
    """Values of a tensor, whatever its device, and whether it is a parameter that is trained."""

    def __init__(self, tensor):
        self.values = to_array(tensor)
        self.is_parameter, self.requires_grad = isinstance(tensor, nn.Parameter), tensor.requires_grad

    def restored(self):
        """Return a tensor of these values on the CPU."""
        values = torch.from_numpy(self.values.copy())
        if self.is_parameter:
            return nn.Parameter(values, requires_grad=self.requires_grad)
        return values.requires_grad_(self.requires_grad)


class StoredScript:
    """A scripted module as the file that torch makes of it."""

    def __init__(self, script):
        file = io.BytesIO()
        torch.jit.save(script, file)
        self.file, self.training = file.getvalue(), script.training

    def restored(self):
        """Return the module on the CPU."""
        return torch.jit.load(io.BytesIO(self.file), map_location="cpu").train(self.training)


class Stored:
    """Modules and functions by name; tensors are held as arrays, each once, so what modules share stays shared.

    Parameters
    ----------
    given : dict of str to object
        Modules, functions that build them, or anything else.

    Raises
    ------
    PicklingError
        If one cannot be pickled; the message names it.
    """

    def __init__(self, given):
        stand_ins = {id(leaf): _stand_in(leaf) for value in given.values() for leaf in _leaves(value)}
        self.leaves, memo = list(stand_ins.values()), dict(stand_ins)
        self.values = {name: _picklable(name, value, memo) for name, value in given.items()}

    def restored(self):
        """Return what was given."""
        memo = {id(leaf): leaf.restored() for leaf in self.leaves}
        return {name: copy.deepcopy(value, memo) for name, value in self.values.items()}


def _picklable(name, value, memo):
    """Return a module whose tensors are those of the memo, or a function, wrapped if pickle cannot find its name."""
    try:
        value = copy.deepcopy(value, memo)
        if not _is_picklable(value):
            value = joblib.wrap_non_picklable_objects(value, keep_wrapper=False)
            pickle.dumps(value)
    except Exception as error:  # whatever a foreign __deepcopy__ or __reduce__ raises
        raise pickle.PicklingError(
            f"The {name!r} parameter of Custom cannot be pickled; pass a function that builds the module instead. "
            f"It raised: {error}"
        ) from error
    return value


def _stand_in(leaf):
    return StoredScript(leaf) if isinstance(leaf, torch.jit.ScriptModule) else StoredTensor(leaf)


def _leaves(value):
    """Tensors that NumPy can hold and scripted modules, wherever they are among the attributes of modules."""
    if isinstance(value, torch.jit.ScriptModule):
        yield value
    elif isinstance(value, torch.Tensor):
        if not is_lazy(value) and value.dtype != torch.bfloat16 and value.layout == torch.strided:
            yield value
    elif isinstance(value, (nn.Module, Mapping, list, tuple)):
        inner = vars(value) if isinstance(value, nn.Module) else value
        for item in inner.values() if isinstance(inner, Mapping) else inner:
            yield from _leaves(item)


class _Structure(pickle.Pickler):
    """Pickles everything but the values of tensors."""

    def persistent_id(self, value):
        """Pass over stored leaves."""
        return "leaf" if isinstance(value, (StoredTensor, StoredScript)) else None


def _is_picklable(value):
    try:
        _Structure(io.BytesIO()).dump(value)
    except Exception:  # whatever a foreign __reduce__ raises
        return False
    return True
