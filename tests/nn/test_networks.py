"""Laws of every network, over one table of constructors."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from settings_of_words import setting
from sklearn.base import clone
from torch import nn

from vaekit.nn import MLP, ConvNet, ConvNet1d, Custom
from vaekit.nn._base import ACTIVATIONS, INITIALIZATIONS
from vaekit.nn._conv import image_decoded_to
from vaekit.posteriors import DiagonalNormal
from vaekit.utils._torch import linear, make_generator

TABLES = [(7,), (1,)]
IMAGES = [(1, 28, 28), (3, 32, 32), (1, 64, 64), (1, 20, 37), (2, 7, 13), (1, 1, 1), (1, 3, 50)]
WINDOWS = [(1, 128), (3, 37), (2, 1), (1, 5)]


def own_encoder(event_shape):
    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(event_shape), 6), nn.ReLU())


def own_decoder(n_components, event_shape):
    return nn.Sequential(nn.Linear(n_components, 6), nn.ReLU(), nn.Linear(6, math.prod(event_shape)))


# what a network is called: the network, the shapes it takes
NETWORKS = {
    "mlp": (MLP(), TABLES + IMAGES),
    "linear": (MLP(hidden_layer_sizes=()), TABLES + IMAGES),
    "conv": (ConvNet(), IMAGES),
    "conv without dense layers": (ConvNet(channels=4, hidden_layer_sizes=()), IMAGES),
    "conv1d": (ConvNet1d(), WINDOWS),
    "conv1d without dense layers": (ConvNet1d(channels=4, hidden_layer_sizes=()), WINDOWS),
    "custom": (Custom(encoder_module=own_encoder, decoder_module=own_decoder), TABLES + IMAGES),
}
CASES = [
    pytest.param(network, event_shape, id=f"{name}-{'x'.join(map(str, event_shape))}")
    for name, (network, event_shapes) in NETWORKS.items()
    for event_shape in event_shapes
]
N_COMPONENTS = 3
over_networks = pytest.mark.parametrize(("network", "event_shape"), CASES)


def build(network, event_shape, seed=0):
    """Return encoder, number of features, decoder."""
    told = setting(event_shape, n_components=N_COMPONENTS, seed=seed)
    return *network.encoder(told), network.decoder(told)


def rows(*shape, seed=1):
    return torch.randn(*shape, generator=make_generator(seed))


def weights(network, event_shape, seed):
    encoder, _, decoder = build(network, event_shape, seed)
    return torch.cat([parameter.detach().flatten() for parameter in [*encoder.parameters(), *decoder.parameters()]])


@over_networks
def test_shapes(network, event_shape):
    encoder, n_features, decoder = build(network, event_shape)
    assert encoder(rows(4, *event_shape)).shape == (4, n_features)
    assert decoder(rows(4, N_COMPONENTS)).shape == (4, *event_shape)


SEVERAL_NUMBERS = {
    "behind": lambda shape: (*shape, 2),
    "two axes behind": lambda shape: (*shape, 2, 3),
    "before": lambda shape: (2, *shape),
    "more channels": lambda shape: (2 * shape[0], *shape[1:]),
    "wider": lambda shape: (*shape[:-1], 2 * shape[-1]),
}


@pytest.mark.parametrize("decoded", SEVERAL_NUMBERS.values(), ids=SEVERAL_NUMBERS)
@over_networks
def test_a_decoder_gives_the_shape_that_the_likelihood_wants(network, event_shape, decoded):
    shape = decoded(event_shape)
    told = setting(event_shape, n_components=N_COMPONENTS, decoded_shape=shape)
    assert network.decoder(told)(rows(4, N_COMPONENTS)).shape == (4, *shape)


def test_numbers_behind_the_pixels_are_channels_of_the_image():
    shape, arrange = image_decoded_to((2, 4, 5), (2, 4, 5, 3))
    assert shape == (6, 4, 5)
    images = rows(7, *shape)
    (behind,) = [module(images) for module in arrange]
    for channel, number in itertools.product(range(2), range(3)):
        torch.testing.assert_close(behind[:, channel, :, :, number], images[:, 3 * channel + number])


@over_networks
def test_gradients_reach_every_parameter(network, event_shape):
    encoder, _, decoder = build(network, event_shape)
    (encoder(rows(16, *event_shape)).square().sum() + decoder(rows(16, N_COMPONENTS)).square().sum()).backward()
    parameters = [*encoder.parameters(), *decoder.parameters()]
    assert all(parameter.grad.isfinite().all() and parameter.grad.any() for parameter in parameters)


@over_networks
def test_the_generator_alone_decides_the_weights(network, event_shape):
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    first = weights(network, event_shape, seed=0)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(1)
    assert torch.equal(weights(clone(network), event_shape, seed=0), first)
    assert not torch.equal(weights(network, event_shape, seed=1), first)


@over_networks
def test_a_row_does_not_depend_on_its_neighbours(network, event_shape):
    encoder, _, decoder = build(network, event_shape)
    for module, x in [(encoder, rows(5, *event_shape)), (decoder, rows(5, N_COMPONENTS))]:
        torch.testing.assert_close(module(x)[2:3], module(x[2:3]))


@over_networks
def test_decoded_values_have_either_sign(network, event_shape):
    *_, decoder = build(network, event_shape)
    decoded = decoder(100 * rows(50, N_COMPONENTS))
    assert decoded.min() < 0 < decoded.max()


def affine_error(module, shape):
    """Return the largest |f(a) + f(b) - f(a + b) - f(0)|, zero for affine f."""
    module, (a, b) = module.double(), rows(2, 5, *shape).double()
    return (module(a) + module(b) - module(a + b) - module(torch.zeros_like(a))).abs().max()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("network", "event_shape"), [(MLP, (1, 9, 6)), (ConvNet, (1, 9, 6)), (ConvNet1d, (2, 9))])
def test_activations(network, event_shape, activation):
    encoder, _, decoder = build(network(activation=activation), event_shape)
    for module, shape in [(encoder, event_shape), (decoder, (N_COMPONENTS,))]:
        assert (affine_error(module, shape) < 1e-12) == (activation == "identity")


def test_leaky_relu_has_the_slope_of_the_literature():
    assert ACTIVATIONS["leaky_relu"]()(torch.tensor(-1.0)) == pytest.approx(-0.2)


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
@pytest.mark.parametrize(("network", "shape"), [(MLP, (1, 9, 6)), (ConvNet, (1, 9, 6)), (ConvNet1d, (2, 9))])
def test_every_initialization_is_decided_by_the_generator(network, shape, initialization):
    spec = network(initialization=initialization)
    first = weights(spec, shape, seed=0)
    assert first.isfinite().all()
    assert torch.equal(weights(spec, shape, seed=0), first)
    assert not torch.equal(weights(spec, shape, seed=1), first)


# variance of a weight times the number it depends on, and whether all weights lie within sqrt(3 variance)
WEIGHT_VARIANCE = {
    "torch": (lambda n_in, n_out: 1 / (3 * n_in), True),
    "kaiming_uniform": (lambda n_in, n_out: 2 / n_in, True),
    "kaiming_normal": (lambda n_in, n_out: 2 / n_in, False),
    "xavier_uniform": (lambda n_in, n_out: 2 / (n_in + n_out), True),
    "xavier_normal": (lambda n_in, n_out: 2 / (n_in + n_out), False),
    "orthogonal": (lambda n_in, n_out: 1 / n_in, False),
}


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
def test_initializations_have_their_variance(initialization):
    n_in, n_out = 400, 300
    layer = linear(n_in, n_out, make_generator(0), initialization)
    variance, is_uniform = WEIGHT_VARIANCE[initialization]
    assert layer.weight.var().item() == pytest.approx(variance(n_in, n_out), rel=0.02)
    assert (layer.weight.abs().max().item() <= math.sqrt(3 * variance(n_in, n_out)) + 1e-6) == is_uniform
    assert layer.bias.any() == (initialization == "torch")
    if initialization == "orthogonal":
        torch.testing.assert_close(layer.weight @ layer.weight.T, torch.eye(n_out), rtol=0, atol=1e-5)


def test_the_default_initialization_is_that_of_torch():
    encoder, _, decoder = build(ConvNet(channels=5, hidden_layer_sizes=(6,)), (2, 9, 8), seed=3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        expected = [
            nn.Conv2d(2, 5, 4),
            nn.Linear(80, 6),
            nn.Linear(3, 6),
            nn.Linear(6, 80),
            nn.ConvTranspose2d(5, 2, 4),
        ]
    layers = [layer for layer in [*encoder, *decoder] if list(layer.parameters())]
    for layer, twin in zip(layers, expected, strict=True):
        assert torch.equal(layer.weight, twin.weight)
        assert torch.equal(layer.bias, twin.bias)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.integers(1, 70), st.integers(1, 70))
def test_convolutions_take_images_of_any_shape(n_channels, height, width):
    event_shape = (n_channels, height, width)
    encoder, n_features, decoder = build(ConvNet(channels=2, hidden_layer_sizes=(3,)), event_shape)
    assert encoder(rows(2, *event_shape)).shape == (2, n_features)
    assert decoder(rows(2, N_COMPONENTS)).shape == (2, *event_shape)
    if (max(height, width)) > 4:
        last = [layer for layer in encoder if isinstance(layer, nn.Conv2d)][-1]
        unflatten = next(layer for layer in decoder if isinstance(layer, nn.Unflatten))
        assert last.out_channels == unflatten.unflattened_size[0]
        assert max(unflatten.unflattened_size[1:]) <= 4


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), st.integers(1, 300))
def test_windows_of_any_length_are_given_back(n_channels, time):
    event_shape = (n_channels, time)
    encoder, n_features, decoder = build(ConvNet1d(channels=2, hidden_layer_sizes=(3,)), event_shape)
    assert encoder(rows(2, *event_shape)).shape == (2, n_features)
    assert decoder(rows(2, N_COMPONENTS)).shape == (2, *event_shape)


def test_what_has_no_time_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"ConvNet1d takes windows of shape \(n, channels, time\).*network='mlp'"):
        build(ConvNet1d(), (1, 8, 8))


def n_parameters(*modules):
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def test_parameters_of_the_burgess_network():
    """Golden 40: 4 convolutions, 512 - 256 - 256 - 2 x 10 and back."""
    network, told = ConvNet(), setting((1, 64, 64), n_components=10, n_features=256)
    encoder, n_features = network.encoder(told)
    assert n_features == told.n_features
    head = DiagonalNormal().build(told)
    decoder = network.decoder(told)
    assert n_parameters(encoder, head) == 252052
    assert n_parameters(decoder) == 249953
    assert n_parameters(encoder, head, decoder) == 502005
