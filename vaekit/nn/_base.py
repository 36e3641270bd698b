"""Networks as words: a spec builds an encoder to flat features and a decoder to the shape of the data."""

from abc import ABC, abstractmethod
from numbers import Integral

from torch import nn

from vaekit._setting import Setting
from vaekit.utils._spec import Spec
from vaekit.utils._torch import INITIALIZATIONS

__all__ = ["ACTIVATIONS", "INITIALIZATIONS", "Network", "check_widths"]

ACTIVATIONS = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "identity": nn.Identity,
}


def check_widths(sizes, name="hidden_layer_sizes"):
    """Raise ValueError, which names the parameter, unless every width is a positive integer."""
    if not all(isinstance(width, Integral) and not isinstance(width, bool) and width > 0 for width in sizes):
        raise ValueError(f"The {name!r} parameter must hold positive integers. Got {sizes!r} instead.")


class Network(Spec, ABC):
    """What joins data and latents: networks only, no probability.

    An encoder takes a batch of shape (batch, *event_shape) to features of shape (batch, n_features); the posterior adds
    the last linear layer. A decoder takes latents (batch, n_components) to (batch, *decoded_shape), which is
    the event_shape unless the likelihood wants several numbers for a value.
    """

    # rows per block of inference: constant, so that a row never depends on its neighbours, and few: one row is cheap
    inference_rows = 128
    decoded_rows = 1024  # codes decoded at once where each row has several
    are_windows = False  # whether rows are (channels, time)
    is_foreign = False  # whether the modules may draw random numbers of their own

    def for_one_model(self):
        """Return what builds encoder and decoder of one model, for networks that build the two together."""
        return self

    @abstractmethod
    def encoder(self, setting: Setting) -> tuple[nn.Module, int]:
        """Return the encoder module and its number of output features."""

    @abstractmethod
    def decoder(self, setting: Setting) -> nn.Module:
        """Return the decoder module."""
