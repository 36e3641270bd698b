"""All that the steps of an epoch are handed, drawn many at a time: the numbers that drawing step by step gives."""

from numbers import Real

import torch

from vaekit._outputs import StepInputs
from vaekit.engine import _loop
from vaekit.engine._data import are_one_batch
from vaekit.engine._loop import as_tensor, noise_ahead, numbers_of_steps, steps_drawn_together

__all__ = ["EpochDraws"]

BLOCK = 16  # torch draws normal numbers in blocks of so many: whole blocks are the same drawn apart and together


class EpochDraws:
    """Orders, noise and weights of a net's epoch, as `step_inputs` draws them; steps are asked for in their order.

    Parameters
    ----------
    net : Net
    rows : Rows
    bounds : list of (int, int)
        Of the batches.
    """

    def __init__(self, net, rows, bounds):
        self.net, self.rows, self.bounds = net, rows, bounds
        self.columns = net.objective.noise_columns(net.noise_widths)
        self._orders = rows.orders(net.objective.draws, net.generator, is_one_batch=are_one_batch(bounds, len(rows)))
        self._width = sum(self.columns.values())
        self._ahead, self._noise, self._begin = self._drawn(), net.flat_.buffer.new_empty(0), 0
        self._weights = self._by_step(numbers_of_steps(net, range(net.step_, net.step_ + len(bounds))))

    def _by_step(self, numbers):
        """Each weight of all steps; those that are numbers are sent to the device at once."""
        plain = [name for name in numbers[0] if all(isinstance(own[name], Real) for own in numbers)]
        table = as_tensor([own[name] for name in plain for own in numbers], self.net.flat_.buffer)
        sent = dict(zip(plain, table.view(len(plain), len(numbers)).unbind())) if plain else {}
        return {name: sent[name] if name in sent else torch.stack([own[name] for own in numbers])
                for name in numbers[0]}  # fmt: skip

    @property
    def sizes(self):
        """Rows of each batch."""
        return [stop - start for start, stop in self.bounds]

    def _drawn(self):
        """Yield the noise of some steps, then that of the next, one after another; within a step name after name."""
        if self.net.generator.device.type in _loop.DRAWING_AHEAD:
            yield from (drawn for _, drawn in noise_ahead(self.net, self.sizes, self._width))
            return
        for sizes in steps_drawn_together(self.sizes, self._width):
            yield self._drawn_step_by_step(sizes)

    def _drawn_step_by_step(self, sizes):
        generator, dtype = self.net.generator, self.net.flat_.buffer.dtype
        pieces = [size * width for size in sizes for width in self.columns.values()]
        if all(piece % BLOCK == 0 for piece in pieces):
            return torch.randn(sum(pieces), generator=generator, dtype=dtype)
        noise = torch.empty(sum(pieces), dtype=dtype)
        for piece in noise.split(pieces):
            piece.normal_(generator=generator)
        return noise

    def _noise_of(self, start, stop):
        """Noise of some rows of the pass, which come after those that were asked for before."""
        while self._begin * self._width + len(self._noise) < stop * self._width:
            with torch.inference_mode(False):  # steps with autograd may follow
                left, more = self._noise[(start - self._begin) * self._width :], next(self._ahead)
                self._noise, self._begin = torch.cat([left, more]) if len(left) else more, start
        begin = self._begin
        return self._noise[(start - begin) * self._width : (stop - begin) * self._width]

    def part(self, first, n_steps):
        """Inputs of some steps whose batches are of one size, flat: each with the steps in front.

        They are in the order of a traced step's: what is known of each batch, noise, weights.
        """
        start, stop = self.bounds[first][0], self.bounds[first + n_steps - 1][1]
        by_step = (n_steps, (stop - start) // n_steps)
        batches = [self.rows[order[start:stop]] for order in self._orders.values()]
        # a pass of one batch is divided among the draws, so that a batch may have fewer rows than there is noise
        facts = [fact.unflatten(0, (n_steps, -1)) for batch in batches for fact in batch if fact is not None]
        noise = self._noise_of(start, stop).view(n_steps, -1)
        widths = [by_step[1] * width for width in self.columns.values()]
        noise = [own.view(*by_step, width) for own, width in zip(noise.split(widths, 1), self.columns.values())]
        return [*facts, *noise, *(weights[first : first + n_steps] for weights in self._weights.values())]

    def inputs_of(self, step):
        """What the engine's other steps take."""
        start, stop = self.bounds[step]
        batches = {name: self.rows[order[start:stop]] for name, order in self._orders.items()}
        noise = self._noise_of(start, stop)
        pieces = noise.split([(stop - start) * width for width in self.columns.values()])
        noise = {name: own.view(stop - start, width) for (name, width), own in zip(self.columns.items(), pieces)}
        weights = {name: own[step] for name, own in self._weights.items()}
        return StepInputs(batches, noise, weights, self.rows)
