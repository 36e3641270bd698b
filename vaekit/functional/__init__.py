"""Pure tensor functions: divergences, correlations, couplings, schedules."""

from vaekit.functional._adversarial import (
    binary_discriminator_loss,
    density_ratio,
    discriminator_loss,
    non_saturating_loss,
)
from vaekit.functional._correlation import (
    TotalCorrelationTerms,
    aggregate_covariance,
    dip_penalty,
    permute_dims,
    standardize,
    total_correlation_terms,
)
from vaekit.functional._coupling import coupling, coupling_inverse
from vaekit.functional._divergence import clamp_logvar, entropy_normal, free_bits, kl_normal, normal_log_density
from vaekit.functional._hessian import hessian_penalty
from vaekit.functional._importance import importance_weighted_bound
from vaekit.functional._mmd import maximum_mean_discrepancy
from vaekit.functional._multi_information import multi_information
from vaekit.functional._quantization import quantize
from vaekit.functional._schedule import capacity, cyclical_warmup, linear_warmup
from vaekit.functional._spline import monotone_spline, monotone_spline_inverse
from vaekit.functional._transition import laplace_cross_entropy

__all__ = [
    "TotalCorrelationTerms",
    "aggregate_covariance",
    "binary_discriminator_loss",
    "capacity",
    "clamp_logvar",
    "coupling",
    "coupling_inverse",
    "cyclical_warmup",
    "density_ratio",
    "dip_penalty",
    "discriminator_loss",
    "entropy_normal",
    "free_bits",
    "hessian_penalty",
    "importance_weighted_bound",
    "kl_normal",
    "laplace_cross_entropy",
    "linear_warmup",
    "maximum_mean_discrepancy",
    "monotone_spline",
    "monotone_spline_inverse",
    "multi_information",
    "non_saturating_loss",
    "normal_log_density",
    "permute_dims",
    "quantize",
    "standardize",
    "total_correlation_terms",
]
