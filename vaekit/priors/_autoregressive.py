"""Autoregressive flows of zuko's as priors."""

from numbers import Integral
from typing import ClassVar

from torch import nn

from vaekit.priors._base import PriorSpec
from vaekit.priors._flow import FlowPrior
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec
from vaekit.utils._torch import SeededRandomness
from vaekit.utils._zuko import import_zuko

__all__ = ["MaskedAutoregressive", "NeuralSpline"]


@spec
class Autoregressive(PriorSpec):
    """z0_j = f(z_j; theta_j(z_1, ..., z_(j-1))), several times over, the order of latents turned round each time.

    Densities take one pass through the masked networks theta, samples as many as there are latents. At the start the
    map is the identity.

    Parameters
    ----------
    n_transforms : int, default=3
        Number of transforms, one after the other.
    hidden_width : int, default=64
        Width of the two hidden layers (ReLU) of each masked network.
    """

    n_transforms: int = 3
    hidden_width: int = 64

    _parameter_constraints: ClassVar[dict] = {
        "n_transforms": [Interval(Integral, 1, None, closed="left")],
        "hidden_width": [Interval(Integral, 1, None, closed="left")],
    }

    def _made(self, flow, setting, **params):
        """The prior module around a flow of zuko's, whose layers draw from the setting's generator."""
        with SeededRandomness(setting.generator):
            made = flow(
                setting.n_components,
                transforms=self.n_transforms,
                **({"hidden_features": (self.hidden_width,) * 2} if setting.n_components > 1 else {}),
                **params,
            )
        return ZukoPrior(made)


@spec
class MaskedAutoregressive(Autoregressive):
    """p(z) through a masked autoregressive flow (MAF), f(z; a, b) = z exp a + b; needs zuko (extra `flows`).

    References
    ----------
    G. Papamakarios, T. Pavlakou, I. Murray, "Masked Autoregressive Flow for Density Estimation", NeurIPS 2017,
    https://arxiv.org/abs/1705.07057, eqs. 3-5.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(prior="maf").set_params(prior__n_transforms=5)
    VAE(prior=MaskedAutoregressive(n_transforms=5))
    """

    def build(self, setting):
        """Return the prior module."""
        return self._made(import_zuko("MaskedAutoregressive").MAF, setting)


@spec
class NeuralSpline(Autoregressive):
    """p(z) through an autoregressive neural spline flow (NSF): f rational-quadratic on [-5, 5]; needs zuko (`flows`).

    Beyond [-5, 5] codes stay as they are.

    Parameters
    ----------
    n_bins : int, default=8
        Pieces of each spline.

    References
    ----------
    C. Durkan, A. Bekasov, I. Murray, G. Papamakarios, "Neural Spline Flows", NeurIPS 2019,
    https://arxiv.org/abs/1906.04032, eqs. 4-8 and section 3.2.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(prior="neural_spline").set_params(prior__n_bins=4)
    VAE(prior=NeuralSpline(n_bins=4))
    """

    n_bins: int = 8

    _parameter_constraints: ClassVar[dict] = {"n_bins": [Interval(Integral, 2, None, closed="left")]}

    def build(self, setting):
        """Return the prior module."""
        return self._made(import_zuko("NeuralSpline").NSF, setting, bins=self.n_bins)


def begin_as_identity(transform):
    """Set to zero what gives a transform its parameters: the last layer of its network, or they themselves."""
    given = transform.hyper[-1].parameters() if hasattr(transform, "hyper") else transform.parameters()
    for parameter in given:
        nn.init.zeros_(parameter)


class ZukoPrior(FlowPrior):
    """A flow of zuko's, of which the transform is used: its distributions would want torch's changed.

    Parameters
    ----------
    flow : zuko.lazy.Flow
        Its base is standard normal.
    """

    def __init__(self, flow):
        super().__init__()
        self.transform = flow.transform
        for transform in self.transform.transforms:
            begin_as_identity(transform)

    def forward(self, z):
        """z0 = g(z) and log |det dg/dz| per row."""
        return self.transform().call_and_ladj(z)

    def inverse(self, z0):
        """z = g^-1(z0) and the log-determinant of that map."""
        z = self.to_representation_space(z0)
        return z, -self(z)[1]

    def to_representation_space(self, z0):
        """z = g^-1(z0)."""
        return self.transform().inv(z0)
