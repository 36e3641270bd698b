"""Scores of pairs of codes, component by component."""

from abc import ABC, abstractmethod
from numbers import Integral
from typing import ClassVar

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from vaekit._setting import Setting
from vaekit.utils._repr import OneLine
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import Spec, spec

__all__ = ["Contrast", "LaplaceContrast", "NetworkContrast"]


class Contrast(Spec, ABC):
    """The word for a score r(u, v) = sum_j B_j(u_j, v_j)."""

    @abstractmethod
    def build(self, setting: Setting) -> nn.Module:
        """Return the module that takes two tensors (batch, n_components) to scores (batch,)."""


@spec
class LaplaceContrast(Contrast):
    """B(u, v) = -|a u + b v + c| + (d u + e)^2 + (d' v + e')^2 + k, each number learned for each component.

    The log-ratio of autoregressive sources with Laplace innovations, log p(u | v) - log p(u), with a quadratic for the
    marginals.
    """

    def build(self, setting):
        """Return the score module."""
        return LaplaceScore(setting.n_components)


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


@spec
class NetworkContrast(Contrast):
    """B_j a network of one hidden layer for each component: no family of sources is assumed.

    Parameters
    ----------
    hidden_width : int, default=32
        Width of the hidden layer (leaky ReLU).
    """

    hidden_width: int = 32

    _parameter_constraints: ClassVar[dict] = {"hidden_width": [Interval(Integral, 1, None, closed="left")]}

    def build(self, setting):
        """Return the score module."""
        return NetworkScore(setting.n_components, self.hidden_width, setting.generator)


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
