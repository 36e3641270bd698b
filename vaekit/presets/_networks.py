"""The networks of the sources: rows of data, and the word that builds them."""

import math
from typing import ClassVar

import torch
from torch import nn

from vaekit.nn import Network
from vaekit.nn._base import ACTIVATIONS, INITIALIZATIONS
from vaekit.utils._sklearn import StrOptions
from vaekit.utils._spec import spec
from vaekit.utils._torch import initialize, undrawn

__all__ = [
    "DLIB",
    "DPVAE_CELEBA",
    "DPVAE_MNIST",
    "DPVAE_MNIST_FACTOR",
    "DPVAE_SVHN",
    "INFOGAN_28",
    "INFOGAN_32",
    "KIM_MNIH",
    "LayeredNet",
]


def _convolution(kind):
    return lambda shape, width, *geometry, **how: undrawn(kind, shape[0], width, *geometry, **how)


# kind of layer: (shape of one row so far, what the row of data says) -> module with a weight
WEIGHTED = {
    "conv": _convolution(nn.Conv2d),
    "deconv": _convolution(nn.ConvTranspose2d),
    "dense": lambda shape, width: undrawn(nn.Linear, math.prod(shape), width),
}
NORMS = {1: nn.BatchNorm1d, 3: nn.BatchNorm2d}


@spec
class LayeredNet(Network):
    """Networks written out layer by layer, for images of one size.

    A layer is a row of data, followed by the activation except at the end of the decoder:

    * `("conv", width, kernel, stride, padding)` and `("deconv", width, kernel, stride, padding)`, the transposed one;
    * `("dense", width)`, which flattens what it is given;
    * `("image", channels, height, width)`, which reshapes, and `("double",)`, which repeats every pixel 2 x 2 and adds
      a border of repeated pixels: neither has weights or an activation.

    `"conv+norm"`, `"deconv+norm"` and `"dense+norm"` put a batch normalisation before the activation. In the decoder's
    last layer the width None stands for the channels of the data.

    Parameters
    ----------
    image_size : tuple of int, default=(28, 28)
        Height and width.
    encoder_layers, decoder_layers : tuple of tuple
        Rows from the data to features, and from latents to data.
    activation : {"relu", "leaky_relu", "tanh", "elu", "gelu", "silu", "softplus", "identity"}, default="relu"
        Function after every layer with weights.
    initialization : {"torch", "kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal", \
"orthogonal"}, default="torch"
        How weights are drawn.

    Examples
    --------
    >>> from vaekit.presets import LayeredNet
    >>> network = LayeredNet(
    ...     image_size=(8, 8),
    ...     encoder_layers=(("conv", 8, 4, 2, 1), ("dense", 16)),
    ...     decoder_layers=(("dense", 128), ("image", 8, 4, 4), ("deconv", None, 4, 2, 1)),
    ... )
    """

    image_size: tuple = (28, 28)
    encoder_layers: tuple = ()
    decoder_layers: tuple = ()
    activation: str = "relu"
    initialization: str = "torch"

    _parameter_constraints: ClassVar[dict] = {
        "image_size": [tuple],
        "encoder_layers": [tuple],
        "decoder_layers": [tuple],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "initialization": [StrOptions(set(INITIALIZATIONS))],
    }

    inference_rows = 32

    def encoder(self, setting):
        """Return the encoder module and its number of output features.

        Raises
        ------
        ValueError
            If X does not hold images of the size that the layers are for.
        """
        event_shape = setting.event_shape
        if tuple(event_shape[1:]) != self.image_size:
            height, width = self.image_size
            raise ValueError(
                f"The layers of this network are for images of {height} x {width} pixels, and X has rows of shape "
                f"{tuple(event_shape)}; resize the images, or choose network='conv' ('mlp' for tables)."
            )
        modules, shape = self._stack(self.encoder_layers, event_shape, setting.generator)
        return nn.Sequential(*modules, nn.Flatten()), math.prod(shape)

    def decoder(self, setting):
        """Return the decoder module.

        Raises
        ------
        ValueError
            If the layers do not lead to images of the shape that the likelihood wants, that of the data by default.
        """
        decoded_shape = setting.decoded_shape
        *hidden, (kind, *sizes) = self.decoder_layers
        last = (kind, *(decoded_shape[0] if size is None else size for size in sizes))
        modules, shape = self._stack((*hidden, last), (setting.n_components,), setting.generator)
        if shape != decoded_shape:
            raise ValueError(f"The 'decoder_layers' parameter must lead to {decoded_shape}. Got {shape} instead.")
        return nn.Sequential(*modules[:-1])

    def _stack(self, layers, shape, generator):
        """Modules of rows of data, and the shape that one row of X has behind them."""
        modules = []
        for row in layers:
            added = self._layer(row, shape, generator)
            with torch.no_grad():
                shape = tuple(nn.Sequential(*added).eval()(torch.zeros(1, *shape)).shape[1:])
            modules += added
        return modules, shape

    def _layer(self, row, shape, generator):
        """Modules of one row of data; the activation is the last."""
        kind, *sizes = row
        if kind == "image":
            return [nn.Unflatten(1, sizes)]
        if kind == "double":
            return [nn.UpsamplingNearest2d(scale_factor=2), nn.ReplicationPad2d(1)]
        kind, _, norm = kind.partition("+")
        weighted = initialize(WEIGHTED[kind](shape, *sizes), self.initialization, generator)
        flatten = [nn.Flatten()] if kind == "dense" and len(shape) > 1 else []
        normalize = [NORMS[1 if kind == "dense" else 3](sizes[0])] if norm else []
        return [*flatten, weighted, *normalize, ACTIVATIONS[self.activation]()]


HALF, SAME = (4, 2, 1), (3, 1, 1)  # kernel, stride and padding that halve a side, and that keep it
LESS_2 = (3, 1, 0)  # two pixels less; transposed, two more

# disentanglement_lib's conv_encoder and deconv_decoder, with TensorFlow's initialisation
DLIB = LayeredNet(
    image_size=(64, 64),
    encoder_layers=(
        ("conv", 32, *HALF),
        ("conv", 32, *HALF),
        ("conv", 64, 2, 2, 0),
        ("conv", 64, 2, 2, 0),
        ("dense", 256),
    ),
    decoder_layers=(
        ("dense", 256),
        ("dense", 1024),
        ("image", 64, 4, 4),
        ("deconv", 64, *HALF),
        ("deconv", 32, *HALF),
        ("deconv", 32, *HALF),
        ("deconv", None, *HALF),
    ),
    initialization="xavier_uniform",
)

# as printed in the appendix of the FactorVAE paper
KIM_MNIH = LayeredNet(
    image_size=(64, 64),
    encoder_layers=(
        ("conv", 32, *HALF),
        ("conv", 32, *HALF),
        ("conv", 64, *HALF),
        ("conv", 64, *HALF),
        ("dense", 128),
    ),
    decoder_layers=(
        ("dense", 128),
        ("dense", 1024),
        ("image", 64, 4, 4),
        ("deconv", 64, *HALF),
        ("deconv", 32, *HALF),
        ("deconv", 32, *HALF),
        ("deconv", None, *HALF),
    ),
)

# the networks of the dpVAE authors' code
DPVAE_MNIST = LayeredNet(
    encoder_layers=(
        ("conv", 32, *HALF),
        ("conv", 32, *LESS_2),
        ("conv", 32, *HALF),
        ("conv", 32, *LESS_2),
        ("dense", 256),
        ("dense", 256),
    ),
    decoder_layers=(
        ("dense", 256),
        ("dense", 256),
        ("dense", 512),
        ("image", 32, 4, 4),
        ("deconv", 32, *LESS_2),
        ("deconv", 32, *HALF),
        ("deconv", 32, *LESS_2),
        ("deconv", None, *HALF),
    ),
)
DPVAE_MNIST_FACTOR = LayeredNet(
    encoder_layers=(
        ("conv", 32, *HALF),
        ("conv", 64, *LESS_2),
        ("conv", 64, *HALF),
        ("conv", 256, *LESS_2),
        ("conv", 256, 4, 1, 0),
    ),
    decoder_layers=(
        ("dense", 256),
        ("image", 256, 1, 1),
        ("deconv", 256, 4, 1, 0),
        ("deconv", 64, *LESS_2),
        ("deconv", 64, *HALF),
        ("deconv", 32, *LESS_2),
        ("deconv", None, *HALF),
    ),
)
DPVAE_SVHN = LayeredNet(
    image_size=(32, 32),
    encoder_layers=tuple(("conv+norm", 32, *how) for how in (HALF, SAME, HALF, SAME, LESS_2, SAME, LESS_2, SAME)),
    decoder_layers=(
        ("dense", 512),
        ("image", 32, 4, 4),
        ("deconv", 32, *LESS_2),
        ("conv", 32, *SAME),
        ("deconv", 32, *LESS_2),
        ("conv", 32, *SAME),
        ("deconv", 32, *HALF),
        ("conv", 32, *SAME),
        ("deconv", 32, *HALF),
        ("conv", None, *SAME),
    ),
)
DPVAE_CELEBA = LayeredNet(
    image_size=(64, 64),
    encoder_layers=tuple(("conv+norm", width, *HALF) for width in (32, 64, 128, 256, 256)),
    decoder_layers=(
        ("dense", 1024),
        ("image", 256, 2, 2),
        *(row for width in (256, 128, 64, 32) for row in (("double",), ("conv+norm", width, *LESS_2))),
        ("double",),
        ("conv", None, *LESS_2),
    ),
    activation="leaky_relu",
)


def _infogan(side):
    """InfoGAN's discriminator and generator as encoder and decoder, for square images."""
    quarter = side // 4
    return LayeredNet(
        image_size=(side, side),
        encoder_layers=(("conv", 64, *HALF), ("conv+norm", 128, *HALF), ("dense+norm", 1024)),
        decoder_layers=(
            ("dense+norm", 1024),
            ("dense+norm", 128 * quarter**2),
            ("image", 128, quarter, quarter),
            ("deconv+norm", 64, *HALF),
            ("deconv", None, *HALF),
        ),
        activation="leaky_relu",
    )


INFOGAN_28, INFOGAN_32 = _infogan(28), _infogan(32)
