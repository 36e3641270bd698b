"""Pure tensor functions: divergences, correlations, couplings, schedules."""

from vaekit.functional._coupling import coupling, coupling_inverse
from vaekit.functional._divergence import clamp_logvar, entropy_normal, free_bits, kl_normal, normal_log_density
from vaekit.functional._schedule import capacity, cyclical_warmup, linear_warmup
from vaekit.functional._spline import monotone_spline, monotone_spline_inverse

__all__ = [
    "capacity",
    "clamp_logvar",
    "coupling",
    "coupling_inverse",
    "cyclical_warmup",
    "entropy_normal",
    "free_bits",
    "kl_normal",
    "linear_warmup",
    "monotone_spline",
    "monotone_spline_inverse",
    "normal_log_density",
]
