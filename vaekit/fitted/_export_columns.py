"""Tables of several kinds of columns as programs take them: a number for each cell."""

import numpy as np
import torch
from torch import nn

__all__ = ["CellsOfNumbers", "NumbersOfCells"]


class NumbersOfCells(nn.Module):
    """Cells (n_rows, n_columns) to the numbers that stand for them (n_rows, width): categories, told by place, one-hot.

    Parameters
    ----------
    columns : Columns
    may_miss : bool
        Whether NaN is a cell that is missing, and so is a category that is none.
    """

    def __init__(self, columns, may_miss):
        super().__init__()
        self.widths = [column.width if column.kind == "category" else None for column in columns.columns]
        self.may_miss = may_miss

    def forward(self, cells):
        """float64 to float64."""
        return torch.cat([self._numbers(*pair) for pair in zip(cells.split(1, dim=1), self.widths)], dim=1)

    def _numbers(self, cell, width):
        if width is None:
            return cell
        one_hot = (cell == torch.arange(width, device=cell.device)).to(cell.dtype)
        return torch.where(one_hot.sum(1, keepdim=True) == 0, torch.nan, one_hot) if self.may_miss else one_hot


class CellsOfNumbers(nn.Module):
    """The way back, to the nearest possible values: the likeliest category's place, truths as 0 and 1, whole counts.

    Parameters
    ----------
    columns : Columns
    """

    def __init__(self, columns):
        super().__init__()
        self.columns = columns.columns

    def forward(self, rows):
        """(n_rows, width) to (n_rows, n_columns), both float64."""
        parts = rows.split([column.width for column in self.columns], dim=1)
        return torch.stack([possible(*pair) for pair in zip(self.columns, parts)], dim=1)


def possible(column, numbers):
    """`Column.possible` of tensors (n_rows, width), as numbers (n_rows,)."""
    if column.kind == "category":
        return numbers.argmax(dim=1).to(numbers.dtype)
    if column.kind == "boolean":
        return (numbers[:, 0] > 0.5).to(numbers.dtype)
    low, high = (np.inf * sign if end is None else end for sign, end in ((-1, column.low), (1, column.high)))
    if not column.step:
        return numbers[:, 0].clamp(low, high)
    fewest, most = float(np.ceil(low / column.step)), float(np.floor(high / column.step))
    return (numbers[:, 0] / column.step).round().clamp(fewest, most) * column.step
