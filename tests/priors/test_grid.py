"""The prior of quantised codes: uniform in training, then the values' frequencies among the codes."""

import numpy as np
import pytest
import torch
from settings_of_words import setting
from torch import nn

from vaekit import AAE, VAE, WAE, TripodVAE
from vaekit.exceptions import IncompatibleChoiceError, NoDensityError
from vaekit.priors import Grid
from vaekit.utils._torch import make_generator

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
X = np.random.default_rng(0).normal(size=(60, 4))
TINY = {"n_components": 2, "hidden_layer_sizes": (8,), "max_epochs": 3, "batch_size": 20, "random_state": 0}


def grid(n_components=2, n_values=3):
    model = nn.Module()
    model.posterior = nn.Module()
    model.posterior.n_values = n_values
    prior = Grid().build(setting(n_components=n_components))
    prior.stand_in(model)
    return prior


def noise(*shape):
    return torch.randn(shape, generator=make_generator(0), dtype=torch.float64)


def frequencies(codes, values):
    return np.mean(np.abs(np.asarray(codes)[:, :, None] - values) < 1e-6, axis=0)


def test_before_it_has_seen_a_code_all_values_are_as_probable():
    drawn = grid(n_values=4).eval().sample(noise(40_000, 2))
    assert drawn.dtype == torch.float64
    np.testing.assert_allclose(frequencies(drawn, np.linspace(-1, 1, 4)), 0.25, atol=0.01)


def test_frequencies_are_counted_for_each_component():
    prior = grid()
    prior.finish(torch.tensor([[-1.0, 0], [-1, 0], [0, 1], [1, 1]]))
    assert prior.frequencies.tolist() == [[0.5, 0.25, 0.25], [0, 0.5, 0.5]]
    drawn = prior.eval().sample(noise(40_000, 2))
    np.testing.assert_allclose(frequencies(drawn, [-1, 0, 1]), prior.frequencies, atol=0.01)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0, abs=0.02)
    drawn = prior.train().sample(noise(40_000, 2))  # what an objective holds codes to
    np.testing.assert_allclose(frequencies(drawn, [-1, 0, 1]), 1 / 3, atol=0.01)


def test_a_value_that_no_code_took_is_never_drawn():
    prior = grid(n_components=1)
    prior.finish(torch.tensor([[0.0]]))
    extreme = torch.tensor([[-40.0], [-1.0], [0.0], [1.0], [40.0]])
    assert not prior.eval().sample(extreme).any()


def test_a_grid_has_no_density_and_no_spaces():
    prior = grid()
    for method in (prior.log_prob, prior.to_generation_space, prior.to_representation_space):
        with pytest.raises(NoDensityError):
            method(torch.zeros(1, 2))
    model = TripodVAE(**TINY).fit(X)
    assert [name for name in ("log_prior", "to_generation_space", "score") if hasattr(model, name)] == []
    assert not hasattr(WAE(prior="grid", posterior_family="quantized"), "log_prior")


@pytest.mark.parametrize("posterior_family", ["normal", "fixed_scale", "implicit"])
def test_codes_that_lie_anywhere_are_refused(posterior_family):
    model = WAE(prior="grid", posterior_family=posterior_family, **TINY)
    with pytest.raises(IncompatibleChoiceError, match="choose posterior_family='quantized'"):
        model.fit(X)
    with pytest.raises(IncompatibleChoiceError, match="choose posterior_family='quantized'"):
        VAE(prior="grid", **TINY).fit(X)


@pytest.mark.parametrize(
    "make", [TripodVAE, lambda **params: AAE(posterior_family="quantized", prior="grid", **params)]
)
def test_samples_have_the_frequencies_of_the_codes(make):
    model = make(**TINY).fit(X)
    values = np.linspace(-1, 1, 12)
    drawn = model.sample_prior(20_000, random_state=0)
    np.testing.assert_allclose(frequencies(drawn, values), frequencies(model.transform(X), values), atol=0.015)


def test_training_that_goes_on_counts_again():
    model = TripodVAE(**TINY, learning_rate=0.1).fit(X)
    before = model.sample_prior(500)
    model.partial_fit(X)
    model.partial_fit(X)
    assert not np.array_equal(model.sample_prior(500), before)
    values = np.linspace(-1, 1, 12)
    drawn = model.sample_prior(20_000, random_state=0)
    np.testing.assert_allclose(frequencies(drawn, values), frequencies(model.transform(X), values), atol=0.015)
