"""From features to q(z | x)."""

from vaekit.posteriors._base import Posterior, PosteriorSpec
from vaekit.posteriors._diagonal_normal import DiagonalNormal, FixedScale, NormalParameters
from vaekit.posteriors._implicit import Implicit

__all__ = ["DiagonalNormal", "FixedScale", "Implicit", "NormalParameters", "Posterior", "PosteriorSpec"]
