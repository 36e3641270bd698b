"""What is minimised: named terms of a model output."""

from vaekit.objectives._aggregate_divergence import AggregateDivergence
from vaekit.objectives._base import Objective
from vaekit.objectives._capacity import Capacity
from vaekit.objectives._covariance import CovariancePenalty
from vaekit.objectives._divergence import MMD, DensityRatio, JensenShannon
from vaekit.objectives._elbo import ELBO
from vaekit.objectives._kl_decomposition import KLDecomposition
from vaekit.objectives._schedule import Warmup
from vaekit.objectives._total_correlation import TotalCorrelation

__all__ = [
    "ELBO",
    "MMD",
    "AggregateDivergence",
    "Capacity",
    "CovariancePenalty",
    "DensityRatio",
    "JensenShannon",
    "KLDecomposition",
    "Objective",
    "TotalCorrelation",
    "Warmup",
]
