"""Convolutional networks for images, and for windows of signals, of any shape."""

import math
from itertools import pairwise
from numbers import Integral
from typing import ClassVar

from torch import nn

from vaekit.nn._base import ACTIVATIONS, INITIALIZATIONS, Network, check_widths
from vaekit.utils._sklearn import Interval, StrOptions
from vaekit.utils._spec import spec
from vaekit.utils._torch import bare_layer, initialize, linear

__all__ = ["ConvNet", "ConvNet1d"]


def halvings(*sides, smallest=4):
    """Sizes met when every side longer than `smallest` is halved (rounding down) until none is."""
    sizes = [sides]
    while max(sizes[-1]) > smallest:
        sizes.append(tuple(side // 2 if side > smallest else side for side in sizes[-1]))
    return sizes


def geometry(larger, smaller):
    """Kernel, stride, padding per side, and the output padding that undoes the rounding on the way back.

    A halved side has kernel 4, stride 2, padding 1; a side that stays has kernel 3, stride 1, padding 1.
    """
    halved = [small < large for large, small in zip(larger, smaller)]
    shape = {
        "kernel_size": tuple(4 if h else 3 for h in halved),
        "stride": tuple(2 if h else 1 for h in halved),
        "padding": (1,) * len(larger),
    }
    return shape, tuple(large - 2 * small if h else 0 for large, small, h in zip(larger, smaller, halved))


class LastAxes(nn.Module):
    """Images (batch, channels * n, *sides) as (batch, channels, *sides, *shape), n = prod(shape)."""

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, images):
        """Return the images with their channels' numbers behind the pixels."""
        apart = images.unflatten(1, (-1, math.prod(self.shape)))
        return apart.movedim(2, -1).unflatten(-1, self.shape)


def image_decoded_to(event_shape, decoded_shape):
    """Shape of the image (or window) that a decoder draws, and what makes rows of `decoded_shape` of it.

    Its places are those of the data where `decoded_shape` begins with `event_shape`; else the last axes.
    """
    n_axes, n_sides = len(event_shape), len(event_shape) - 1
    if len(decoded_shape) < n_sides:
        raise ValueError(
            f"A ConvNet decodes to images or windows, and the likelihood wants {decoded_shape} numbers per row: use "
            "network='mlp'."
        )
    channels, sides = decoded_shape[:-n_sides], decoded_shape[-n_sides:]
    if decoded_shape == tuple(event_shape):
        return decoded_shape, []
    if decoded_shape[:n_axes] == tuple(event_shape):
        behind = decoded_shape[n_axes:]
        return (event_shape[0] * math.prod(behind), *event_shape[1:]), [LastAxes(*behind)]
    return (math.prod(channels), *sides), [nn.Unflatten(1, channels)] if len(channels) != 1 else []


@spec
class Convolutional(Network):
    """What convolutional networks over so many axes share."""

    channels: int = 32
    hidden_layer_sizes: tuple = (256, 256)
    activation: str = "relu"
    initialization: str = "torch"

    _parameter_constraints: ClassVar[dict] = {
        "channels": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": ["array-like"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "initialization": [StrOptions(set(INITIALIZATIONS))],
    }

    inference_rows = decoded_rows = 64

    layers: ClassVar[tuple]  # down and up
    n_axes: ClassVar[int]  # of a row: channels, and sides
    takes: ClassVar[str]

    def validated(self):
        """Return this spec, or raise ValueError if a width is not a positive integer."""
        super().validated()
        check_widths(self.hidden_layer_sizes)
        return self

    def _dense(self, sizes, generator):
        layers = []
        for n_in, n_out in pairwise(sizes):
            layers += [linear(n_in, n_out, generator, self.initialization), ACTIVATIONS[self.activation]()]
        return layers

    def encoder(self, setting):
        """Return the encoder module and its number of output features."""
        event_shape, generator = setting.event_shape, setting.generator
        if len(event_shape) != self.n_axes:
            raise ValueError(
                f"{type(self).__name__} takes {self.takes}. Got rows of shape {tuple(event_shape)} instead: use "
                "network='mlp' for tables."
            )
        n_channels, *sides = event_shape
        sizes, layers = halvings(*sides), []
        for larger, smaller in pairwise(sizes):
            shape, _ = geometry(larger, smaller)
            convolution = bare_layer(self.layers[0], n_channels, self.channels, **shape)
            layers += [initialize(convolution, self.initialization, generator), ACTIVATIONS[self.activation]()]
            n_channels = self.channels
        widths = (n_channels * math.prod(sizes[-1]), *self.hidden_layer_sizes)
        return nn.Sequential(*layers, nn.Flatten(), *self._dense(widths, generator)), widths[-1]

    def decoder(self, setting):
        """Return the decoder module."""
        (n_channels, *sides), arrange = image_decoded_to(setting.event_shape, setting.decoded_shape)
        generator, sizes = setting.generator, halvings(*sides)
        channels = [n_channels] + [self.channels] * (len(sizes) - 1)
        dense = (setting.n_components, *reversed(self.hidden_layer_sizes), channels[-1] * math.prod(sizes[-1]))
        layers = [*self._dense(dense, generator), nn.Unflatten(1, (channels[-1], *sizes[-1]))]
        for i in range(len(sizes) - 1, 0, -1):
            shape, output_padding = geometry(sizes[i - 1], sizes[i])
            transposed = bare_layer(
                self.layers[1], channels[i], channels[i - 1], output_padding=output_padding, **shape
            )
            layers += [initialize(transposed, self.initialization, generator), ACTIVATIONS[self.activation]()]
        return nn.Sequential(*(layers[:-1] if len(sizes) > 1 else layers[:-2] + layers[-1:]), *arrange)


@spec
class ConvNet(Convolutional):
    """Strided convolutions, then two dense layers; the decoder mirrors them with transposed convolutions.

    Sides longer than 4 pixels are halved by each convolution, so any image shape is taken: non-square, odd, tiny. For
    1 x 64 x 64 images and 10 latents this is the network of Burgess et al. with 502,005 parameters.

    Parameters
    ----------
    channels : int, default=32
        Channels of every convolution.
    hidden_layer_sizes : sequence of int, default=(256, 256)
        Widths of the dense layers between the convolutions and the latents.
    activation : {"relu", "leaky_relu", "tanh", "elu", "gelu", "silu", "softplus", "identity"}, default="relu"
        Function after every hidden layer.
    initialization : {"torch", "kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal", \
"orthogonal"}, default="torch"
        How weights are drawn.

    References
    ----------
    C. Burgess, I. Higgins, A. Pal, L. Matthey, N. Watters, G. Desjardins, A. Lerchner, "Understanding disentangling in
    beta-VAE", 2018, https://arxiv.org/abs/1804.03599, appendix.

    Examples
    --------
    >>> from vaekit.nn import ConvNet
    >>> ConvNet(activation="leaky_relu", initialization="kaiming_uniform")
    ConvNet(activation='leaky_relu', initialization='kaiming_uniform')
    """

    layers = (nn.Conv2d, nn.ConvTranspose2d)
    n_axes = 3
    takes = "images of shape (n, height, width) or (n, channels, height, width)"


@spec
class ConvNet1d(Convolutional):
    """Strided convolutions along time, then two dense layers; the decoder mirrors them with transposed convolutions.

    Rows are windows of signals, (channels, time) each: X has the shape (n_samples, channels, time), or, with one
    channel, (n_samples, time). Windows longer than 4 are halved by each convolution, so any length is taken and given
    back. They are standardised channel by channel.

    Parameters
    ----------
    channels : int, default=32
        Channels of every convolution.
    hidden_layer_sizes : sequence of int, default=(256, 256)
        Widths of the dense layers between the convolutions and the latents.
    activation : {"relu", "leaky_relu", "tanh", "elu", "gelu", "silu", "softplus", "identity"}, default="relu"
        Function after every hidden layer.
    initialization : {"torch", "kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal", \
"orthogonal"}, default="torch"
        How weights are drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit import VAE
    >>> X = np.sin(np.linspace(0, 6, 21) + np.random.default_rng(0).uniform(0, 6, size=(40, 2, 1)))
    >>> model = VAE(network="conv1d", n_components=2, max_epochs=2, random_state=0).fit(X)
    >>> model.transform(X).shape, model.sample(3).shape
    ((40, 2), (3, 2, 21))
    """

    layers = (nn.Conv1d, nn.ConvTranspose1d)
    n_axes = 2
    takes = "windows of shape (n, channels, time) or (n, time)"
    are_windows = True
