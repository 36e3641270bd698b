"""Rows that live on the device, and how they are cut into batches."""

import torch

__all__ = ["ResidentRows", "batch_bounds"]


class ResidentRows:
    """Training rows on the device; bytes and other narrow types stay as they are until the batch.

    Parameters
    ----------
    values : Tensor of shape (n_rows, *event_shape)
        float32 rows ready for the network, or rows of a narrow type as they came.
    offset, unit : float or Tensor of shape () or (*event_shape,), optional
        For narrow rows: the network sees (row - offset) / unit, computed in the type of tensors that are float64.
    """

    def __init__(self, values, offset=None, unit=None):
        self.values, self.offset, self.unit = values, offset, unit

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        rows = self.values[index]
        if self.unit is None:
            return rows
        rows = rows.to(getattr(self.unit, "dtype", torch.float32))
        return ((rows - self.offset) / self.unit).float()


def batch_bounds(n_rows, batch_size):
    """Half-open bounds of the batches of one epoch; a last batch of a single row is folded into the one before.

    >>> batch_bounds(7, 3)
    [(0, 3), (3, 7)]
    >>> batch_bounds(8, 3)
    [(0, 3), (3, 6), (6, 8)]
    """
    starts = list(range(0, n_rows, batch_size))
    if len(starts) > 1 and n_rows - starts[-1] == 1:
        starts.pop()
    return list(zip(starts, starts[1:] + [n_rows]))
