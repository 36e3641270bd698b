"""A generator whose draws are made to have the moments of the codes."""

from numbers import Integral, Real
from typing import ClassVar

import torch
from torch import nn

from vaekit.functional import maximum_mean_discrepancy
from vaekit.functional._mmd import RBF_SCALES
from vaekit.nn._mlp import mlp
from vaekit.priors._base import PriorSpec
from vaekit.priors._before import Before
from vaekit.priors._generator import GeneratorPrior
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec

__all__ = ["MomentMatching"]


@spec
class MomentMatching(PriorSpec):
    """z = h(u), u uniform in [-1, 1]^L, h a plain network fitted to the codes by their moments.

    loss = MMD^2(h(u) / s, z / s),  z ~ q(z),  s^2 the mean variance of the latents in the batch,
    k(a, b) = sum_c exp(-|a - b|^2 / (2 c)),  c = bandwidth L {1/40, 1/8, 1/4, 1/2, 1},  L the number of latents.

    Encoder and decoder are trained with N(0, I) as their prior, and in each step a phase of its own fits h to their
    codes, whatever the objective; codes cannot be moved by it. Samples of the fitted model are those of the generator:
    there is no density and no way back. Early stopping measures by N(0, I).

    Parameters
    ----------
    hidden_width : int, default=64
        Width of the hidden layers (ReLU) of h.
    n_hidden_layers : int, default=3
        Number of hidden layers of h.
    bandwidth : float, default=0.5
        The widest of the five scales on which moments are compared, in units of the spread of codes: larger ones see
        coarser differences.

    References
    ----------
    Y. Li, K. Swersky, R. Zemel, "Generative Moment Matching Networks", ICML 2015, https://arxiv.org/abs/1502.02761,
    eq. 3 and algorithm 2 (on the codes of an autoencoder).

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(prior="moment_matching").set_params(prior__hidden_width=128)
    VAE(prior=MomentMatching(hidden_width=128))
    """

    hidden_width: int = 64
    n_hidden_layers: int = 3
    bandwidth: float = 0.5

    has_density = has_spaces = False

    _parameter_constraints: ClassVar[dict] = {
        "hidden_width": [Interval(Integral, 1, None, closed="left")],
        "n_hidden_layers": [Interval(Integral, 1, None, closed="left")],
        "bandwidth": [Interval(Real, 0, None, closed="neither")],
    }

    def build(self, setting):
        """Return the prior module."""
        n_components = setting.n_components
        widths = n_components, *[self.hidden_width] * self.n_hidden_layers, n_components
        finest = self.bandwidth * n_components / max(RBF_SCALES)
        return MomentMatchingPrior(mlp(widths, "relu", "torch", setting.generator), n_components, finest)


class MomentMatchingPrior(GeneratorPrior):
    """Draws h(u), u made uniform of normal noise.

    Parameters
    ----------
    network : nn.Module
        h.
    n_components : int
        Number of latents.
    finest : float
        The smallest c of the kernel.
    """

    learns_alone = True

    def __init__(self, network: nn.Module, n_components: int, finest: float) -> None:
        super().__init__(network)
        self.training_noise_width = n_components
        self.finest = finest
        self.before = Before(self.own_loss)

    def given(self, condition, encode=None):
        """What training takes: N(0, I), and the loss that fits the generator."""
        return self.before

    def own_loss(self, z, noise=None):
        """MMD^2(h(u) / s, z / s)."""
        s = z.var(dim=0, correction=0).mean().clamp(min=torch.finfo(z.dtype).eps).sqrt()
        return {"moment_matching": maximum_mean_discrepancy(self.sample(noise) / s, z / s, "rbf_multi", self.finest)}

    def sample(self, noise):
        """h(u), u = 2 Phi(noise) - 1."""
        return self.network(2 * torch.special.ndtr(noise) - 1)

    def to_representation_space(self, z0):
        """z = h(u)."""
        return self.sample(z0)
