"""Rows that live on the device, and how they are cut into batches."""

import copy
from typing import Protocol

import numpy as np
import torch

from vaekit._outputs import Batch
from vaekit.utils._torch import make_generator

__all__ = [
    "ResidentRows",
    "Rows",
    "are_one_batch",
    "batch_bounds",
    "count_batches",
    "drawn_numbers",
    "each_by_itself",
    "independent_orders",
    "rows_that_count_once",
    "weight_of",
]


class Rows(Protocol):
    """Training rows, wherever they are kept: all that the engine asks of them."""

    device: torch.device
    weight: torch.Tensor | None

    def __len__(self) -> int:
        """Rows of one pass."""

    def __getitem__(self, index) -> Batch:
        """Some rows (a slice, or a tensor of numbers) on the device, in the units of the network.

        Those of a slice come with their weights.
        """

    def orders(self, draws: dict, generator: torch.Generator, is_one_batch: bool) -> dict:
        """Numbers of rows in the order of one pass, drawn by their weights, for each of an objective's draws."""


class ResidentRows:
    """Training rows on the device; bytes and other narrow types stay as they are until the batch.

    Parameters
    ----------
    values : Tensor of shape (n_rows, *event_shape)
        float32 rows ready for the network, or rows of a narrow type as they came.
    offset, unit : float, Tensor or ndarray of shape () or (*event_shape,), optional
        For narrow rows: the network sees (row - offset) / unit, computed in the double precision of arrays (for rows on
        the CPU), else in single precision.
    given, observed, weight : Tensor, optional
        What is known about each row, as in `Batch`. A pass draws rows in proportion to their weights, and batches of it
        come without them.
    follows : Tensor of int of shape (2, n_pairs), optional
        Where rows are a sequence: numbers of rows, and of the row before each of them in time. A pass then goes through
        these pairs.
    numbers : Tensor of int, optional
        Which of the values are these rows; all by default. Others of them may be held out: neither takes a copy.
    """

    def __init__(
        self, values, offset=None, unit=None, *, given=None, observed=None, weight=None, follows=None, numbers=None
    ):
        self.values, self.offset, self.unit = values, offset, unit
        self.known, self.follows, self.numbers = (given, observed), follows, numbers
        self.weight = weight if weight is None or numbers is None else weight[numbers]

    @property
    def device(self):
        """Where they are."""
        return self.values.device

    def __len__(self):
        if self.follows is not None:
            return self.follows.shape[1]
        return len(self.values if self.numbers is None else self.numbers)

    def __getitem__(self, index):
        weight = weight_of(self, index)
        index = index if self.numbers is None else self.numbers[index]
        known = (None if known is None else known[index] for known in self.known)
        return Batch(self._converted(self.values[index]), *known, weight)

    def _converted(self, rows):
        if self.unit is None:
            return rows
        if isinstance(self.unit, np.ndarray):
            return torch.from_numpy(np.asarray((rows.numpy() - self.offset) / self.unit, dtype=np.float32))
        return (rows.float() - self.offset) / self.unit

    def orders(self, draws, generator, is_one_batch=False):
        """Numbers of rows in the order of one pass, for each draw: an order of its own, or the rows before another's.

        If the pass is one batch in all, independent draws are disjoint parts of it, if none is a single row (batch
        normalisation).
        """
        orders = independent_orders(len(self), draws, generator, self.device, is_one_batch)
        if self.weight is not None:
            drawn = drawn_numbers(self._weight_of_places(), generator)
            orders = {name: drawn[order] for name, order in orders.items()}
        places = {name: orders[other or name] for name, other in draws.items()}
        return {name: self._numbers(place, draws[name] is not None) for name, place in places.items()}

    def _weight_of_places(self):
        """Weights of rows, or of pairs of them: the geometric mean, so that a row without weight is in no pair."""
        return self.weight if self.follows is None else self.weight[self.follows].prod(0).sqrt()

    def _numbers(self, place, is_before):
        if self.follows is not None:
            return self.follows[int(is_before), place]
        if is_before:
            raise ValueError(
                "The 'objective' compares rows with the rows before them in time, but these have no order: use SlowVAE "
                "or PCL, or choose another objective."
            )
        return place


def each_by_itself(rows):
    """All of the rows, without their order in time: a pass through pairs may leave some out, or meet some twice."""
    if getattr(rows, "follows", None) is None:
        return rows
    alone = copy.copy(rows)
    alone.follows = None
    return alone


def weight_of(rows, index):
    """Weights of rows that are taken in turn; those that are drawn count once, as often as they are drawn."""
    return rows.weight[index] if rows.weight is not None and isinstance(index, slice) else None


def drawn_numbers(weight, generator):
    """Numbers of rows, as many as there are: a row is drawn as often as its share says, rounded up or down at random.

    Systematic sampling from rows in random order: the expected number of draws is in proportion to the weight.
    """
    n_rows, device = len(weight), weight.device
    order = torch.randperm(n_rows, generator=generator, device=device)
    ends = weight[order].double().cpu().cumsum(0).to(device)  # on a GPU a sum has no fixed order
    start = torch.rand((), generator=generator, device=device, dtype=torch.float64)
    levels = (torch.arange(n_rows, device=device) + start) * (ends[-1] / n_rows)
    return order[torch.searchsorted(ends, levels, right=True).clamp(max=n_rows - 1)]


def rows_that_count_once(rows):
    """A function from bounds to a batch, by which all rows are seen once, or as often as their weights say."""
    if rows.weight is None:
        return lambda start, stop: rows[start:stop]
    order = drawn_numbers(rows.weight, make_generator(0, rows.weight.device)).sort().values
    return lambda start, stop: rows[order[start:stop]]


def independent_orders(n_rows, draws, generator, device, is_one_batch):
    """Permutations of rows, one for each draw that has an order of its own; parts of one if that is all there is."""
    own = [name for name, other in draws.items() if other is None]
    orders = {name: torch.randperm(n_rows, generator=generator, device=device) for name in own}
    if is_one_batch and len(own) > 1 and n_rows >= 2 * len(own):
        orders = dict(zip(own, orders[own[0]].tensor_split(len(own))))
    return orders


def count_batches(n_rows, batch_size):
    """How many batches an epoch has."""
    n_batches = -(-n_rows // batch_size)
    return n_batches - 1 if n_batches > 1 and n_rows % batch_size == 1 else n_batches


def are_one_batch(bounds, n_rows):
    """Whether a pass over so many rows has these bounds and no others; a pass that is cut short may have more.

    >>> are_one_batch([(0, 7)], 7), are_one_batch([(0, 3)], 7)
    (True, False)
    """
    return len(bounds) == 1 and bounds[0] == (0, n_rows)


def batch_bounds(n_rows, batch_size, n_most=None):
    """Half-open bounds of the (first) batches of an epoch; a last batch of a single row is folded into the one before.

    >>> batch_bounds(7, 3)
    [(0, 3), (3, 7)]
    >>> batch_bounds(8, 3)
    [(0, 3), (3, 6), (6, 8)]
    >>> batch_bounds(8, 3, n_most=1)
    [(0, 3)]
    """
    n_batches = count_batches(n_rows, batch_size)
    starts = [number * batch_size for number in range(n_batches if n_most is None else min(n_batches, n_most))]
    return [(start, n_rows if start == (n_batches - 1) * batch_size else start + batch_size) for start in starts]
