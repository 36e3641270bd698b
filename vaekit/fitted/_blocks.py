"""The net applied in blocks of one size, so that a row never depends on its neighbours."""

import numpy as np
import torch

from vaekit.utils._torch import to_array

__all__ = ["in_blocks"]


def in_blocks(model, function, *columns, n_rows=None, size=None, finish=None):
    """Apply a tensor function to constant-size, zero-padded blocks: a row never depends on its neighbours.

    Parameters
    ----------
    model : TrainedModel
    function : callable
        Takes the module, as it is for what the rows are known to be, and a tensor of rows for every column; returns
        tensors with as many rows.
    *columns : array of float32, or callable
        A function from a slice to such rows stands for those that would fill memory.
    n_rows : int, optional
        How many there are, where the first column does not tell.
    size : int, optional
        Rows of a block, the network's own number by default.
    finish : callable, optional
        What becomes of a block's arrays on the host before they are kept.

    Returns
    -------
    results : list of ndarray
        One for each tensor.
    """
    n_rows = len(columns[0]) if n_rows is None else n_rows
    size, results = size or model.blueprint.network.inference_rows, None
    with model.inferring():
        for start in range(0, n_rows, size):
            rows = slice(start, min(start + size, n_rows))
            blocks = [column(rows) if callable(column) else column[rows] for column in columns]
            module = model.module.given(_condition(model, rows, size))
            outputs = function(module, *(_padded(block, size, model.net.device) for block in blocks))
            arrays = [to_array(output)[: rows.stop - start] for output in outputs]
            arrays = arrays if finish is None else finish(*arrays)
            # small arrays that stayed alive between the blocks' large ones would hold the memory of all blocks
            results = results or [np.empty((n_rows, *array.shape[1:]), array.dtype) for array in arrays]
            for result, array in zip(results, arrays):
                result[rows] = array
    return results


def _condition(model, rows, size):
    """What the model is told of these rows; None if there is nothing to tell."""
    return None if model.condition is None else _padded(model.condition[rows], size, model.net.device)


def _padded(block, n_rows, device):
    if len(block) < n_rows:
        block = np.pad(block, [(0, n_rows - len(block))] + [(0, 0)] * (block.ndim - 1))
    return torch.from_numpy(np.ascontiguousarray(block)).to(device)
