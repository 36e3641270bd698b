"""A fixed batch in double precision, small enough to be worked by hand."""

import numpy as np
import torch


def count(n):
    """Return 0, 1, ..., n - 1 in double precision."""
    return torch.arange(n, dtype=torch.float64)


DATASET_SIZE = 100
LOC = (count(12).reshape(4, 3) - 5.5) / 4
LOGVAR = (count(12).reshape(4, 3) % 5 - 2) / 3
NOISE = torch.sin(count(12) + 1).reshape(4, 3)
Z = LOC + torch.exp(LOGVAR / 2) * NOISE


def double(*values):
    """Return a tensor in double precision."""
    return torch.tensor(values, dtype=torch.float64)


def assert_golden(actual, *expected):
    """Compare with published digits."""
    expected = torch.tensor(expected if len(expected) > 1 else expected[0], dtype=torch.float64)
    torch.testing.assert_close(torch.as_tensor(actual, dtype=torch.float64), expected, rtol=0, atol=1e-8)


def gauss_hermite(n_nodes):
    """Nodes and weights with which a sum is an expectation under N(0, 1)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(n_nodes)
    return torch.from_numpy(nodes), torch.from_numpy(weights / weights.sum())


def normal_quantiles(n_points):
    """Evenly likely points of N(0, 1): a sample without noise."""
    return torch.special.ndtri((count(n_points) + 0.5) / n_points)
