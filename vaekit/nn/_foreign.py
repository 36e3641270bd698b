"""What makes a module of somebody else's a part of a model: copies of all that two share, and a guard around each."""

import contextlib
import math
import weakref
from itertools import pairwise

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from vaekit.nn._probe import probe
from vaekit.utils._stored import deep_copy
from vaekit.utils._torch import SeededRandomness, converted

__all__ = ["ForeignPair", "copied_together"]

OWNERS = weakref.WeakKeyDictionary()  # which model the layers are part of that functions of the user made


class ForeignModule(nn.Sequential):
    """A foreign module and what shapes its output; it is handed a copy, so that it may write into what it is given.

    Parameters
    ----------
    module : nn.Module
        The foreign one.
    *shaping : nn.Module
        Applied to its output.
    """

    def __init__(self, module, *shaping):
        super().__init__(module, *shaping)
        self.is_compiled = any(_is_compiled(part) for part in module.modules())

    def forward(self, x):
        """Return the shaped output for a batch (batch, ...)."""
        module, *shaping = self
        # a compiler cannot look into a function mode, see `SeededRandomness`
        with torch._C.DisableTorchFunction() if self.is_compiled else contextlib.nullcontext():
            output = module(x.clone())
        for shape in shaping:
            output = shape(output)
        return output


def _is_compiled(module):
    """Whether torch.compile was called on a module, on its forward, or on a function it keeps."""
    is_one = hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None
    kept = [getattr(module, "forward", None), *vars(module).values()]
    return is_one or any(hasattr(function, "_torchdynamo_orig_callable") for function in kept if callable(function))


class Reshape(nn.Module):
    """Rows of any shape to rows of a certain shape."""

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, rows):
        """Return rows (batch, *shape)."""
        return rows.reshape(rows.shape[0], *self.shape)


class ForeignPair:
    """Encoder and decoder of one model: what their modules share stays shared.

    Parameters
    ----------
    encoder_module, decoder_module : nn.Module or callable
        As in `Custom`. Modules are copied, together.
    """

    def __init__(self, encoder_module, decoder_module):
        self.made = []
        self.token = object()  # who this model is, among `OWNERS`
        self.given = copied_together({"encoder_module": encoder_module, "decoder_module": decoder_module})
        _on_cpu(nn.ModuleList(value for value in self.given.values() if isinstance(value, nn.Module)))

    def encoder(self, setting):
        """Return the encoder module and its number of output features."""
        event_shape, generator = setting.event_shape, setting.generator
        encoder = ForeignModule(self._module("encoder_module", generator, event_shape))
        n_features = math.prod(probe(encoder, "encoder_module", (2, *event_shape), generator))
        return encoder.append(Reshape(n_features)), n_features

    def decoder(self, setting):
        """Return the decoder module."""
        n_components, decoded_shape, generator = setting.n_components, setting.decoded_shape, setting.generator
        decoder = ForeignModule(self._module("decoder_module", generator, n_components, decoded_shape))
        shape = probe(decoder, "decoder_module", (2, n_components), generator)
        if math.prod(shape) != math.prod(decoded_shape):
            raise ValueError(
                f"The 'decoder_module' parameter of Custom must give {decoded_shape} values per row. Got {shape} "
                "instead."
            )
        return decoder.append(Reshape(*decoded_shape))

    def _module(self, name, generator, *sizes):
        """Return the copy of a module, or what a function makes of the sizes."""
        given = self.given[name]
        if isinstance(given, nn.Module):
            return given
        with SeededRandomness(generator):
            module = given(*sizes)
        if not isinstance(module, nn.Module):
            raise TypeError(
                f"The {name!r} parameter of Custom must be or return a torch module. Got {module!r} instead."
            )
        self._claim(module, name)
        self.made.append(module)
        _refuse_shared_memory(self.made)
        return _on_cpu(module)

    def _claim(self, module, name):
        """Refuse a module that a function had made before: its weights are those of another model."""
        trained = [part for part in module.modules() if any(p.requires_grad for p in part.parameters(recurse=False))]
        if any(OWNERS.setdefault(part, self.token) is not self.token for part in trained):
            raise ValueError(
                f"The {name!r} parameter of Custom must make new layers whenever it is called, and gave layers that "
                "another model is made of; pass a module itself to have it copied."
            )


def _on_cpu(module):
    return converted(module, lambda module: module.cpu().float())


def _refuse_shared_memory(modules):
    """Refuse parameters that are two, and one in memory: copies and optimizers would part them."""
    trained = {p for module in modules for p in module.parameters() if p.requires_grad and not is_lazy(p) and p.numel()}
    spans = sorted((p.data_ptr(), p.data_ptr() + _n_bytes(p)) for p in trained)
    if any(stop > start for (_, stop), (start, _) in pairwise(spans)):
        raise ValueError(
            "Parameters of the modules given to Custom share memory without being one; to tie weights, let both places "
            "hold the same nn.Parameter."
        )


def _n_bytes(tensor):
    """Bytes from the first value to the last, in memory."""
    steps = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride()))
    return (steps + 1) * tensor.element_size()


def copied_together(given, memo=None):
    """Return what was given by name, its modules copied with all that they share."""
    _refuse_shared_memory([module for module in given.values() if isinstance(module, nn.Module)])
    memo, copies = {} if memo is None else memo, {}
    for name, module in given.items():
        try:
            copies[name] = deep_copy(module, memo) if isinstance(module, nn.Module) else module
        except Exception as error:
            raise ValueError(
                f"The {name!r} parameter of Custom must be a module that can be copied, or a function that builds it; "
                f"copying it raised: {error}"
            ) from error
    return copies
