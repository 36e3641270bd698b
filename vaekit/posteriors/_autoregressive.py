"""Inverse autoregressive flow posterior."""

from numbers import Integral
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from vaekit.functional import clamp_logvar
from vaekit.posteriors._base import Posterior, PosteriorSpec
from vaekit.posteriors._diagonal_normal import DiagonalNormal, NormalParameters
from vaekit.utils._repr import OneLine
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec
from vaekit.utils._torch import linear

__all__ = ["InverseAutoregressive"]

FARTHEST = 1e18  # what no draw of z_0 comes to; the square of it is a number of single precision
FORGET_BIAS = 1.5  # at the start most of z passes through a step: sig(1.5) = .82


@spec
class InverseAutoregressive(PosteriorSpec):
    """q(z | x) as a diagonal normal bent by an inverse autoregressive flow (IAF).

    z_0 ~ N(mu(x), diag sigma(x)^2),  z_t = sig(s_t) z_(t-1) + (1 - sig(s_t)) m_t,  (m_t, s_t) = MADE_t(z_(t-1), h(x)),
    log q(z_T | x) = log q(z_0 | x) - sum_t sum_j log sig(s_tj).

    sig is the logistic function; component j of (m_t, s_t) depends on the components before it, in an order that the
    next step turns round. A code is the image of mu(x). Draws, with their densities, take one pass; the density of any
    other point takes a pass for each latent of each step.

    Parameters
    ----------
    n_steps : int, default=2
        Number of steps T. 0 is the diagonal normal.
    hidden_width : int, default=64
        Width of the hidden layer (ELU) of each masked network.
    n_context : int, default=16
        Width of h(x).

    References
    ----------
    D. Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow", NeurIPS 2016,
    https://arxiv.org/abs/1606.04934, eqs. 10-14 and algorithm 1; masks as in M. Germain et al., "MADE: Masked
    Autoencoder for Distribution Estimation", ICML 2015, https://arxiv.org/abs/1502.03509, eqs. 12-13.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(posterior_family="iaf").set_params(posterior_family__n_steps=4)
    VAE(posterior_family=InverseAutoregressive(n_steps=4))
    """

    n_steps: int = 2
    hidden_width: int = 64
    n_context: int = 16

    _parameter_constraints: ClassVar[dict] = {
        "n_steps": [Interval(Integral, 0, None, closed="left")],
        "hidden_width": [Interval(Integral, 1, None, closed="left")],
        "n_context": [Interval(Integral, 1, None, closed="left")],
    }

    def build(self, setting):
        """Return the module that takes features to the posterior."""
        n, generator = setting.n_components, setting.generator
        if not self.n_steps:
            return DiagonalNormal().build(setting)
        layer = linear(setting.n_features, 2 * n + self.n_context, generator)
        steps = [Step(n, self.n_context, self.hidden_width, bool(t % 2), generator) for t in range(self.n_steps)]
        return InverseAutoregressiveHead(layer, steps)


class InverseAutoregressiveHead(OneLine, nn.Module):
    """One linear layer to loc, log-variance and context; the steps of the flow."""

    def __init__(self, layer, steps):
        super().__init__()
        self.layer, self.steps = layer, nn.ModuleList(steps)

    def forward(self, features):
        """Return the posterior."""
        n = self.steps[0].n_components
        loc, raw_logvar, context = self.layer(features).tensor_split([n, 2 * n], dim=-1)
        return InverseAutoregressivePosterior(NormalParameters(loc, clamp_logvar(raw_logvar)), context, self.steps)

    def extra_repr(self):
        """Widths."""
        n_components = self.steps[0].n_components
        return f"n_features={self.layer.in_features}, n_components={n_components}, n_steps={len(self.steps)}"


class InverseAutoregressivePosterior(Posterior):
    """A normal for every row, bent by the same steps, each told the row's context.

    Parameters
    ----------
    base : Posterior
        Diagonal normal.
    context : Tensor of shape (batch, n_context)
    steps : sequence of Step
    """

    def __init__(self, base, context, steps):
        self.base, self.context, self.steps = base, context, steps
        self._drawn = None, None, None

    @property
    def loc(self):
        """The image of the base's mean: a row's code."""
        return self._bent(self.base.loc)[0]

    def _bent(self, z):
        """z_T of z_0, and the log-determinant of the way."""
        log_det = 0.0
        for step in self.steps:
            z, step_log_det = step(z, self.context)
            log_det = log_det + step_log_det
        return z, log_det

    def _unbent(self, z):
        """z_0 of z_T, and the log-determinant of the way from z_0; those of the last draw are known."""
        drawn, z_0, log_det = self._drawn
        if z is drawn:
            return z_0, log_det
        for step in reversed(self.steps):
            z = step.inverse(z, self.context)
        return z, self._bent(z)[1]

    def rsample(self, noise):
        """z_T of z_0 = mu + sigma * eps, differentiable in the parameters."""
        z_0 = self.base.rsample(noise)
        z, log_det = self._bent(z_0)
        self._drawn = z, z_0, log_det
        return z

    def log_prob(self, z):
        """Log density of latents (..., batch, n_components), in nats per row."""
        z_0, log_det = self._unbent(z)
        return self.base.log_prob(z_0) - log_det

    def mean_log_prob(self, z):
        """E_q log q(z | x) in nats per row: the entropy of z_0 is exact, the log-determinant that of the draw z."""
        z_0, log_det = self._unbent(z)
        return self.base.mean_log_prob(z_0) - log_det

    def in_precision(self, dtype):
        """The same, computed in another type."""
        return InverseAutoregressivePosterior(self.base.in_precision(dtype), self.context.to(dtype), self.steps)


class Step(nn.Module):
    """z' = sig(s) z + (1 - sig(s)) m, with (m, s) from a masked network of one hidden layer.

    Parameters
    ----------
    n_components, n_context, width : int
    is_turned : bool
        Whether a component depends on those after it, not on those before it.
    generator : torch.Generator
    """

    def __init__(self, n_components, n_context, width, is_turned, generator):
        super().__init__()
        self.n_components, self.is_turned = n_components, is_turned
        self.of_z = linear(n_components, width, generator)
        self.of_context = linear(n_context, width, generator)
        self.out = linear(width, 2 * n_components, generator)
        with torch.no_grad():
            self.out.bias[n_components:] += FORGET_BIAS
        number = torch.arange(n_components)  # in the order in which components depend on each other
        number = n_components - 1 - number if is_turned else number
        degree = torch.arange(width) % n_components  # how many components a hidden unit may look at
        self.register_buffer("sees", (number < degree[:, None]).float(), persistent=False)
        self.register_buffer("seen", (degree <= number[:, None]).float().repeat(2, 1), persistent=False)

    def parameters_at(self, z, context):
        """m and s, each of the shape of z; in the type of z."""
        hidden = masked(self.of_z, self.sees, z) + masked(self.of_context, None, context)
        m, s = masked(self.out, self.seen, F.elu(hidden)).chunk(2, dim=-1)
        return m, s

    def forward(self, z, context):
        """z' and log |det dz'/dz| = sum_j log sig(s_j), per row."""
        m, s = self.parameters_at(z, context)
        share = torch.sigmoid(s)
        return share * z + (1 - share) * m, F.logsigmoid(s).sum(-1)

    def inverse(self, z, context):
        """The z that z' came from, component after component: each pass finds one more, from those before it."""
        found = torch.zeros_like(z)
        for _ in range(self.n_components):
            m, s = self.parameters_at(found, context)
            share = torch.sigmoid(s)
            found = ((z - (1 - share) * m) / share.clamp(min=1 / FARTHEST)).clamp(-FARTHEST, FARTHEST)
        return found


def masked(layer, mask, x):
    """A linear layer some of whose weights are 0, in the type of x."""
    weight = layer.weight if mask is None else layer.weight * mask
    return F.linear(x, weight.to(x.dtype), layer.bias.to(x.dtype))
