"""Where NumPy meets torch: checked arrays taken through the net in blocks, and given back."""

import numpy as np
import torch

from vaekit.engine import ResidentRows
from vaekit.utils._threads import threads_for
from vaekit.utils._torch import to_array

__all__ = ["InferenceMixin"]


class InferenceMixin:
    """The net applied to rows and codes."""

    def _resident(self, X):
        """Rows on the device, as the engine wants them."""
        plan, device = self._blueprint, self.net_.device
        shape = (len(X), *plan.event_shape)
        if X.dtype == np.uint8:
            values = torch.from_numpy(np.array(X)).reshape(shape)
            scaling = [torch.as_tensor(part, dtype=torch.float32) for part in plan.preprocessing]
            scaling = [part.reshape(plan.event_shape if part.ndim else ()).to(device) for part in scaling]
            return ResidentRows(values.to(device), *scaling)
        rows = torch.from_numpy(plan.preprocessing.to_network(X)).reshape(shape)
        return ResidentRows(rows.to(device))

    def _in_blocks(self, function, *columns, n_rows=None):
        """Apply a tensor function to constant-size, zero-padded blocks: a row never depends on its neighbours.

        A column is an array of float32 rows, or a function from a slice to such rows, for those that would fill memory.
        """
        n_rows = len(columns[0]) if n_rows is None else n_rows
        size, results = self._blueprint.network.inference_rows, None
        self.net_._set_training(False)
        with torch.inference_mode(), threads_for(self._work_of_a_step()):
            for start in range(0, n_rows, size):
                rows = slice(start, min(start + size, n_rows))
                blocks = [column(rows) if callable(column) else column[rows] for column in columns]
                outputs = [to_array(output) for output in function(*(self._padded(block, size) for block in blocks))]
                # small arrays that stayed alive between the blocks' large ones would hold the memory of all blocks
                results = results or [np.empty((n_rows, *output.shape[1:]), output.dtype) for output in outputs]
                for result, output in zip(results, outputs):
                    result[rows] = output[: rows.stop - start]
        return results

    def _work_of_a_step(self):
        """Multiply-adds of a training step's pass forward: what decides about threads, in inference too."""
        return self._blueprint.batch_size * self.net_.work_per_row_

    def _padded(self, block, n_rows):
        padding = [(0, n_rows - len(block))] + [(0, 0)] * (block.ndim - 1)
        return torch.from_numpy(np.pad(block, padding)).to(self.net_.device)

    def _network_rows(self, X):
        """A column of `_in_blocks`: rows of X as the network sees them."""

        def rows_of(rows):
            block = self._blueprint.preprocessing.to_network(X[rows])
            return block.reshape(len(block), *self._blueprint.event_shape)

        return rows_of

    def _encode(self, X):
        """Location and scale of q(z | x) for validated rows."""

        def encode(rows):
            posterior = self.net_.module_.encode(rows)
            return posterior.loc, posterior.scale

        return self._in_blocks(encode, self._network_rows(X), n_rows=len(X))
