"""A network and a prior as a user may write them."""

from torch import nn

from vaekit.nn import Custom
from vaekit.priors import StandardNormal
from vaekit.words import spec


def encoder(event_shape):
    return nn.Sequential(nn.Flatten(), nn.Linear(event_shape[-1], 5), nn.Dropout(0.1), nn.BatchNorm1d(5), nn.Tanh())


def decoder(n_components, event_shape):
    return nn.Sequential(nn.Linear(n_components, 5), nn.ReLU(), nn.Linear(5, event_shape[-1]))


def own_network(make_encoder=encoder):
    return Custom(encoder_module=make_encoder, decoder_module=decoder)


@spec
class OwnPrior(StandardNormal):
    """N(0, I) under a name of one's own."""
