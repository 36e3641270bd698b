"""A factorised learned prior: one monotone map per latent."""

from numbers import Integral
from typing import ClassVar

import torch
from torch import nn

from vaekit.functional import entropy_normal, monotone_spline, monotone_spline_inverse, normal_log_density
from vaekit.priors._base import PriorSpec
from vaekit.priors._flow import FlowPrior, bounded
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec

__all__ = ["ElementwiseFlow"]

BOUND = 5.0  # the spline bends [-5, 5]; beyond it the map is affine


@spec
class ElementwiseFlow(PriorSpec):
    """p(z) = prod_j p_j(z_j), each the image of N(0, 1) under a learned increasing map g_j.

    g_j is an affine map followed by a rational-quadratic spline. The prior stays factorised, so a total-correlation
    penalty keeps its meaning whatever the weights. At the start g is the identity.

    Parameters
    ----------
    n_bins : int, default=8
        Pieces of each spline.

    References
    ----------
    C. Durkan, A. Bekasov, I. Murray, G. Papamakarios, "Neural Spline Flows", NeurIPS 2019,
    https://arxiv.org/abs/1906.04032, eqs. 4-8.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(prior="elementwise_flow")
    VAE(prior='elementwise_flow')
    """

    n_bins: int = 8

    _parameter_constraints: ClassVar[dict] = {"n_bins": [Interval(Integral, 2, None, closed="left")]}

    def build(self, setting):
        """Return the prior module."""
        return ElementwiseFlowPrior(setting.n_components, self.n_bins)


class ElementwiseFlowPrior(FlowPrior):
    """z0_j = spline_j((z_j - shift_j) exp(-log_scale_j))."""

    is_factorised = True

    def __init__(self, n_components, n_bins):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(n_components))
        self.log_scale = nn.Parameter(torch.zeros(n_components))
        self.widths = nn.Parameter(torch.zeros(n_components, n_bins))
        self.heights = nn.Parameter(torch.zeros(n_components, n_bins))
        self.slopes = nn.Parameter(torch.zeros(n_components, n_bins - 1))

    def _spline(self):
        return self.widths, self.heights, self.slopes, BOUND

    def _elementwise(self, z):
        log_scale = bounded(self.log_scale)
        z0, log_derivative = monotone_spline((z - self.shift) * torch.exp(-log_scale), *self._spline())
        return z0, log_derivative - log_scale

    def forward(self, z):
        """z0 = g(z) and log |det dg/dz| per row."""
        z0, log_derivative = self._elementwise(z)
        return z0, log_derivative.sum(-1)

    def kl_per_component(self, posterior, z):
        """KL(q(z_j | x) || p_j) from one sample per row, (batch, n_components), in nats."""
        z0, log_derivative = self._elementwise(z)
        log_prior = normal_log_density(z0, torch.zeros_like(z0), torch.zeros_like(z0)) + log_derivative
        return -entropy_normal(posterior.logvar[..., None]) - log_prior

    def inverse(self, z0):
        """z = g^-1(z0) and the log-determinant of that map."""
        log_scale = bounded(self.log_scale)
        z, log_derivative = monotone_spline_inverse(z0, *self._spline())
        return self.shift + z * torch.exp(log_scale), (log_derivative + log_scale).sum(-1)

    def extra_repr(self):
        """Size."""
        n_components, n_bins = self.widths.shape
        return f"n_components={n_components}, n_bins={n_bins}"
