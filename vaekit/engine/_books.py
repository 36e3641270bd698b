"""The history of a training: a row per epoch, with row-weighted means and the lowest losses so far."""

import itertools

import numpy as np
from skorch.history import History

__all__ = ["Books", "lowest_losses", "record_loss", "strike_out_open_row"]

LOSSES = ("train_loss", "valid_loss")


class Books(History):
    """A history whose last row is found at the same cost however many there are."""

    def __getitem__(self, i):
        return list.__getitem__(self, i) if isinstance(i, int) else super().__getitem__(i)


def record_loss(history, name, value, best):
    """Record a loss, and whether it is the lowest so far; return the lowest losses, now with this one.

    Parameters
    ----------
    history : History
    name : {"train_loss", "valid_loss"}
    value : float
    best : dict of str to float
        The lowest so far of each loss.
    """
    lowest = best.get(name, np.inf)
    history.record(name, value)
    history.record(f"{name}_best", bool(value < lowest))
    return {**best, name: min(lowest, value) if np.isfinite(value) else lowest}


def lowest_losses(history, first_step):
    """The lowest of each loss among the rows of epochs that began at a step or later."""
    counts = [row.get("train_batch_count", 0) for row in history]
    starts = itertools.accumulate(counts, initial=0)
    rows = [row for row, start in zip(history, starts) if start >= first_step]
    losses = {loss: [row[loss] for row in rows if loss in row] for loss in LOSSES}
    return {loss: np.nanmin(values) for loss, values in losses.items() if values}


def strike_out_open_row(history):
    """Strike out the row of an epoch that did not come to its end."""
    if len(history) and "duration" not in history[-1]:
        del history[-1:]
