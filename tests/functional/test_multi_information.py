"""Multi-information of a kernel density: by hand, 0 where codes are independent, blind to scale."""

import math

import pytest
import torch

from vaekit.functional import multi_information
from vaekit.functional._multi_information import silverman
from vaekit.utils._torch import make_generator

ROWS = [[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]]


def normal(x, mean, scale):
    return math.exp(-0.5 * ((x - mean) / scale) ** 2) / (scale * math.sqrt(2 * math.pi))


@pytest.mark.parametrize("bandwidth", [None, 0.7])
def test_three_rows_by_hand(bandwidth):
    h = (4 / (4 * 3)) ** (1 / 6) if bandwidth is None else bandwidth
    scale = h * math.sqrt(2 / 3)  # both columns are 0, 1, 2 in some order
    expected = []
    for row in ROWS:
        joint = sum(math.prod(normal(x, m, scale) for x, m in zip(row, other)) for other in ROWS) / 3
        marginals = [sum(normal(row[k], other[k], scale) for other in ROWS) / 3 for k in (0, 1)]
        expected.append(math.log(joint) - math.log(math.prod(marginals)))
    found = multi_information(torch.tensor(ROWS, dtype=torch.float64), bandwidth)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_silvermans_rule():
    """For one component the well-known 1.06 B^(-1/5)."""
    assert silverman(100, 1) == pytest.approx((4 / 3) ** 0.2 * 100**-0.2)


@pytest.mark.parametrize("bandwidth", [None, 0.3])
def test_a_full_grid_has_none(bandwidth):
    axes = [torch.tensor(axis, dtype=torch.float64) for axis in ([-1, 0, 1], [-1, 1], [0, 0.1, 0.7, 3])]
    found = multi_information(torch.cartesian_prod(*axes), bandwidth)
    torch.testing.assert_close(found, torch.zeros_like(found))


def test_one_component_has_none():
    z = torch.randn(9, 1, generator=make_generator(0), dtype=torch.float64)
    torch.testing.assert_close(multi_information(z), torch.zeros(9, dtype=torch.float64))


def test_values_that_tell_each_other_have_the_entropy_of_one():
    """Kernels far narrower than the grid: log 4 for four pairs of equal values."""
    z = torch.arange(4, dtype=torch.float64)[:, None].expand(-1, 2)
    torch.testing.assert_close(multi_information(z, 1e-3), torch.full((4,), math.log(4), dtype=torch.float64))


def test_scale_and_place_do_not_matter():
    z = torch.randn(20, 3, generator=make_generator(0), dtype=torch.float64)
    z[:, 1] += z[:, 0]
    moved = z * torch.tensor([0.1, -5, 70]) + 4
    torch.testing.assert_close(multi_information(moved), multi_information(z))
    assert multi_information(z).mean() > multi_information(z[:, [0, 2]]).mean()


def test_a_component_that_stands_still_adds_nothing_and_has_a_gradient():
    z = torch.randn(6, 2, generator=make_generator(0), dtype=torch.float64)
    still = torch.cat([z, torch.zeros(6, 1)], dim=1).requires_grad_()
    found = multi_information(still, 0.5)
    torch.testing.assert_close(found, multi_information(z, 0.5))
    found.sum().backward()
    assert still.grad.isfinite().all()
