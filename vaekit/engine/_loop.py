"""One pass over the rows: what each step is handed, what it gives out, and the record of all of them."""

import contextlib
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import torch

from vaekit._outputs import StepInputs
from vaekit.engine._data import are_one_batch
from vaekit.functional import linear_warmup
from vaekit.objectives import Objective
from vaekit.utils._torch import SeededRandomness

__all__ = [
    "EpochRecord",
    "as_tensor",
    "noise_ahead",
    "noise_like_weights",
    "numbers_of_steps",
    "run_epoch",
    "step_inputs",
    "steps_drawn_together",
    "weights_of_steps",
]

DRAWING_AHEAD = {"cuda"}  # types of devices where a call costs more than the numbers that it draws
MOST_DRAWN = 2**22  # numbers of such a call


class EpochRecord(NamedTuple):
    """What the steps of one pass gave out.

    Attributes
    ----------
    names : list of str
        Of the loss and its terms.
    values : ndarray of shape (n_steps, n_names)
        Theirs, before each step's update.
    n_rows : list of int
        Rows that each step stands for.
    observed : Tensor or None
        Mean over the rows of what the likelihood saw, for its numbers with a closed form.
    """

    names: list
    values: np.ndarray
    n_rows: list
    observed: Any

    def means(self):
        """Row-weighted mean of each term."""
        return np.average(self.values, axis=0, weights=self.n_rows)


def run_epoch(net, rows, bounds, take_step, between):
    """Take a step for each batch of a pass.

    Nothing is moved to the host before its end.

    Parameters
    ----------
    net : Net
        What is trained, and its plan; only its state is looked at.
    rows : Rows
    bounds : list of (int, int)
        Of the batches.
    take_step : callable (StepInputs) -> (list of str, Tensor, Tensor or None)
        Gives names and values of the loss and its terms, and what the likelihood saw; or an object whose `take_epoch`
        does all that this function does, many steps at a time.
    between : callable
        Called after each step.

    Returns
    -------
    record : EpochRecord
    """
    if hasattr(take_step, "take_epoch"):
        return take_step.take_epoch(bounds, between)
    # what a step counts for: its batches may be parts of these rows, those of one draw or of one process
    n_rows = [stop - start for start, stop in bounds]
    records, observed = [], 0.0
    with SeededRandomness(net.generator) if net.is_foreign else contextlib.nullcontext():
        for size, inputs in zip(n_rows, step_inputs(net, rows, bounds)):
            names, values, seen = take_step(inputs)
            records.append(values)
            observed = None if seen is None else observed + size * seen
            between()
    values = torch.stack(records).cpu().numpy()
    return EpochRecord(names, values, n_rows, None if observed is None else observed / sum(n_rows))


def step_inputs(net, rows, bounds):
    """What each step of an epoch is handed: batches, noise, and the weights of its loss."""
    orders = rows.orders(net.objective.draws, net.generator, is_one_batch=are_one_batch(bounds, len(rows)))
    weights = weights_of_steps(net, range(net.step_, net.step_ + len(bounds)))
    noise = noise_of_steps(net, [stop - start for start, stop in bounds])
    for (start, stop), own, drawn in zip(bounds, weights, noise):
        batches = {name: rows[order[start:stop]] for name, order in orders.items()}
        yield StepInputs(batches, drawn, own, rows)


def noise_of_steps(net, sizes):
    """The noise of each of some steps, by name; on a CUDA device many steps' of it are drawn in one call."""
    columns = net.objective.noise_columns(net.noise_widths)
    if net.flat_.buffer.device.type not in DRAWING_AHEAD:
        for size in sizes:
            yield {name: noise_like_weights(net, size, width, net.generator) for name, width in columns.items()}
        return
    width = sum(columns.values())
    for own, drawn in noise_ahead(net, sizes, width):
        of_steps = drawn.split([size * width for size in own])
        for size, flat in zip(own, of_steps):
            pieces = flat.split([size * own_width for own_width in columns.values()])
            yield {name: piece.view(size, columns[name]) for name, piece in zip(columns, pieces)}


def noise_ahead(net, sizes, width):
    """Yield the sizes of some steps and all of their noise, flat, until all steps have theirs."""
    for own in steps_drawn_together(sizes, width):
        yield own, noise_like_weights(net, 1, sum(own) * width, net.generator)[0]


def steps_drawn_together(sizes, width):
    """Split the sizes of steps whose noise has so many columns into those whose noise has room in one call."""
    at_once = max(1, MOST_DRAWN // max(1, max(sizes) * width))
    return [sizes[first : first + at_once] for first in range(0, len(sizes), at_once)]


def weights_of_steps(net, steps):
    """The scalars of the loss at each of some steps, as tensors: a number would be written into a traced step.

    All of them are sent to the device at once, because each journey makes a GPU wait.
    """
    numbers = numbers_of_steps(net, steps)
    plain = [name for name, weight in numbers[0].items() if isinstance(weight, Real)]
    table = as_tensor([weights[name] for weights in numbers for name in plain], net.flat_.buffer)
    for weights, row in zip(numbers, table.view(len(numbers), len(plain))):
        yield {**weights, **dict(zip(plain, row.unbind()))}


def numbers_of_steps(net, steps):
    """The scalars of the loss at each of some steps (a range), as they are computed."""
    if _are_settled(net, steps.start):
        return [_numbers_of_step(net, steps.start)] * len(steps)
    return [_numbers_of_step(net, step) for step in steps]


def _are_settled(net, step):
    """Whether the scalars of the loss stay as they are from a step on: all schedules are over."""
    ends = [net.plan.warmup_steps, *net.objective.schedule_ends(net.plan.n_steps).values()]
    return type(net.objective).weights is Objective.weights and step >= max(ends)


def _numbers_of_step(net, step):
    warmup = linear_warmup(step, net.plan.warmup_steps)
    return {**net.objective.weights(step, net.plan.n_steps), "warmup": warmup}


def as_tensor(numbers, like):
    """A number, or a list of them, in the type and on the device of a tensor."""
    floats = [float(number) for number in numbers] if isinstance(numbers, list) else float(numbers)
    return torch.tensor(floats, dtype=like.dtype, device=like.device)


def noise_like_weights(net, n_rows, n_columns, generator):
    """Standard normal noise of the weights' type, whatever torch's default is."""
    weights = net.flat_.buffer
    return torch.randn(n_rows, n_columns, generator=generator, device=generator.device, dtype=weights.dtype)
