"""What makes a module of somebody else's part of a model: a copy, a guard around it, a look at what it gives."""

import contextlib
import copy
import math
import weakref
from itertools import pairwise

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import is_lazy

from vaekit.nn._stored import deep_copy
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
        return rows.reshape(len(rows), *self.shape)


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

    def encoder(self, event_shape, generator):
        """Return the encoder module and its number of output features."""
        encoder = ForeignModule(self._module("encoder_module", generator, event_shape))
        n_features = math.prod(probe(encoder, "encoder_module", (2, *event_shape), generator))
        return encoder.append(Reshape(n_features)), n_features

    def decoder(self, n_components, event_shape, generator):
        """Return the decoder module."""
        decoder = ForeignModule(self._module("decoder_module", generator, n_components, event_shape))
        shape = probe(decoder, "decoder_module", (2, n_components), generator)
        if math.prod(shape) != math.prod(event_shape):
            raise ValueError(
                f"The 'decoder_module' parameter of Custom must give {event_shape} values per row. Got {shape} instead."
            )
        return decoder.append(Reshape(*event_shape))

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


def _refuse_neighbours(module, name):
    """Refuse batch normalisation that takes a batch's own statistics in inference too."""
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm)]
    if any(not part.track_running_stats for part in norms):
        raise ValueError(
            f"The {name!r} parameter of Custom has batch normalisation without running statistics, with which a row "
            "would depend on its neighbours in inference; use track_running_stats=True."
        )


def probe(module, name, shape, generator):
    """Return the shape of what a module makes of one row, from two rows of zeros, lazy layers taking their sizes.

    Weights of lazy layers are drawn from the generator; otherwise nothing is changed.

    Raises
    ------
    ValueError
        If the module does not take such rows, or does not give one tensor with as many rows.
    """
    _refuse_neighbours(module, name)
    rows = torch.zeros(shape, dtype=torch.float32)
    try:
        if _unsized(module):
            _take_sizes(module, rows, generator)
        output = _looked_at(module)(rows)
    except Exception as error:
        remedy = "; pass it without torch.compile, if that is why" if module.is_compiled else ""
        raise ValueError(
            f"The {name!r} parameter of Custom must take a batch of shape {shape}, but it raised: "
            f"{_first_paragraph(error)}{remedy}"
        ) from error
    if _unsized(module):
        raise ValueError(f"The {name!r} parameter of Custom has lazy layers that no batch passes: {_unsized(module)}.")
    if not (isinstance(output, torch.Tensor) and output.is_floating_point() and output.shape[:1] == (2,)):
        raise ValueError(
            f"The {name!r} parameter of Custom must give one floating-point tensor, a row for every row of the batch. "
            f"Got {_described(output)} for a batch of shape {shape} instead."
        )
    return tuple(output.shape[1:])


def _unsized(module):
    """Names of parameters and buffers of lazy layers that have no size yet."""
    return [name for name, tensor in [*module.named_parameters(), *module.named_buffers()] if is_lazy(tensor)]


def _take_sizes(module, rows, generator):
    """Let rows pass the foreign module itself, uncompiled, with random numbers from the generator."""
    eager = torch.compiler.set_stance("force_eager") if module.is_compiled else contextlib.nullcontext()
    with _unchanged(module), torch.no_grad(), eager, SeededRandomness(generator):
        module[0](rows.clone())


def _looked_at(module):
    """Return a function of rows that leaves no trace, in a module that can be copied; compiling twice would cost."""

    def look(rows):
        with _unchanged(looked_at), torch.no_grad():
            return looked_at(rows)

    try:
        looked_at = module if module.is_compiled else copy.deepcopy(module)
    except RuntimeError:  # tensors that were computed, as those of the old weight norm, cannot be copied
        looked_at = module
    return look


def _first_paragraph(error):
    return " ".join(str(error).split("\n\n")[0].split())


def _described(output):
    if isinstance(output, torch.Tensor):
        return f"a tensor of shape {tuple(output.shape)} and type {output.dtype}"
    return f"a {type(output).__name__}"


@contextlib.contextmanager
def _unchanged(module):
    """Put a module into evaluation; give it its modes and the values of its buffers back."""
    modes = [(part, part.training) for part in module.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers() if not is_lazy(buffer)]
    module.eval()
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
        for part, mode in modes:
            part.training = mode
