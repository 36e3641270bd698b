"""Density-ratio network."""

from vaekit.nn._mlp import mlp

__all__ = ["discriminator"]


def discriminator(n_components, hidden_layer_sizes, generator):
    """Codes (batch, n_components) to two logits (batch, 2): (as encoded, as compared with); leaky ReLU, slope 0.2.

    The difference of the logits, trained to tell the two apart, is the log density ratio.
    """
    return mlp((n_components, *hidden_layer_sizes, 2), "leaky_relu", "torch", generator)
