"""The model joins any words: every network, posterior, prior and likelihood, over one table each."""

import itertools
from dataclasses import replace

import pytest
import torch
from settings_of_words import setting
from torch import nn

from vaekit._outputs import Batch
from vaekit.likelihoods import Bernoulli, Laplace, Normal
from vaekit.model import LatentVariableModel
from vaekit.nn import MLP, ConvNet
from vaekit.posteriors import DiagonalNormal, FixedScale
from vaekit.priors import Decoupled, ElementwiseFlow, StandardNormal
from vaekit.utils._torch import make_generator

NETWORKS = {
    "mlp, table": (MLP(hidden_layer_sizes=(6,)), (4,)),
    "mlp, image": (MLP(hidden_layer_sizes=(6,)), (1, 3, 2)),
    "conv": (ConvNet(channels=2, hidden_layer_sizes=(6,)), (2, 9, 6)),
}
POSTERIORS = {"diagonal": DiagonalNormal(), "fixed": FixedScale(scale=0.1)}
PRIORS = {"normal": StandardNormal(), "decoupled": Decoupled(hidden_width=4), "elementwise": ElementwiseFlow()}
LIKELIHOODS = {"bernoulli": Bernoulli(), "normal": Normal(), "laplace": Laplace(scale="per_feature")}

WORDS = [NETWORKS, POSTERIORS, PRIORS, LIKELIHOODS]
over_words = pytest.mark.parametrize("words", list(itertools.product(*WORDS)), ids="-".join)
N_COMPONENTS, N_ROWS = 3, 5


def rows(*shape, seed=1):
    return torch.randn(shape, generator=make_generator(seed))


def build(words, seed=0):
    """Return a model and the shape of its rows."""
    (network, event_shape), posterior, prior, likelihood = (table[word] for table, word in zip(WORDS, words))
    told = setting(event_shape, n_components=N_COMPONENTS, seed=seed)
    encoder, n_features = network.encoder(told)
    told = replace(told, n_features=n_features)
    model = LatentVariableModel(
        encoder=encoder,
        posterior=posterior.build(told),
        prior=prior.build(told),
        decoder=network.decoder(told),
        likelihood=likelihood.build(told),
    )
    return model, event_shape


@over_words
def test_one_pass(words):
    model, event_shape = build(words)
    x, noise = rows(N_ROWS, *event_shape).sigmoid(), rows(N_ROWS, N_COMPONENTS)
    output = model(Batch(x), noise)
    assert output.x is x
    assert output.prior is model.prior
    assert output.z.shape == output.posterior.loc.shape == (N_ROWS, N_COMPONENTS)
    assert output.reconstruction.shape == output.prior.kl(output.posterior, output.z).shape == (N_ROWS,)
    torch.testing.assert_close(output.z, output.posterior.rsample(noise))
    torch.testing.assert_close(output.reconstruction, -model.likelihood.log_prob(model.decode(output.z), x))


@over_words
def test_gradients_reach_every_parameter(words):
    model, event_shape = build(words)
    with torch.no_grad():  # the last layers of a coupling start at zero and shield those before
        for i, parameter in enumerate(model.prior.parameters()):
            parameter.add_(0.1 * rows(*parameter.shape, seed=i))
    output = model(Batch(rows(20, *event_shape).sigmoid()), rows(20, N_COMPONENTS))
    (output.reconstruction + output.prior.kl(output.posterior, output.z)).mean().backward()
    silent = [
        name for name, parameter in model.named_parameters() if parameter.grad is None or not parameter.grad.any()
    ]
    assert silent == []


@over_words
def test_a_pass_depends_on_its_noise_alone(words):
    model, event_shape = build(words)
    x, noise = rows(N_ROWS, *event_shape).sigmoid(), rows(N_ROWS, N_COMPONENTS)
    before = torch.random.get_rng_state()
    first, again = model(Batch(x), noise), model(Batch(x), noise)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first.reconstruction, again.reconstruction)
    assert torch.equal(model(Batch(x), 0 * noise).z, model.encode(x).loc)
    assert not torch.equal(model(Batch(x), noise + 1).z, first.z)


@pytest.mark.parametrize("network", NETWORKS)
def test_leading_sample_axes_are_kept(network):
    model, event_shape = build((network, "diagonal", "normal", "normal"))
    z = rows(4, 2, N_ROWS, N_COMPONENTS)
    decoded = model.decode(z)
    assert decoded.shape == (4, 2, N_ROWS, *event_shape)
    torch.testing.assert_close(decoded[3, 1], model.decode(z[3, 1]))


def test_encode_is_handed_on():
    model, event_shape = build(("mlp, table", "diagonal", "normal", "normal"))
    output = model(Batch(rows(N_ROWS, *event_shape)), rows(N_ROWS, N_COMPONENTS))
    assert torch.equal(output.encode(output.x).loc, output.posterior.loc)


def test_parts_have_names():
    model, _ = build(("mlp, table", "diagonal", "decoupled", "normal"))
    parts = {name.split(".")[0] for name in model.state_dict()}
    assert parts == {"encoder", "posterior", "prior", "decoder", "likelihood"}
    model = LatentVariableModel(**dict(model.named_children()), discriminator=nn.Linear(3, 2))
    assert {name.split(".")[0] for name in model.state_dict()} == {*parts, "discriminator"}
