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


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_gradient_passes_the_rounding_and_inwards_the_bounds(sign):
    """Descent takes z > 0 towards 0 where the gradient is positive, z < 0 where it is negative."""
    z = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)
    gradient = sign * torch.arange(1.0, 8.0, dtype=torch.float64)
    (quantize(z, 4) * gradient).sum().backward()
    outwards = 1 - torch.tanh(z.detach()).square()
    torch.testing.assert_close(z.grad, gradient * torch.where(sign * z.detach() > 0, 1, outwards))


def test_many_at_once_have_the_gradients_of_each():
    """As fits that are trained side by side take them."""
    z = torch.linspace(-3, 3, 12, dtype=torch.float64).reshape(4, 3)

    def gradient(row):
        return torch.func.grad(lambda r: (quantize(r, 5) * torch.tensor([1.0, -2.0, 3.0])).sum())(row)

    torch.testing.assert_close(torch.vmap(gradient)(z), torch.stack([gradient(row) for row in z]))


def test_far_out_it_stays_finite():
    z = torch.tensor([-1e30, 1e30], requires_grad=True)
    codes = quantize(z, 12)
    codes.sum().backward()
    assert codes.tolist() == [-1, 1]
    assert z.grad.tolist() == [0, 1]


def test_codes_come_back_from_a_corner_that_all_were_driven_to():
    """Where tanh has no derivative left."""
    h = torch.linspace(-0.5, 0.5, 8, dtype=torch.float64).requires_grad_()
    wanted = quantize(torch.linspace(-1, 1, 8, dtype=torch.float64), 8)
    adam = torch.optim.Adam([h], lr=0.1)
    for step in range(300):
        codes = quantize(h, 8)
        loss = -codes.sum() if step < 100 else (codes - wanted).square().sum()
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert torch.equal(quantize(h, 8), wanted)
