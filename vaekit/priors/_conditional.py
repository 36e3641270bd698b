"""Priors of conditional models: p(z | c), a normal or a flow for every condition."""

from functools import partial
from numbers import Integral
from typing import ClassVar

import torch
from torch import Tensor

from vaekit.exceptions import NoDensityError
from vaekit.functional import coupling, coupling_inverse
from vaekit.nn._mlp import mlp
from vaekit.priors._base import Prior, PriorSpec
from vaekit.priors._decoupled import MASKS, Conditioner
from vaekit.priors._flow import FlowPrior, bounded
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec

__all__ = ["ConditionalFlow", "ConditionalNormal"]


def condition_width(setting, name):
    """Numbers of a condition.

    Raises
    ------
    ValueError
        If the model is told no conditions.
    """
    if setting.condition_shape is None:
        raise ValueError(
            f"prior={name!r} is a prior for every condition, and this model is told none: use ConditionalVAE, or "
            "choose another prior."
        )
    return setting.condition_shape[0]


@spec
class ConditionalNormal(PriorSpec):
    """p(z | c) = N(mu(c), diag sigma(c)^2), a product over components.

    With a condition that moves means and scales enough, and a decoder that is told none of it, the codes are the
    sources of the data up to their order, sign and scale. Posteriors of independent components pull away from these,
    however little noise there is; `posterior_family="full_normal"` does not, and `warmup=0` lets the prior turn the
    codes from the start.

    Parameters
    ----------
    hidden_width : int, default=64
        Width of the hidden layer that gives mu and sigma.

    References
    ----------
    I. Khemakhem, D. Kingma, R. Monti, A. Hyvarinen, "Variational Autoencoders and Nonlinear ICA: A Unifying
    Framework", AISTATS 2020, https://arxiv.org/abs/1907.04809, eqs. 5 to 7.

    Examples
    --------
    >>> from vaekit.priors import ConditionalNormal
    >>> ConditionalNormal(hidden_width=32)
    ConditionalNormal(hidden_width=32)
    """

    hidden_width: int = 64

    _parameter_constraints: ClassVar[dict] = {"hidden_width": [Interval(Integral, 1, None, closed="left")]}

    def build(self, setting):
        """Return the prior module."""
        width = condition_width(setting, "conditional_normal")
        return ConditionalPrior(
            base=at_zero(mlp([width, self.hidden_width, 2 * setting.n_components], "leaky_relu", "torch",
                             setting.generator)),
            masks=torch.zeros(0, setting.n_components), conditioners=[],
        )  # fmt: skip


@spec
class ConditionalFlow(PriorSpec):
    """p(z | c) through an invertible network told of c, from N(mu(c), diag sigma(c)^2) to z.

    log p(z | c) = log N(g_c(z); 0, I) + log |det dg_c / dz|: couplings whose scales and shifts are functions of c and
    of the coordinates they leave as they are, and last the condition's own shift and scale. At the start g is the
    identity, whatever c is.

    Parameters
    ----------
    n_couplings : int, default=4
        Number of coupling blocks. With one latent there is nothing to couple, and none are used.
    hidden_width : int, default=64
        Width of the hidden layers.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020,
    https://arxiv.org/abs/1911.10506, eqs. 3-5, told of a condition;
    "Empirical observations pertaining to learned priors for deep latent variable models", section 3.4.

    Examples
    --------
    >>> from vaekit.priors import ConditionalFlow
    >>> ConditionalFlow(n_couplings=6)
    ConditionalFlow(n_couplings=6)
    """

    n_couplings: int = 4
    hidden_width: int = 64

    _parameter_constraints: ClassVar[dict] = {
        "n_couplings": [Interval(Integral, 2, None, closed="left")],
        "hidden_width": [Interval(Integral, 1, None, closed="left")],
    }

    def build(self, setting):
        """Return the prior module."""
        width, n, generator = condition_width(setting, "conditional_flow"), setting.n_components, setting.generator
        base = at_zero(mlp([width, self.hidden_width, 2 * n], "leaky_relu", "torch", generator))
        n_couplings = self.n_couplings if n > 1 else 0
        masks = [MASKS["checkerboard"](n, k).float() for k in range(n_couplings)]
        told = [Conditioner(n, self.hidden_width, generator, n_in=n + width) for _ in range(n_couplings)]
        return ConditionalPrior(base, torch.stack(masks) if masks else torch.zeros(0, n), told)


def at_zero(network):
    """The network with a last layer of zeros: every condition begins at N(0, I)."""
    torch.nn.init.zeros_(network[-1].weight)
    torch.nn.init.zeros_(network[-1].bias)
    return network


class ConditionalPrior(Prior):
    """p(z | c); without a condition there is nothing that it could say.

    Parameters
    ----------
    base : nn.Module
        Conditions (batch, width) to mu and log sigma, (batch, 2 n_components).
    masks : Tensor of shape (n_couplings, n_components)
        Ones pass through.
    conditioners : list of nn.Module
        Coordinates and condition to (s, t).
    """

    def __init__(self, base, masks, conditioners):
        super().__init__()
        self.base, self.conditioners = base, torch.nn.ModuleList(conditioners)
        self.register_buffer("masks", masks, persistent=False)

    @property
    def is_factorised(self):
        """Whether p(z | c) is a product over components."""
        return len(self.conditioners) == 0

    def given(self, condition, encode=None):
        """p(z | c) for every row."""
        return self if condition is None else GivenFlow(self, condition)

    def forward(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """z0 = g_c(z) and log |det dg_c / dz| per row; z (..., batch, n_components) and c (batch, width)."""
        log_det = z.new_zeros(z.shape[:-1])
        for mask, told in reversed(self._blocks(condition, z)):
            z, of_block = coupling(z, mask, told)
            log_det = log_det + of_block
        loc, log_scale = self._base(condition)
        return (z - loc) * torch.exp(-log_scale), log_det - log_scale.sum(-1)

    def inverse(self, z0: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """z = g_c^-1(z0) and the log-determinant of that map."""
        loc, log_scale = self._base(condition)
        z, log_det = loc + z0 * torch.exp(log_scale), log_scale.sum(-1).expand(z0.shape[:-1])
        for mask, told in self._blocks(condition, z0):
            z, of_block = coupling_inverse(z, mask, told)
            log_det = log_det + of_block
        return z, log_det

    def _base(self, condition):
        """mu(c) and log sigma(c)."""
        loc, log_scale = self.base(condition).chunk(2, dim=-1)
        return loc, bounded(log_scale)

    def _blocks(self, condition, like):
        """Masks, and conditioners that have been told."""
        condition = condition.expand(*like.shape[:-1], -1)
        told = [partial(_told, conditioner, condition) for conditioner in self.conditioners]
        return list(zip(self.masks.unbind(), told))

    def _refuse(self, *latents):
        raise NoDensityError(
            "A conditional prior is a prior for every condition, and none was given: pass 'y', as in sample(10, y=1)."
        )

    log_prob = to_generation_space = to_representation_space = _refuse


def _told(conditioner, condition, u):
    return conditioner(torch.cat([u, condition], dim=-1))


class GivenFlow(FlowPrior):
    """A conditional prior once it was given conditions."""

    def __init__(self, prior, condition):
        super().__init__()
        self.is_factorised = prior.is_factorised
        # not the prior itself, which would become a part
        self.there, self.back = partial(prior.forward, condition=condition), partial(prior.inverse, condition=condition)

    def forward(self, z):
        """z0 and the log-determinant."""
        return self.there(z)

    def inverse(self, z0):
        """z and the log-determinant."""
        return self.back(z0)
