"""A fixed batch and a fixed flow in double precision, and points that make a mean an expectation."""

import numpy as np
import torch

from vaekit.functional import coupling, coupling_inverse, normal_log_density


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


def tanh_conditioner(A, C):
    return lambda u: (torch.tanh(u @ A), u @ C)


def golden_flow(n_components):
    """Blocks k = 1, 2 with the masks 1, 0, 1, ... and 0, 1, 0, ..."""
    grid = count(n_components**2)
    return [
        (
            (count(n_components) + k) % 2,
            tanh_conditioner(*(f(grid + k).reshape(n_components, n_components) / 2 for f in (torch.sin, torch.cos))),
        )
        for k in (1, 2)
    ]


def to_generation_space(blocks, z):
    """Apply the blocks K, ..., 1."""
    log_det = torch.zeros(z.shape[:-1], dtype=z.dtype)
    for mask, conditioner in reversed(blocks):
        z, term = coupling(z, mask, conditioner)
        log_det = log_det + term
    return z, log_det


def to_representation_space(blocks, z0):
    log_det = torch.zeros(z0.shape[:-1], dtype=z0.dtype)
    for mask, conditioner in blocks:
        z0, term = coupling_inverse(z0, mask, conditioner)
        log_det = log_det + term
    return z0, log_det


def log_standard_normal(z):
    return normal_log_density(z, torch.zeros_like(z), torch.zeros_like(z)).sum(-1)


def log_prior(blocks, z):
    z0, log_det = to_generation_space(blocks, z)
    return log_standard_normal(z0) + log_det
