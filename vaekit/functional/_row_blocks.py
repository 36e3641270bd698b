"""Functions of pairs of rows, for so many rows at once as memory bears."""

import torch
from torch.utils.checkpoint import checkpoint

__all__ = ["are_few", "in_row_blocks"]

MOST_NUMBERS = 2**22  # of all pairs, made at once: 16 MiB of float32, and a dozen times that with what hangs on them
NUMBERS_OF_A_BLOCK = 2**20


def are_few(n_numbers):
    """Whether so many numbers are made at once."""
    return n_numbers <= MOST_NUMBERS


def in_row_blocks(function, n_rows, per_row):
    """Tensors of all rows, each (n_rows, ...), of a function that gives those of some of them.

    Few rows are taken at once. Of many, what a block of rows computes on its way is dropped, and computed again when
    its gradient is due: memory is that of a block, the values are the same to rounding.

    Parameters
    ----------
    function : callable
        Takes a slice of rows; gives a tensor, or a tuple of tensors, with so many rows.
    n_rows : int
    per_row : int
        Numbers that a single row makes on its way.
    """
    if are_few(n_rows * per_row):
        return function(slice(0, n_rows))
    size = max(1, NUMBERS_OF_A_BLOCK // per_row)
    blocks = [_forgetting(function, slice(start, min(start + size, n_rows))) for start in range(0, n_rows, size)]
    return torch.cat(blocks) if isinstance(blocks[0], torch.Tensor) else tuple(map(torch.cat, zip(*blocks)))


def _forgetting(function, rows):
    if not torch.is_grad_enabled():
        return function(rows)
    return checkpoint(function, rows, use_reentrant=False, preserve_rng_state=False)
