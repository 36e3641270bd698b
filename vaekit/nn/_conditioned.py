"""Networks that are told of a condition: it joins the features of an encoder, and the latents of a decoder."""

import torch
from torch import nn

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.nn._mlp import mlp
from vaekit.utils._repr import OneLine

__all__ = ["ConditionedDecoder", "ConditionedEncoder"]


class ConditionedEncoder(OneLine, nn.Module):
    """Features of (x, c): those of x and c through a layer of their own, which lets them act on each other.

    Parameters
    ----------
    encoder : nn.Module
        (batch, *event_shape) to (batch, n_features).
    n_features, width : int
        Numbers of features, and of a condition.
    generator : torch.Generator
    """

    def __init__(self, encoder, n_features, width, generator):
        super().__init__()
        self.encoder = encoder
        self.join = nn.Sequential(mlp([n_features + width, n_features], "relu", "torch", generator), nn.ReLU())

    def forward(self, x, condition=None):
        """Features (batch, n_features).

        Raises
        ------
        IncompatibleChoiceError
            Without a condition, as a prior that is made of encodings asks.
        """
        if condition is None:
            raise IncompatibleChoiceError(
                "An encoder that is told 'y' encodes no rows alone, as the prior does; choose another 'prior', or set "
                "condition_encoder=False."
            )
        return self.join(torch.cat([self.encoder(x), condition], dim=1))


class ConditionedDecoder(OneLine, nn.Module):
    """A decoder of (z, c).

    Parameters
    ----------
    decoder : nn.Module
        (batch, n_components + width) to (batch, *decoded_shape).
    """

    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, z, condition):
        """Decoded rows (batch, *decoded_shape)."""
        return self.decoder(torch.cat([z, condition], dim=1))
