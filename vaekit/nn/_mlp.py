"""Multilayer perceptrons."""

import math
from itertools import pairwise
from typing import ClassVar

from torch import nn

from vaekit.nn._base import ACTIVATIONS, INITIALIZATIONS, Network, check_widths
from vaekit.utils._sklearn import StrOptions
from vaekit.utils._spec import spec
from vaekit.utils._torch import linear

__all__ = ["MLP", "mlp"]


def mlp(sizes, activation, initialization, generator):
    """Return `Linear, activation, Linear, ...` through `sizes`, without an activation after the last layer."""
    layers = []
    for n_in, n_out in pairwise(sizes):
        layers += [linear(n_in, n_out, generator, initialization), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])


@spec
class MLP(Network):
    """Fully connected encoder and its mirror image as decoder.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(128, 64)
        Widths from input to latent; the decoder goes back through them. Empty for a linear model.
    activation : {"relu", "leaky_relu", "tanh", "elu", "gelu", "silu", "softplus", "identity"}, default="relu"
        Function after every hidden layer.
    initialization : {"torch", "kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal", \
"orthogonal"}, default="torch"
        How weights are drawn.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.nn import MLP
    >>> VAE(network=MLP(hidden_layer_sizes=(100, 50), activation="tanh"))
    VAE(network=MLP(activation='tanh', hidden_layer_sizes=(100, 50)))
    """

    hidden_layer_sizes: tuple = (128, 64)
    activation: str = "relu"
    initialization: str = "torch"

    _parameter_constraints: ClassVar[dict] = {
        "hidden_layer_sizes": ["array-like"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "initialization": [StrOptions(set(INITIALIZATIONS))],
    }

    def validated(self):
        """Return this spec, or raise ValueError if a width is not a positive integer."""
        super().validated()
        check_widths(self.hidden_layer_sizes)
        return self

    def encoder(self, setting):
        """Return the encoder module and its number of output features."""
        sizes = (math.prod(setting.event_shape), *self.hidden_layer_sizes)
        hidden = mlp(sizes, self.activation, self.initialization, setting.generator)
        last = [ACTIVATIONS[self.activation]()] if len(self.hidden_layer_sizes) else []
        flatten = [nn.Flatten()] if len(setting.event_shape) > 1 else []
        return nn.Sequential(*flatten, *hidden, *last), sizes[-1]

    def decoder(self, setting):
        """Return the decoder module."""
        decoded_shape = setting.decoded_shape
        sizes = (setting.n_components, *reversed(self.hidden_layer_sizes), math.prod(decoded_shape))
        unflatten = [nn.Unflatten(1, decoded_shape)] if len(decoded_shape) > 1 else []
        return nn.Sequential(*mlp(sizes, self.activation, self.initialization, setting.generator), *unflatten)
