"""Rows that live on the device, and how they are cut into batches."""

__all__ = ["ResidentRows", "batch_bounds"]


class ResidentRows:
    """Training rows on the device; bytes stay bytes until the batch.

    Parameters
    ----------
    values : Tensor of shape (n_rows, *event_shape)
        float32 rows ready for the network, or uint8 rows as they came.
    offset, unit : float or Tensor of shape (*event_shape,), optional
        For uint8 rows: the network sees (row - offset) / unit.
    """

    def __init__(self, values, offset=None, unit=None):
        self.values, self.offset, self.unit = values, offset, unit

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        rows = self.values[index]
        return rows if self.unit is None else (rows.float() - self.offset) / self.unit


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
