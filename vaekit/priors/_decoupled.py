"""The decoupled prior: affine couplings between representation space and generation space."""

from numbers import Integral
from typing import ClassVar

import torch
from torch import nn

from vaekit.functional import coupling, coupling_inverse
from vaekit.nn._mlp import mlp
from vaekit.priors._base import PriorSpec
from vaekit.priors._elementwise_flow import ElementwiseFlow
from vaekit.priors._flow import FlowPrior
from vaekit.utils._sklearn import Interval, StrOptions
from vaekit.utils._spec import spec

__all__ = ["Decoupled", "DecoupledPrior"]

MASKS = {
    "checkerboard": lambda n, k: (torch.arange(n) + k) % 2,
    "halves": lambda n, k: ((torch.arange(n) < (n + 1) // 2) ^ (k % 2 == 1)).long(),
}
SCALE_BOUND = 2.0  # |s| stays below this: one coupling cannot stretch a coordinate more than e^2-fold


@spec
class Decoupled(PriorSpec):
    """p(z) through an invertible network g, trained jointly, that maps codes z to plainly normal z0.

    log p(z) = log N(g(z); 0, I) + sum_k sum_l (1 - b_k)_l [s_k(b_k z_k)]_l,
    z_{k-1} = b_k z_k + (1 - b_k) [z_k exp s_k(b_k z_k) + t_k(b_k z_k)],  k = n_couplings, ..., 1

    So a regulariser shapes z while samples are drawn as z = g^-1(z0), z0 ~ N(0, I). At the start g is the identity.
    With one latent there is nothing to couple, and the prior is an `ElementwiseFlow`.

    Parameters
    ----------
    n_couplings : int, default=4
        Number of coupling blocks, at least 2, so that every coordinate is transformed. More bend space further.
    hidden_width : int, default=64
        Width of the two hidden layers (leaky ReLU) that give s and t of one block.
    mask : {"checkerboard", "halves"}, default="checkerboard"
        Which coordinates a block leaves as they are; the next block leaves the others.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020,
    https://arxiv.org/abs/1911.10506, eqs. 3-5, with the log-determinant's mask and the KL's constants corrected.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.priors import Decoupled
    >>> VAE(prior=Decoupled(n_couplings=6)).set_params(prior__hidden_width=32)
    VAE(prior=Decoupled(hidden_width=32, n_couplings=6))
    """

    n_couplings: int = 4
    hidden_width: int = 64
    mask: str = "checkerboard"

    _parameter_constraints: ClassVar[dict] = {
        "n_couplings": [Interval(Integral, 2, None, closed="left")],
        "hidden_width": [Interval(Integral, 1, None, closed="left")],
        "mask": [StrOptions(set(MASKS))],
    }

    def build(self, setting):
        """Return the prior module."""
        n_components, generator = setting.n_components, setting.generator
        if n_components == 1:
            return ElementwiseFlow().build(setting)
        masks = torch.stack([MASKS[self.mask](n_components, k) for k in range(self.n_couplings)]).float()
        conditioners = [Conditioner(n_components, self.hidden_width, generator) for _ in range(self.n_couplings)]
        return DecoupledPrior(masks, conditioners)


class Conditioner(nn.Module):
    """u -> (s, t), with s bounded; zero at the start, so that a new coupling is the identity."""

    def __init__(self, n_components, width, generator, n_in=None):
        super().__init__()
        self.network = mlp((n_in or n_components, width, width, 2 * n_components), "leaky_relu", "torch", generator)
        nn.init.zeros_(self.network[-1].weight)
        nn.init.zeros_(self.network[-1].bias)

    def forward(self, u):
        """Return s and t, each of the shape of u."""
        raw, t = self.network(u).chunk(2, dim=-1)
        return SCALE_BOUND * torch.tanh(raw / SCALE_BOUND), t


class DecoupledPrior(FlowPrior):
    """A stack of affine couplings; block k is applied in the order K, ..., 1 on the way to generation space.

    Parameters
    ----------
    masks : Tensor of shape (n_couplings, n_components)
        b_k: 1 where a coordinate passes through block k.
    conditioners : list of callable modules
        u -> (s_k, t_k).
    """

    def __init__(self, masks, conditioners):
        super().__init__()
        self.register_buffer("masks", masks)
        self.conditioners = nn.ModuleList(conditioners)

    def forward(self, z):
        """z0 = g(z) and log |det dg/dz| per row."""
        log_det = 0.0
        for mask, conditioner in zip(reversed(self.masks.unbind()), reversed(self.conditioners)):
            z, block_log_det = coupling(z, mask, conditioner)
            log_det = log_det + block_log_det
        return z, log_det

    def inverse(self, z0):
        """z = g^-1(z0) and the log-determinant of that map."""
        log_det = 0.0
        for mask, conditioner in zip(self.masks.unbind(), self.conditioners):
            z0, block_log_det = coupling_inverse(z0, mask, conditioner)
            log_det = log_det + block_log_det
        return z0, log_det

    def extra_repr(self):
        """Size."""
        n_couplings, n_components = self.masks.shape
        return f"n_components={n_components}, n_couplings={n_couplings}"
