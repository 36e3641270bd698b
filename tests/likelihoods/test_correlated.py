"""A covariance of what a decoder leaves: its density, where it is largest, and what samples make of it."""

import math

import numpy as np
import pytest
import torch
from settings_of_words import setting
from torch.distributions import MultivariateNormal

from vaekit import VAE
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.likelihoods import CorrelatedNormal, Normal
from vaekit.utils._torch import make_generator

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")

D = 4
MIX = torch.tensor([[1.0, 0.8, 0.0, 0.0], [0.0, 0.3, 0.0, 0.0], [0.2, 0.0, 2.0, 1.0], [0.0, 0.0, 0.0, 0.1]]).double()


def draw(n_rows, seed=0):
    return torch.randn(n_rows, D, generator=make_generator(seed), dtype=torch.float64)


def settled(errors, deviation=1e-6):
    likelihood = CorrelatedNormal().build(setting((D,), deviation=deviation)).double().eval()
    likelihood.settle(likelihood.statistics(torch.zeros_like(errors), errors))
    return likelihood


ERRORS = draw(500) @ MIX
COVARIANCE = ERRORS.T @ ERRORS / 500


def test_the_density_is_that_of_torch():
    decoded, x = draw(7, seed=1), draw(7, seed=2)
    expected = MultivariateNormal(decoded, COVARIANCE).log_prob(x)
    torch.testing.assert_close(settled(ERRORS).log_prob(decoded, x), expected, rtol=1e-5, atol=1e-6)
    together = settled(ERRORS).log_prob(decoded.expand(3, 2, 7, D), x)
    torch.testing.assert_close(together[2, 1], expected, rtol=1e-5, atol=1e-6)


def test_it_is_largest_at_the_covariance_of_the_errors():
    found = settled(ERRORS).log_prob(torch.zeros(500, D).double(), ERRORS).mean()
    best = -0.5 * torch.logdet(2 * math.pi * math.e * COVARIANCE)
    torch.testing.assert_close(found, best, rtol=1e-6, atol=1e-6)
    other = MultivariateNormal(torch.zeros(D).double(), COVARIANCE * 1.1).log_prob(ERRORS).mean()
    assert found > other


def test_draws_have_the_covariance():
    drawn = settled(ERRORS).sample(torch.ones(1, D).double(), draw(40_000, seed=3))
    torch.testing.assert_close(torch.cov(drawn.T), COVARIANCE, rtol=0.05, atol=0.02)
    torch.testing.assert_close(drawn.mean(0), torch.ones(D).double(), rtol=0, atol=0.05)


def test_it_is_trained_as_a_scale_for_each_feature():
    decoded, x = draw(30, seed=4), draw(30, seed=5)
    words = CorrelatedNormal(), Normal(scale="per_feature")
    one, other = (word.build(setting((D,), deviation=1.5)).double().train() for word in words)
    torch.testing.assert_close(one.log_prob(decoded, x), other.log_prob(decoded, x), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(one.take_observed().diagonal(), other.take_observed())
    assert one.observed is None


def test_a_decoder_without_error_has_a_density():
    likelihood = settled(torch.zeros(3, D).double(), deviation=2.0)
    assert likelihood.log_scale.exp() == pytest.approx([2 * math.exp(-6)] * D)


def correlated_rows():
    return np.random.default_rng(0).normal(size=(300, D)) @ np.triu(np.ones((D, D))) * [1, 2, 1, 3]


def test_samples_go_together_as_rows_do():
    X, how = correlated_rows(), {"n_components": 1, "hidden_layer_sizes": (8,), "max_epochs": 60, "random_state": 0}
    how["learning_rate"] = 1e-2
    models = [VAE(likelihood=word, **how).fit(X) for word in (CorrelatedNormal(), Normal(scale="per_feature"))]
    truth = np.corrcoef(X.T)
    errors = [np.abs(np.corrcoef(model.sample(4000, random_state=0).T) - truth).max() for model in models]
    assert 2 * errors[0] < errors[1]
    assert models[0].score(X) > models[1].score(X) + 0.1


def test_what_it_is_not_for():
    with pytest.raises(IncompatibleChoiceError, match="for rows of a table"):
        CorrelatedNormal().build(setting((1, 3, 3)))
    X = np.where(np.random.default_rng(1).random((300, D)) < 0.2, np.nan, correlated_rows())
    how = {"n_components": 1, "hidden_layer_sizes": (4,), "max_epochs": 1, "random_state": 0, "missing_values": "mask"}
    assert np.isfinite(VAE(likelihood=CorrelatedNormal(), **how).fit(X).score(X))
