"""A posterior that is known through its draws alone."""

from collections.abc import Sequence
from functools import cached_property
from numbers import Integral
from typing import ClassVar

import torch
from torch import nn

from vaekit.exceptions import NoDensityError
from vaekit.nn._base import check_widths
from vaekit.nn._mlp import mlp
from vaekit.posteriors._base import Posterior, PosteriorSpec
from vaekit.utils._repr import OneLine
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import spec
from vaekit.utils._torch import linear, whitened_noise

__all__ = ["Implicit"]

N_FIXED = 16  # draws, the same ones always, whose mean is a row's code


class ImplicitPosterior(Posterior):
    """Draws z = f(features, noise); `loc` and `scale` are mean and deviations of a few fixed ones."""

    has_density = False

    def __init__(self, features, head):
        self.features, self.head = features, head

    @cached_property
    def _fixed_draws(self):
        return self.rsample(self.head.fixed_noise[:, None].expand(-1, self.features.shape[0], -1))

    @property
    def loc(self):
        """Mean, (batch, n_components)."""
        return self._fixed_draws.mean(0)

    @property
    def scale(self):
        """Standard deviations, (batch, n_components)."""
        return self._fixed_draws.std(0, correction=0)

    def rsample(self, noise):
        """z = f(features, noise)."""
        features = self.features.expand(*noise.shape[:-1], -1)
        return self.head.draw(torch.cat([features, noise.to(features.dtype)], dim=-1))

    def log_prob(self, z):
        """There is none."""
        raise NoDensityError(
            "An implicit posterior has no density log q(z | x), it can only be sampled; choose "
            "posterior_family='normal'."
        )


@spec
class Implicit(PosteriorSpec):
    """z = f(h(x), eps), eps ~ N(0, I): noise beside the encoder's features, and a network of both; no log q(z | x).

    Any shape of posterior, at a price: only objectives that compare draws can train it, as
    `AdversarialVariationalBayes` and `AggregateDivergence` do, and there is no bound on log p(x).

    Parameters
    ----------
    noise_width : int or None, default=None
        Numbers of noise of a draw; None is as many as there are latents.
    hidden_layer_sizes : sequence of int, default=(64,)
        Widths of f, which a linear map of its inputs stands beside.

    References
    ----------
    L. Mescheder, S. Nowozin, A. Geiger, "Adversarial Variational Bayes", ICML 2017, https://arxiv.org/abs/1701.04722,
    section 2.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.posteriors import Implicit
    >>> VAE(objective="adversarial_variational_bayes", posterior_family=Implicit(noise_width=8))
    VAE(objective='adversarial_variational_bayes',
        posterior_family=Implicit(noise_width=8))
    """

    has_density = False

    noise_width: int | None = None
    hidden_layer_sizes: Sequence[int] = (64,)

    _parameter_constraints: ClassVar[dict] = {
        "noise_width": [Interval(Integral, 1, None, closed="left"), None],
        "hidden_layer_sizes": ["array-like"],
    }

    def validated(self):
        """Return this spec, or raise ValueError if a width is not a positive integer."""
        super().validated()
        check_widths(self.hidden_layer_sizes, "hidden_layer_sizes")
        return self

    def build(self, setting):
        """Return the module that takes features to an implicit posterior."""
        return ImplicitHead(setting, self.noise_width or setting.n_components, tuple(self.hidden_layer_sizes))


class ImplicitHead(OneLine, nn.Module):
    """A network of features and noise, with a linear map beside it."""

    def __init__(self, setting, noise_width, widths):
        super().__init__()
        self.noise_width, n_inputs = noise_width, setting.n_features + noise_width
        self.straight = linear(n_inputs, setting.n_components, setting.generator)
        self.bent = mlp((n_inputs, *widths, setting.n_components), "relu", "torch", setting.generator)
        fixed = whitened_noise(max(N_FIXED, 2 * noise_width), noise_width)
        self.register_buffer("fixed_noise", torch.from_numpy(fixed.astype("float32")))

    def forward(self, features):
        """Return the posterior."""
        return ImplicitPosterior(features, self)

    def draw(self, inputs):
        """Codes of features and noise."""
        return self.straight(inputs) + self.bent(inputs)
