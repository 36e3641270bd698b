"""From a decoded tensor to p(x | z)."""

from vaekit.likelihoods._base import Likelihood, LikelihoodSpec
from vaekit.likelihoods._bernoulli import Bernoulli
from vaekit.likelihoods._categorical import Categorical
from vaekit.likelihoods._correlated import CorrelatedNormal
from vaekit.likelihoods._counts import NegativeBinomial, Poisson
from vaekit.likelihoods._location_scale import LocationScaleLikelihood, LocationScaleSpec
from vaekit.likelihoods._perceptual import Perceptual
from vaekit.likelihoods._power import Laplace, Normal, SquaredError
from vaekit.likelihoods._product import Product

__all__ = [
    "Bernoulli",
    "Categorical",
    "CorrelatedNormal",
    "Laplace",
    "Likelihood",
    "LikelihoodSpec",
    "LocationScaleLikelihood",
    "LocationScaleSpec",
    "NegativeBinomial",
    "Normal",
    "Perceptual",
    "Poisson",
    "Product",
    "SquaredError",
]
