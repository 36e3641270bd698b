"""A continuous flow to codes, fitted by flow matching, with an exact log-density."""

from numbers import Integral
from typing import ClassVar

import torch
from torch import nn

from vaekit.nn._mlp import mlp
from vaekit.priors._base import PriorSpec
from vaekit.priors._before import Before
from vaekit.priors._flow import FlowPrior
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec

__all__ = ["FlowMatching"]

FREQUENCIES = (1.0, 2.0, 4.0)  # per unit of z, of what v sees
DRAWS = 4  # of z0 and t for each code of a step


@spec
class FlowMatching(PriorSpec):
    """p(z) as the image of N(0, I) under a flow dz/dt = v(z, t), fitted to the codes alone.

    loss = E ||v((1 - t) z0 + t z1, t) - (z1 - z0)||^2,  z1 ~ q(z),  z0 ~ N(0, I),  t ~ U(0, 1),
    log p(z1) = log N(z0; 0, I) - int_0^1 tr dv/dz (z_t, t) dt,  z_t the flow back from z1 to z0.

    Encoder and decoder are trained with N(0, I) as their prior, and in each step a phase of its own fits v to their
    codes, whatever the objective. Samples, densities and bounds of the fitted model are those of the flow: it learns
    what the KL leaves between the codes and N(0, I). Early stopping measures by N(0, I).

    The trace is exact, at the price of as many derivatives as there are latents: up to about 20 that is little.

    Parameters
    ----------
    hidden_width : int, default=64
        Width of the hidden layers (tanh) of v.
    n_hidden_layers : int, default=2
        Number of hidden layers of v.
    n_steps : int, default=20
        Steps of the classical Runge-Kutta method from t = 0 to 1 and back. Its error falls with their fourth power.

    References
    ----------
    Y. Lipman et al., "Flow Matching for Generative Modeling", ICLR 2023, https://arxiv.org/abs/2210.02747, eqs. 20-23
    with sigma_min = 0; the density is its eqs. 3-4 and appendix C.

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(prior="flow_matching").set_params(prior__hidden_width=128)
    VAE(prior=FlowMatching(hidden_width=128))
    """

    hidden_width: int = 64
    n_hidden_layers: int = 2
    n_steps: int = 20

    _parameter_constraints: ClassVar[dict] = {
        "hidden_width": [Interval(Integral, 1, None, closed="left")],
        "n_hidden_layers": [Interval(Integral, 1, None, closed="left")],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
    }

    def build(self, setting):
        """Return the prior module."""
        n_components, hidden = setting.n_components, [self.hidden_width] * self.n_hidden_layers
        return FlowMatchingPrior(Velocity(n_components, hidden, setting.generator), self.n_steps)


class Velocity(nn.Module):
    """v(z, t), a network with tanh; zero at the start, so that the flow is the identity.

    It sees z, the sines and cosines of z in some frequencies (a network of z alone is slow to learn thin gaps: M.
    Tancik et al., "Fourier Features Let Networks Learn High Frequency Functions", NeurIPS 2020,
    https://arxiv.org/abs/2006.10739), and t.
    """

    def __init__(self, n_components, hidden, generator):
        super().__init__()
        self.n_components = n_components
        n_inputs = (1 + 2 * len(FREQUENCIES)) * n_components + 1
        self.network = mlp((n_inputs, *hidden, n_components), "tanh", "torch", generator)
        nn.init.zeros_(self.network[-1].weight)
        nn.init.zeros_(self.network[-1].bias)

    def forward(self, z, t):
        """v for latents (..., n_components) and times (..., 1)."""
        return self.network(torch.cat([features(z)[0].flatten(-2), t], dim=-1))

    def with_divergence(self, z, t):
        """v and tr dv/dz, the derivatives by each latent taken through the layers beside the values."""
        first, *middle, last = self.network[::2]
        seen, seen_slopes = features(z)
        values = torch.tanh(first(torch.cat([seen.flatten(-2), t], dim=-1)))
        weight = first.weight[:, :-1].T.unflatten(0, seen.shape[-2:])  # (n_features, n_components, width)
        slopes = (seen_slopes[..., None] * weight).sum(-3) * (1 - values.square())[..., None, :]
        for layer in middle:
            values = torch.tanh(layer(values))
            slopes = (slopes @ layer.weight.T) * (1 - values.square())[..., None, :]
        return last(values), (slopes * last.weight).sum((-2, -1))


def features(z):
    """z, its sines and cosines, (..., n_features, n_components), and the derivative of each by its latent."""
    waves = [(torch.sin(w * z), torch.cos(w * z), w) for w in FREQUENCIES]
    values = [z] + [wave for sine, cosine, _ in waves for wave in (sine, cosine)]
    slopes = [torch.ones_like(z)] + [slope for sine, cosine, w in waves for slope in (w * cosine, -w * sine)]
    return torch.stack(values, -2), torch.stack(slopes, -2)


def runge_kutta(derivative, state, start, stop, n_steps):
    """Integrate d state/dt = derivative(state, t) from start to stop, state a tuple of tensors."""
    h = (stop - start) / n_steps

    def moved(slopes, by):
        return tuple(value + by * slope for value, slope in zip(state, slopes))

    for i in range(n_steps):
        t = start + i * h
        k1 = derivative(state, t)
        k2 = derivative(moved(k1, h / 2), t + h / 2)
        k3 = derivative(moved(k2, h / 2), t + h / 2)
        k4 = derivative(moved(k3, h), t + h)
        state = moved([a + 2 * b + 2 * c + d for a, b, c, d in zip(k1, k2, k3, k4)], h / 6)
    return state


class FlowMatchingPrior(FlowPrior):
    """g runs the flow from t = 1 to 0, from codes to noise.

    Parameters
    ----------
    velocity : Velocity
    n_steps : int
        Steps of the Runge-Kutta method.
    """

    learns_alone = True

    def __init__(self, velocity, n_steps):
        super().__init__()
        self.velocity, self.n_steps = velocity, n_steps
        self.training_noise_width = DRAWS * (velocity.n_components + 1)
        self.before = Before(self.own_loss)

    def given(self, condition, encode=None):
        """What training takes: N(0, I), and the loss that fits the flow."""
        return self.before

    def own_loss(self, z, noise=None):
        """E |v(z_t, t) - (z1 - z0)|^2, summed over latents; of the noise of a draw the last number decides t."""
        noise, z = noise.unflatten(-1, (DRAWS, -1)), z[:, None]
        z0, t = noise[..., :-1], torch.special.ndtr(noise[..., -1:])
        error = self.velocity((1 - t) * z0 + t * z, t) - (z - z0)
        return {"flow_matching": error.square().sum(-1).mean()}

    def _flow(self, z, start, stop):
        """Where z is taken, and the log-determinant of the way."""

        def derivative(state, t):
            return self.velocity.with_divergence(state[0], z.new_full((*z.shape[:-1], 1), t))

        return runge_kutta(derivative, (z, z.new_zeros(z.shape[:-1])), start, stop, self.n_steps)

    def forward(self, z):
        """z0 = g(z) and log |det dg/dz| per row."""
        return self._flow(z, 1.0, 0.0)

    def inverse(self, z0):
        """z = g^-1(z0) and the log-determinant of that map."""
        return self._flow(z0, 0.0, 1.0)

    def to_representation_space(self, z0):
        """z = g^-1(z0), without the determinant."""

        def derivative(state, t):
            return (self.velocity(state[0], z0.new_full((*z0.shape[:-1], 1), t)),)

        return runge_kutta(derivative, (z0,), 0.0, 1.0, self.n_steps)[0]

    def extra_repr(self):
        """Size."""
        return f"n_components={self.velocity.n_components}, n_steps={self.n_steps}"
