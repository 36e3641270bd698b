"""From features to q(z | x)."""

from vaekit.posteriors._base import Posterior, PosteriorSpec
from vaekit.posteriors._diagonal_normal import DiagonalNormal, FixedScale, NormalParameters

__all__ = ["DiagonalNormal", "FixedScale", "NormalParameters", "Posterior", "PosteriorSpec"]
