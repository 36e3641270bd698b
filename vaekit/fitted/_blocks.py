"""The net applied in blocks of one size, so that a row never depends on its neighbours."""

import numpy as np
import torch

from vaekit.fitted._rows import sent
from vaekit.utils._torch import to_array

__all__ = ["block_rows", "host_blocks", "in_blocks"]

LARGEST_CUDA_BLOCK, CUDA_BLOCK_VALUES = 4096, 2**21  # rows, and numbers of all rows, of a block on CUDA
DECODED_FACTOR = 4  # on CUDA, codes decoded at once for each row of a block
BYTES_TO_FINISH = 2**16  # of results on the CPU that are finished together, 64 KiB: a step costs the same for few rows
BYTES_TO_A_TRANSFER = 2**26  # of results that stay on CUDA until they are moved to the host, 64 MiB


def block_rows(blueprint, device, n_draws=None):
    """Rows of a block: constant, few on the CPU, where a single one is to be cheap, and more on CUDA.

    Parameters
    ----------
    blueprint : Blueprint
    device : str or torch.device
    n_draws : int, optional
        Codes of each row, all of which are to be decoded at once.
    """
    network, is_cuda = blueprint.network, torch.device(device).type == "cuda"
    n_most = min(LARGEST_CUDA_BLOCK, 2 ** max(0, (CUDA_BLOCK_VALUES // blueprint.n_features).bit_length() - 1))
    if n_draws is None:
        return max(network.inference_rows, n_most) if is_cuda else network.inference_rows
    decoded = max(network.decoded_rows, DECODED_FACTOR * n_most) if is_cuda else network.decoded_rows
    return max(1, decoded // n_draws)


def in_blocks(model, function, *columns, n_rows=None, size=None, finish=None):
    """Apply a tensor function to constant-size, zero-padded blocks: a row never depends on its neighbours.

    Parameters
    ----------
    model : TrainedModel
    function : callable
        Takes the module, as it is for what the rows are known to be, and a tensor of rows for every column; returns
        tensors with as many rows.
    *columns : array, or callable
        A function from a slice to an array of such rows stands for those that would fill memory.
    n_rows : int, optional
        How many there are, where the first column does not tell.
    size : int, optional
        Rows of a block, `block_rows` by default.
    finish : callable, optional
        What becomes of some rows' arrays on the host before they are kept.

    Returns
    -------
    results : list of ndarray
        One for each tensor.
    """
    n_rows, results = len(columns[0]) if n_rows is None else n_rows, None
    with model.inferring():
        for rows, arrays in host_blocks(model, function, *columns, n_rows=n_rows, size=size):
            arrays = arrays if finish is None else finish(*arrays)
            # small arrays that stayed alive between the blocks' large ones would hold the memory of all blocks
            results = results or [np.empty((n_rows, *array.shape[1:]), array.dtype) for array in arrays]
            for result, array in zip(results, arrays):
                result[rows] = array
    return results


def host_blocks(model, function, *columns, n_rows, size=None):
    """Yield slices of rows, and the arrays that come of them; to be used inside `model.inferring()`.

    On CUDA results stay until they are worth a transfer: each one makes the host wait for all that it has asked for.
    """
    size, device = size or block_rows(model.blueprint, model.net.device), torch.device(model.net.device)
    waiting, n_bytes, done = [], 0, 0
    for start in range(0, n_rows, size):
        rows = slice(start, min(start + size, n_rows))
        blocks = [column(rows) if callable(column) else column[rows] for column in columns]
        module = model.module.given(_condition(model, rows, size))
        outputs = function(module, *(sent(_padded(block, size), device) for block in blocks))
        waiting.append([output[: rows.stop - start] for output in outputs])
        n_bytes += sum(output.nbytes for output in outputs)
        if rows.stop == n_rows or n_bytes >= (BYTES_TO_A_TRANSFER if device.type == "cuda" else BYTES_TO_FINISH):
            yield slice(done, rows.stop), [to_array(_joined(parts)) for parts in zip(*waiting)]
            waiting, n_bytes, done = [], 0, rows.stop


def _condition(model, rows, size):
    """What the model is told of these rows; None if there is nothing to tell."""
    if model.condition is None:
        return None
    return sent(_padded(model.condition[rows], size), torch.device(model.net.device))


def _joined(parts):
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _padded(block, n_rows):
    if len(block) == n_rows:
        return np.ascontiguousarray(block)
    padded = np.zeros((n_rows, *block.shape[1:]), block.dtype)
    padded[: len(block)] = block
    return padded
