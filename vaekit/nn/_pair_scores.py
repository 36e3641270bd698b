"""Scores of pairs of codes, a sum over components: what the codes of PCL are told by."""

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from vaekit.utils._repr import OneLine

__all__ = ["LaplaceScore", "NetworkScore"]


class LaplaceScore(OneLine, nn.Module):
    """At first B(u, v) = -|u - v| + u^2 / 4 + v^2 / 4."""

    def __init__(self, n_components):
        super().__init__()
        starts = {"a": 1.0, "b": -1.0, "c": 0.0, "d": 0.5, "e": 0.0, "d_before": 0.5, "e_before": 0.0}
        for name, start in starts.items():
            setattr(self, name, nn.Parameter(torch.full((n_components,), start)))
        self.k = nn.Parameter(torch.zeros(()))

    def forward(self, u, v):
        """Scores of pairs."""
        jump = (self.a * u + self.b * v + self.c).abs()
        marginals = (self.d * u + self.e).square() + (self.d_before * v + self.e_before).square()
        return (marginals - jump).sum(-1) + self.k


class NetworkScore(OneLine, nn.Module):
    """Small networks side by side."""

    def __init__(self, n_components, width, generator):
        super().__init__()
        self.hidden = nn.Parameter(torch.randn(n_components, 2, width, generator=generator))
        self.bias = nn.Parameter(torch.randn(n_components, width, generator=generator))
        self.out = nn.Parameter(torch.randn(n_components, width, generator=generator) / width)
        self.k = nn.Parameter(torch.zeros(()))

    def forward(self, u, v):
        """Scores of pairs."""
        pairs = torch.stack([u, v], dim=-1)
        hidden = leaky_relu(torch.einsum("...jp,jph->...jh", pairs, self.hidden) + self.bias, 0.2)
        return (hidden * self.out).sum((-1, -2)) + self.k
