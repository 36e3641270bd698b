"""A first look at a foreign module: what it gives for a row, lazy layers taking their sizes."""

import contextlib
import copy

import torch
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import is_lazy

from vaekit.utils._torch import SeededRandomness

__all__ = ["probe"]


def _refuse_neighbours(module, name):
    """Refuse batch normalisation that takes a batch's own statistics in inference too."""
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm)]
    if any(not part.track_running_stats for part in norms):
        raise ValueError(
            f"The {name!r} parameter of Custom has batch normalisation without running statistics, with which a row "
            "would depend on its neighbours in inference; use track_running_stats=True."
        )


def probe(module, name, shape, generator):
    """Return the shape of what a module makes of one row, from two rows of zeros.

    Lazy layers take their sizes, their weights are drawn from the generator; otherwise nothing is changed.

    Parameters
    ----------
    module : ForeignModule
    name : str
        The parameter it came from, for messages.
    shape : tuple of int
        Of a batch of two rows.
    generator : torch.Generator

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
