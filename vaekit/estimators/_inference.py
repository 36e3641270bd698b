"""Where NumPy meets torch: checked arrays taken through the net in blocks, and given back."""

import contextlib

import numpy as np
import torch

from vaekit.engine import ResidentRows
from vaekit.utils._threads import threads_for
from vaekit.utils._torch import to_array, whitened_noise, widest_float

__all__ = ["InferenceMixin"]


NARROW = {"uint8", "bool"}  # types that stay as they are on the device until the batch
NARROW_ON_CPU = NARROW | {"int8", "int16", "uint16", "float16"}


def _stays_narrow(X, preprocessing, device):
    """Whether training rows need not become float32 before the batch; far outliers do, to be clipped."""
    is_narrow = X.dtype.name in (NARROW_ON_CPU if device.type == "cpu" else NARROW)
    return is_narrow and preprocessing.column_beyond(X.min(), X.max()) is None


FEWEST_DRAWS = 64  # of a posterior whose scale has no closed form


def deviations(posterior, noise_width):
    """Standard deviation of every component, from whitened draws: exact where they are linear in their noise."""
    noise = torch.from_numpy(whitened_noise(max(FEWEST_DRAWS, 2 * noise_width), noise_width)).to(posterior.loc)
    return posterior.rsample(noise[:, None].expand(-1, len(posterior.loc), -1)).std(0, correction=0)


class InferenceMixin:
    """The net applied to rows and codes."""

    def _resident(self, X):
        """Rows on the device, as the engine wants them."""
        plan, device = self._blueprint, torch.device(self.net_.device)
        preprocessing, shape = plan.preprocessing, (len(X), *plan.event_shape)
        if not _stays_narrow(X, preprocessing, device):
            rows = torch.from_numpy(preprocessing.to_network(X)).reshape(shape)
            return ResidentRows(rows.to(device))
        values = np.ascontiguousarray(X.view(np.uint8) if X.dtype == bool else X)
        values = torch.from_numpy(values if values.flags.writeable else values.copy()).reshape(shape)
        scaling = [
            np.asarray(part, dtype=np.float64).reshape(plan.event_shape if np.ndim(part) else ())
            for part in preprocessing
        ]
        if X.dtype == np.uint8:  # in single precision; wider types as `to_network` does, in NumPy, to the same bits
            scaling = [torch.as_tensor(part.astype(np.float32)).to(device) for part in scaling]
        return ResidentRows(values.to(device), *scaling)

    def _in_blocks(self, function, *columns, n_rows=None, size=None, finish=None):
        """Apply a tensor function to constant-size, zero-padded blocks: a row never depends on its neighbours.

        Parameters
        ----------
        function : callable
            Takes a tensor of rows for every column, returns tensors with as many rows.
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
        size, results = size or self._blueprint.network.inference_rows, None
        with self._inferring():
            for start in range(0, n_rows, size):
                rows = slice(start, min(start + size, n_rows))
                blocks = [column(rows) if callable(column) else column[rows] for column in columns]
                outputs = function(*(self._padded(block, size) for block in blocks))
                arrays = [to_array(output)[: rows.stop - start] for output in outputs]
                arrays = arrays if finish is None else finish(*arrays)
                # small arrays that stayed alive between the blocks' large ones would hold the memory of all blocks
                results = results or [np.empty((n_rows, *array.shape[1:]), array.dtype) for array in arrays]
                for result, array in zip(results, arrays):
                    result[rows] = array
        return results

    @contextlib.contextmanager
    def _inferring(self):
        """The net as it is used after training: without gradients, on as many threads as its size is worth."""
        self.net_.set_training(False)
        # tensors that a foreign module keeps from here must be of use in training, and those of inference mode are not
        mode = torch.no_grad() if self._blueprint.network.is_foreign else torch.inference_mode()
        with mode, threads_for(self._work_of_a_step()):
            yield

    def _work_of_a_step(self):
        """Multiply-adds of a training step's pass forward: what decides about threads, in inference too."""
        return self._blueprint.batch_size * self.net_.work_per_row_

    def _padded(self, block, n_rows):
        if len(block) < n_rows:
            block = np.pad(block, [(0, n_rows - len(block))] + [(0, 0)] * (block.ndim - 1))
        return torch.from_numpy(np.ascontiguousarray(block)).to(self.net_.device)

    def _network_rows(self, X):
        """A column of `_in_blocks`: rows of X as the network sees them."""

        def rows_of(rows):
            block = self._blueprint.preprocessing.to_network(X[rows])
            return block.reshape(len(block), *self._blueprint.event_shape)

        return rows_of

    def _encode(self, X):
        """Location and scale of q(z | x) for validated rows."""
        width = self.net_.noise_widths.posterior

        def encode(rows):
            posterior = self.net_.module_.encode(rows)
            scale = deviations(posterior, width) if posterior.scale is None else posterior.scale
            return posterior.loc, scale

        return self._in_blocks(encode, self._network_rows(X), n_rows=len(X))

    def _of_posterior(self, X, values, function):
        """Apply function(posterior, values) to validated rows and values of them, both (n_draws, n_rows, ...).

        In double precision as far as the device and the family have it: codes of narrow posteriors need the digits.
        """
        dtype = widest_float(self.net_.device)
        narrow = np.float64 if dtype == torch.float64 else np.float32

        def by_rows(rows):
            return values[:, rows].swapaxes(0, 1).astype(narrow)

        def evaluate(x, values):
            posterior = self.net_.module_.encode(x).in_precision(dtype)
            found = function(posterior, values.transpose(0, 1).to(posterior.loc.dtype))
            return (found.transpose(0, 1),)

        (found,) = self._in_blocks(evaluate, self._network_rows(X), by_rows, n_rows=len(X))
        return np.ascontiguousarray(found.swapaxes(0, 1), dtype=np.float64)

    def _decode(self, Z, random_state=None):
        """E[x | z] of validated codes, or with a random state draws of x, in the units and the shape of the data."""
        model, event_shape = self.net_.module_, self._blueprint.event_shape

        def noise(rows):
            return random_state.standard_normal((rows.stop - rows.start, *event_shape)).astype(np.float32)

        def mean(z):
            return (model.likelihood.mean(model.decoder(z)),)

        def draw(z, noise):
            return (model.likelihood.sample(model.decoder(z), noise),)

        if random_state is not None:
            self._summarize_remembered()  # a scale, say
        codes = Z.astype(np.float32)
        columns = (mean, codes) if random_state is None else (draw, codes, noise)
        return self._in_blocks(*columns, finish=lambda decoded: [self._as_given(decoded)])[0]

    def _as_given(self, decoded):
        """Decoded rows in the units and the shape of the data: float64 tables, float32 images."""
        rows = self._blueprint.preprocessing.to_data(decoded.reshape(len(decoded), -1))
        return rows if self.image_shape_ is None else rows.reshape(len(rows), *self.image_shape_).astype(np.float32)
