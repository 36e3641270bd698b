"""Codes on a grid: every latent takes one of a few values."""

from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar

import torch
from torch import Tensor, nn

from vaekit.exceptions import NoDensityError
from vaekit.functional import quantize
from vaekit.posteriors._base import Posterior, PosteriorSpec
from vaekit.utils._repr import OneLine
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec
from vaekit.utils._torch import linear

__all__ = ["Quantized"]

MOST_VALUES = 2**24  # that single precision tells apart


@dataclass(frozen=True, eq=False)
class QuantizedPosterior(Posterior):
    """All of q(z | x) in one point of the grid."""

    loc: Tensor

    is_deterministic = True
    has_density = False

    @property
    def scale(self):
        """0."""
        return torch.zeros_like(self.loc)

    def rsample(self, noise):
        """The code of each row, whatever the noise is, for as many draws."""
        return self.loc.expand(*noise.shape[:-1], -1)

    def log_prob(self, z):
        """There is none."""
        raise NoDensityError(
            "A quantised code is one point, without a density log q(z | x); choose posterior_family='normal'."
        )

    def in_precision(self, dtype):
        """The same point in another type."""
        return QuantizedPosterior(self.loc.to(dtype))


@spec
class Quantized(PosteriorSpec):
    """z = 2 round((tanh h(x) + 1) / 2 (V - 1)) / (V - 1) - 1: every latent is one of V values from -1 to 1.

    Deterministic, so there is no density of codes and no bound on log p(x): for objectives that need draws alone
    (`Tripod`, and the divergences of WAE and AAE). The gradient passes the rounding as if it were not there, and tanh,
    too, where it takes codes inwards, so that codes in a corner of the grid come back. What draws codes is
    `prior="grid"`, values by their frequencies among the training codes; a divergence holds codes to whatever prior it
    is given.

    Parameters
    ----------
    n_values : int, default=12
        V, from 2 to 2^24: fewer ask more of each value to mean the same everywhere, more reconstruct better.

    References
    ----------
    F. Mentzer et al., "Finite Scalar Quantization: VQ-VAE Made Simple", ICLR 2024, https://arxiv.org/abs/2309.15505,
    section 3. K. Hsu et al., "Disentanglement via Latent Quantization", NeurIPS 2023,
    https://arxiv.org/abs/2305.18378; "Tripod", ICML 2024, https://arxiv.org/abs/2404.10282, section 4.1.

    Examples
    --------
    >>> from vaekit import WAE
    >>> from vaekit.posteriors import Quantized
    >>> WAE(posterior_family=Quantized(n_values=8), prior="grid")
    WAE(posterior_family=Quantized(n_values=8), prior='grid')
    """

    has_density = False

    n_values: int = 12

    _parameter_constraints: ClassVar[dict] = {"n_values": [Interval(Integral, 2, MOST_VALUES, closed="both")]}

    def build(self, setting):
        """Return the module that takes features to quantised codes."""
        return QuantizedHead(linear(setting.n_features, setting.n_components, setting.generator), self.n_values)


class QuantizedHead(OneLine, nn.Module):
    """One linear layer to what is quantised."""

    def __init__(self, layer, n_values):
        super().__init__()
        self.layer, self.n_values = layer, n_values

    def forward(self, features):
        """Return the posterior."""
        return QuantizedPosterior(quantize(self.layer(features), self.n_values))

    def extra_repr(self):
        """Widths, and the number of values."""
        widths = f"n_features={self.layer.in_features}, n_components={self.layer.out_features}"
        return f"{widths}, n_values={self.n_values}"
