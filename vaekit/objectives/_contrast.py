"""Scores of pairs of codes, component by component."""

from abc import ABC, abstractmethod
from numbers import Integral
from typing import ClassVar

from torch import nn

from vaekit._setting import Setting
from vaekit.nn._pair_scores import LaplaceScore, NetworkScore
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
