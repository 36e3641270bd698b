"""Codes through the net, many to a transfer: a device is not asked thousands of times for a few numbers."""

import numpy as np
import torch
from torch.nn.functional import pad

from vaekit.fitted._blocks import block_rows
from vaekit.utils._torch import to_array

__all__ = ["VALUES_AT_ONCE", "of_codes"]

VALUES_AT_ONCE = 2**22  # moved to the device at a time, 16 MiB


def of_codes(model, function, codes, x=None):
    """Apply a function of tensors to codes, and to the rows x that go with them in turn.

    Parameters
    ----------
    model : TrainedModel
    function : callable
        Of the module and a block z of codes, or of the module, x and z; returns one number for each.
    codes : ndarray of shape (n_codes, n_components)
        Code i goes with row i modulo n_rows.
    x : Tensor of shape (n_rows, ...), default=None
        Rows on the device, as the network sees them.

    Returns
    -------
    values : ndarray of shape (n_codes,), float64
        Computed in blocks of the network's own size, padded with zeros, as everything that is inferred.
    """
    size = block_rows(model.blueprint, model.net.device)
    n_moved = size * max(1, VALUES_AT_ONCE // (size * codes.shape[1]))
    values = np.empty(len(codes))
    with model.inferring():
        for start in range(0, len(codes), n_moved):
            moved = torch.from_numpy(codes[start : start + n_moved].astype(np.float32)).to(model.net.device)
            values[start : start + len(moved)] = to_array(_in_blocks(model, function, moved, x, start))[: len(moved)]
    return values


def _in_blocks(model, function, codes, x, start):
    """Fill one array: small ones that stayed alive between the blocks' large ones would hold the memory of all."""
    size, condition = block_rows(model.blueprint, model.net.device), model.condition_on_device
    blocks = pad(codes, (0, 0, 0, -len(codes) % size)).split(size)
    values = codes.new_empty(len(blocks) * size)
    n_rows = next((len(rows) for rows in (x, condition) if rows is not None), 1)
    turns = (start + torch.arange(len(values), device=codes.device)) % n_rows
    for z, turn, found in zip(blocks, turns.split(size), values.split(size)):
        module = model.module.given(None if condition is None else condition[turn])
        found.copy_(function(module, z) if x is None else function(module, x[turn], z))
    return values
