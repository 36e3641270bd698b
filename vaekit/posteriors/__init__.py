"""From features to q(z | x)."""

from vaekit.posteriors._autoregressive import InverseAutoregressive
from vaekit.posteriors._base import Posterior, PosteriorSpec
from vaekit.posteriors._diagonal_normal import DiagonalNormal, FixedScale, NormalParameters
from vaekit.posteriors._full_normal import FullNormal
from vaekit.posteriors._implicit import Implicit
from vaekit.posteriors._quantized import Quantized

__all__ = [
    "DiagonalNormal",
    "FixedScale",
    "FullNormal",
    "Implicit",
    "InverseAutoregressive",
    "NormalParameters",
    "Posterior",
    "PosteriorSpec",
    "Quantized",
]
