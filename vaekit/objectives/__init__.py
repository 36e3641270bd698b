"""What is minimised: named terms of a model output."""

from vaekit.objectives._adversarial_variational_bayes import AdversarialVariationalBayes
from vaekit.objectives._aggregate_divergence import AggregateDivergence
from vaekit.objectives._base import Objective
from vaekit.objectives._capacity import Capacity
from vaekit.objectives._contrast import Contrast, LaplaceContrast, NetworkContrast
from vaekit.objectives._controller import GECO, PI, Controller
from vaekit.objectives._covariance import CovariancePenalty
from vaekit.objectives._divergence import MMD, DensityRatio, JensenShannon
from vaekit.objectives._elbo import ELBO
from vaekit.objectives._importance_weighted import ImportanceWeighted
from vaekit.objectives._kl_decomposition import KLDecomposition
from vaekit.objectives._laplace_transition import LaplaceTransition
from vaekit.objectives._permutation_contrast import PermutationContrast
from vaekit.objectives._schedule import Warmup
from vaekit.objectives._target_kl import TargetKL
from vaekit.objectives._total_correlation import TotalCorrelation
from vaekit.objectives._tripod import Tripod

__all__ = [
    "ELBO",
    "GECO",
    "MMD",
    "PI",
    "AdversarialVariationalBayes",
    "AggregateDivergence",
    "Capacity",
    "Contrast",
    "Controller",
    "CovariancePenalty",
    "DensityRatio",
    "ImportanceWeighted",
    "JensenShannon",
    "KLDecomposition",
    "LaplaceContrast",
    "LaplaceTransition",
    "NetworkContrast",
    "Objective",
    "PermutationContrast",
    "TargetKL",
    "TotalCorrelation",
    "Tripod",
    "Warmup",
]
