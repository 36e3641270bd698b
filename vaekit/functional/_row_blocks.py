"""Functions of pairs of rows, for so many rows at once as memory bears."""

import torch
from torch.autograd.function import once_differentiable

__all__ = ["are_few", "in_row_blocks"]

MOST_NUMBERS = 2**22  # of all pairs, made at once: 16 MiB of float32, and a dozen times that with what hangs on them
NUMBERS_OF_A_BLOCK = 2**20


def are_few(n_numbers):
    """Whether so many numbers are made at once."""
    return n_numbers <= MOST_NUMBERS


def in_row_blocks(function, n_rows, per_row, *tensors):
    """Tensors of all rows, each (n_rows,), of a function that gives those of some of them.

    Few rows are taken at once. Of many, what a block of rows computes on its way is dropped, and computed again when
    its gradient is due: memory is that of a block, the values are the same to rounding.

    Parameters
    ----------
    function : callable
        Takes a slice of rows, and the tensors; gives a tensor, or a tuple of tensors, of shape (n_some_rows,).
    n_rows : int
    per_row : int
        Numbers that a single row makes on its way.
    *tensors : Tensor
        What it is a function of: gradients reach these.
    """
    if are_few(n_rows * per_row):
        return function(slice(0, n_rows), *tensors)
    size = max(1, NUMBERS_OF_A_BLOCK // per_row)
    blocks = [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]
    return _InBlocks.apply(function, blocks, *tensors)


class _InBlocks(torch.autograd.Function):
    """A function of rows, block by block, in both directions.

    Nothing small is left behind by a block but what stands in memory already: a number between the large arrays of two
    blocks would keep the memory of both.
    """

    @staticmethod
    def forward(ctx, function, blocks, *tensors):
        ctx.function, ctx.blocks = function, blocks
        ctx.save_for_backward(*tensors)
        found = None
        for rows in blocks:
            made = function(rows, *tensors)
            are_several = isinstance(made, tuple)
            made = made if are_several else (made,)
            if found is None:
                found = [each.new_empty(blocks[-1].stop) for each in made]
            for whole, part in zip(found, made):
                whole[rows] = part
            del made, part
        return tuple(found) if are_several else found[0]

    @staticmethod
    @once_differentiable
    def backward(ctx, *gradients):
        needed = ctx.needs_input_grad[2:]
        tensors = [each.detach().requires_grad_(is_asked) for each, is_asked in zip(ctx.saved_tensors, needed)]
        wanted = [each for each in tensors if each.requires_grad]
        totals = [torch.zeros_like(each) for each in wanted]
        for rows in ctx.blocks:
            with torch.enable_grad():
                made = ctx.function(rows, *tensors)
            made = made if isinstance(made, tuple) else (made,)
            parts = torch.autograd.grad(made, wanted, [each[rows] for each in gradients], allow_unused=True)
            for total, part in zip(totals, parts):
                if part is not None:
                    total += part
            del made, parts, part
        found = iter(totals)
        return None, None, *(next(found) if is_asked else None for is_asked in needed)
