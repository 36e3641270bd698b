"""How far an epoch is whose steps are taken many at a time, and what they gave out."""

import itertools

import numpy as np
import torch

from vaekit.engine._draws import EpochDraws
from vaekit.engine._loop import EpochRecord

__all__ = ["MOST_STEPS", "Progress"]

MOST_STEPS = 64  # what is laid out at a time for the steps ahead, and how many numbers of them
MOST_NUMBERS, MOST_NUMBERS_ON_A_GPU = 2**23, 2**27


class Progress:
    """An epoch of a net, step by step.

    Parameters
    ----------
    net : Net
    rows : Rows
    bounds : list of (int, int)
        Of the batches.

    Attributes
    ----------
    draws : EpochDraws
        What its steps are handed.
    sizes : list of int
        Rows that each step stands for.
    done : int
        Steps that were taken.
    """

    def __init__(self, net, rows, bounds):
        self.draws = EpochDraws(net, rows, bounds)
        self.sizes, self.done = self.draws.sizes, 0
        self._names, self._values, self.observed = None, [], 0.0

    @property
    def next_size(self):
        """Rows of its next batch, None at the end."""
        return self.sizes[self.done] if self.done < len(self.sizes) else None

    @property
    def n_alike(self):
        """How many batches of one size follow."""
        return sum(1 for _ in itertools.takewhile(self.next_size.__eq__, self.sizes[self.done :]))

    def most_ahead(self, n_nets=1):
        """For how many steps the inputs of so many nets like this one have room at a time."""
        first, *others = self.ahead(1)
        of_a_step = n_nets * sum(tensor.numel() for tensor in (first, *others))
        most = MOST_NUMBERS if first.device.type == "cpu" else MOST_NUMBERS_ON_A_GPU
        return max(1, min(MOST_STEPS, most // of_a_step))

    def ahead(self, n_steps):
        """The inputs of so many steps, flat, each with the steps in front."""
        return self.draws.part(self.done, n_steps)

    def note(self, names, values, observed):
        """Write down what some steps gave out: values (n_steps, n_names), and what the likelihood saw so far."""
        self._names, self.done, self.observed = names, self.done + len(values), observed
        self._values.append(values)

    def note_each(self, results):
        """Write down what some steps gave out: names, values and what the likelihood saw in each, step by step."""
        values, observed, names = [], self.observed, self._names
        for size, result in zip(self.sizes[self.done :], results):
            names, own, seen = result
            values.append(own)
            observed = 0.0 if seen is None else observed + size * seen
        self.note(names, torch.stack(values).cpu().numpy(), observed)

    def record(self):
        """The `EpochRecord` of all that was written down."""
        seen = None if isinstance(self.observed, float) else self.observed / sum(self.sizes)
        return EpochRecord(self._names, np.concatenate(self._values), self.sizes, seen)
