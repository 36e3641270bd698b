"""The user's own modules: copied, probed, and random only as `random_state` says."""

import copy

import numpy as np
import pytest
import torch
from settings_of_words import setting
from torch import nn

from vaekit import VAE
from vaekit.nn import MLP, ConvNet, Custom

X = np.random.default_rng(0).normal(size=(40, 5))


def encoder_factory(event_shape):
    return nn.Sequential(nn.Linear(*event_shape, 8), nn.ReLU(), nn.Dropout(0.5))


def decoder_factory(n_components, event_shape):
    channels = [nn.Linear(n_components, 8), nn.Unflatten(1, (4, 2)), nn.Dropout1d(0.2), nn.Flatten()]
    return nn.Sequential(*channels, nn.ReLU(), nn.Linear(8, *event_shape))


class Twice(nn.Module):
    """Not what is asked for: two tensors instead of one."""

    def forward(self, x):
        return x, x


class Summed(nn.Module):
    """Nor this: the rows of the batch are lost."""

    def forward(self, x):
        return x.sum(0)


class Rounded(nn.Module):
    """Nor this: integers have no gradient."""

    def forward(self, z):
        return z.long()


FACTORIES = {"encoder_module": encoder_factory, "decoder_module": decoder_factory}


def fit(network, random_state=0, **parameters):
    model = VAE(n_components=2, network=network, max_epochs=3, batch_size=16, random_state=random_state, **parameters)
    return model.fit(X)


def test_factories_are_called_with_the_sizes():
    calls = []
    network = Custom(
        encoder_module=lambda *sizes: (calls.append(sizes), encoder_factory(*sizes))[1],
        decoder_module=lambda *sizes: (calls.append(sizes), decoder_factory(*sizes))[1],
    )
    network.encoder(setting((5,)))
    network.decoder(setting((5,)))
    assert calls == [((5,),), (3, (5,))]


def test_modules_are_copied_and_are_the_starting_point():
    module = nn.Linear(5, 3)
    encoder, n_features = Custom(encoder_module=module, decoder_module=module).encoder(setting((5,)))
    assert n_features == 3
    assert encoder[0] is not module
    assert torch.equal(encoder[0].weight, module.weight)
    assert encoder[0].weight.data_ptr() != module.weight.data_ptr()


def test_the_module_of_the_user_is_never_trained():
    encoder = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU()).eval()
    decoder = nn.Linear(2, 5)
    before = copy.deepcopy([encoder.state_dict(), decoder.state_dict()])
    model = fit(Custom(encoder_module=encoder, decoder_module=decoder))
    model.transform(X)
    for module, state in zip([encoder, decoder], before):
        assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
        assert all(parameter.grad is None for parameter in module.parameters())
    assert not encoder.training
    trained = model.net_.module_.decoder.state_dict()
    assert not any(torch.equal(value, before[1][name.removeprefix("0.")]) for name, value in trained.items())


def test_outputs_are_flattened_and_reshaped_to_the_event():
    network = Custom(encoder_module=nn.Conv2d(2, 3, 3), decoder_module=nn.Linear(4, 2 * 5 * 6))
    encoder, n_features = network.encoder(setting((2, 5, 6)))
    assert n_features == 3 * 3 * 4
    assert encoder(torch.zeros(7, 2, 5, 6)).shape == (7, n_features)
    assert network.decoder(setting((2, 5, 6), n_components=4))(torch.zeros(7, 4)).shape == (7, 2, 5, 6)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        (
            {"encoder_module": nn.Linear(4, 3)},
            ValueError,
            r"'encoder_module' .* batch of shape \(2, 5\), but it raised",
        ),
        (
            {"decoder_module": nn.Linear(3, 5)},
            ValueError,
            r"'decoder_module' .* batch of shape \(2, 2\), but it raised",
        ),
        ({"decoder_module": nn.Linear(2, 6)}, ValueError, r"'decoder_module' .* give \(5,\) values per row.* \(6,\)"),
        (
            {"encoder_module": Twice()},
            ValueError,
            "'encoder_module' .* give one floating-point tensor.* Got a tuple",
        ),
        (
            {"decoder_module": Twice()},
            ValueError,
            "'decoder_module' .* give one floating-point tensor.* Got a tuple",
        ),
        ({"encoder_module": Summed()}, ValueError, r"'encoder_module' .* a row for every row.* shape \(5,\)"),
        ({"decoder_module": Rounded()}, ValueError, "'decoder_module' .* floating-point tensor.* type torch.int64"),
        ({"encoder_module": lambda shape: None}, TypeError, "'encoder_module' .* torch module. Got None"),
        ({"decoder_module": lambda n, shape: torch.tanh}, TypeError, "'decoder_module' .* torch module. Got <built-in"),
        ({"encoder_module": None}, ValueError, "'encoder_module' parameter of Custom must be an instance of"),
        ({"decoder_module": 3}, ValueError, "'decoder_module' parameter of Custom must be an instance of"),
    ],
)
def test_errors_name_the_module_and_the_shape(parameters, error, message):
    with pytest.raises(error, match=message):
        fit(Custom(**{**FACTORIES, **parameters}))


def test_random_state_alone_decides_weights_and_dropout():
    codes = []
    for global_seed in (0, 1):
        torch.manual_seed(global_seed)
        before = torch.random.get_rng_state()
        codes.append(fit(Custom(**FACTORIES)).transform(X))
        assert torch.equal(torch.random.get_rng_state(), before)
    assert np.array_equal(*codes)
    assert not np.array_equal(codes[0], fit(Custom(**FACTORIES), random_state=1).transform(X))


def test_inference_is_without_dropout_and_row_by_row():
    def normalised(event_shape):
        return nn.Sequential(nn.Linear(*event_shape, 8), nn.BatchNorm1d(8), nn.Dropout(0.5))

    model = fit(Custom(encoder_module=normalised, decoder_module=decoder_factory))
    codes = model.transform(X)
    assert np.array_equal(model.transform(X), codes)
    np.testing.assert_allclose(model.transform(X[3:5]), codes[3:5], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("network", [MLP, ConvNet])
@pytest.mark.parametrize("widths", [(16, 0), (2.5,), ("16",)])
def test_widths_are_positive_integers(network, widths):
    with pytest.raises(ValueError, match="'hidden_layer_sizes' parameter must hold positive integers"):
        network(hidden_layer_sizes=widths).validated()


@pytest.mark.parametrize("widths", [[6, 4], np.array([6, 4]), ()])
def test_widths_are_any_sequence(widths):
    encoder, n_features = MLP(hidden_layer_sizes=widths).validated().encoder(setting((5,)))
    assert n_features == encoder(torch.zeros(2, 5)).shape[1] == ([5, *widths])[-1]


def test_convolutions_refuse_tables():
    with pytest.raises(ValueError, match=r"ConvNet takes images .* \(5,\) instead: use network='mlp' for tables"):
        VAE(network="conv").fit(X)
