"""Quantisation: values by hand, on the grid to the last bit, and the derivative of what was rounded."""

import math

import pytest
import torch

from vaekit.functional import quantize
from vaekit.functional._quantization import grid_numbers, grid_values


@pytest.mark.parametrize(
    ("c", "n_values", "expected"),
    [
        # 2 round((c + 1) / 2 (V - 1)) / (V - 1) - 1
        (0.3, 3, 0.0),  # round(1.3) = 1
        (0.6, 3, 1.0),  # round(1.6) = 2
        (-0.3, 5, -0.5),  # round(1.4) = 1
        (-0.2, 5, 0.0),  # round(1.6) = 2
        (-0.9, 12, -9 / 11),  # round(0.55) = 1
        (0.4, 12, 5 / 11),  # round(7.7) = 8
        (0.01, 2, 1.0),
        (-0.01, 2, -1.0),
    ],
)
def test_values_by_hand(c, n_values, expected):
    z = torch.tensor(math.atanh(c), dtype=torch.float64)
    torch.testing.assert_close(quantize(z, n_values), torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("n_values", [2, 3, 8, 12])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_codes_are_the_grid_to_the_last_bit(n_values, dtype):
    codes = quantize(torch.linspace(-9, 9, 2001, dtype=dtype), n_values)
    grid = grid_values(torch.arange(n_values, dtype=dtype), n_values)
    assert torch.equal(codes.unique(), grid)
    assert torch.equal(grid, -grid.flip(0))
    assert torch.equal(grid_numbers(grid, n_values), torch.arange(n_values))


def test_the_gradient_passes_the_rounding():
    z = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)
    (quantize(z, 4) * torch.arange(7)).sum().backward()
    torch.testing.assert_close(z.grad, torch.arange(7) * (1 - torch.tanh(z.detach()).square()))


def test_far_out_it_stays_finite():
    z = torch.tensor([-1e30, 1e30], requires_grad=True)
    codes = quantize(z, 12)
    codes.sum().backward()
    assert codes.tolist() == [-1, 1]
    assert z.grad.tolist() == [0, 0]
