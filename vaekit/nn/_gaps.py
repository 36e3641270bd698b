"""Encoders of rows in which values are missing."""

from torch import nn

from vaekit.utils._repr import OneLine

__all__ = ["OfKnownValues"]


class OfKnownValues(OneLine, nn.Module):
    """An encoder to which a value that is missing (NaN) is 0, the mean of its column.

    Parameters
    ----------
    encoder : nn.Module
        (batch, *event_shape) to (batch, n_features).
    """

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, x):
        """Features (batch, n_features)."""
        return self.encoder(x.masked_fill(x.isnan(), 0.0))
