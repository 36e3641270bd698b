"""Priors of somebody else, known through draws alone or without a map to a normal: methods are there as they can be."""

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import norm

from vaekit import AAE, VAE, WAE, LearnedPriorAAE
from vaekit.exceptions import IncompatibleChoiceError, NoDensityError
from vaekit.fitted import through_prior
from vaekit.objectives import AggregateDivergence
from vaekit.priors import Prior, PriorSpec

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
X = np.random.default_rng(0).normal(size=(200, 4)) @ np.random.default_rng(1).normal(size=(4, 4))
Z = np.random.default_rng(2).normal(size=(7, 2))
TINY = {"n_components": 2, "hidden_layer_sizes": (8,), "max_epochs": 3, "random_state": 0}


class RingPrior(Prior):
    """Points of a circle, made of one number."""

    has_density = has_spaces = False
    noise_width = 1

    def sample(self, noise):
        angle = 2 * torch.pi * torch.special.ndtr(noise)
        return torch.cat([angle.cos(), angle.sin()], dim=-1)

    def log_prob(self, z):
        raise NoDensityError("none")

    to_generation_space = to_representation_space = log_prob


class Ring(PriorSpec):
    has_density = has_spaces = False

    def build(self, setting):
        return RingPrior()


class MixturePrior(Prior):
    """Half N(-2, I), half N(2, I): a density, draws of one number more than there are latents, and no g."""

    has_spaces = False

    def __init__(self, n_components):
        super().__init__()
        self.noise_width = n_components + 1

    def sample(self, noise):
        return noise[..., :-1] + 2 * noise[..., -1:].sign()

    def log_prob(self, z):
        parts = [torch.distributions.Normal(loc, 1.0).log_prob(z).sum(-1) for loc in (-2.0, 2.0)]
        return torch.logaddexp(*parts) - np.log(2)

    def to_generation_space(self, z):
        raise NoDensityError("none")

    to_representation_space = to_generation_space


class Mixture(PriorSpec):
    has_spaces = False

    def build(self, setting):
        return MixturePrior(setting.n_components)


DENSITIES, SPACES = {"score", "score_samples", "log_prior"}, {"to_generation_space", "to_representation_space"}


def methods_of(model):
    return {name for name in DENSITIES | SPACES if hasattr(model, name)}


@pytest.mark.parametrize(
    ("prior", "expected"),
    [
        ("normal", DENSITIES | SPACES),
        ("decoupled", DENSITIES | SPACES),
        ("generator", set()),
        (Ring(), set()),
        (Mixture(), DENSITIES),
        ("unheard of", DENSITIES | SPACES),
    ],
)
def test_methods_are_there_as_the_word_says(prior, expected):
    assert methods_of(VAE(prior=prior)) == expected


LACKING = [
    (Ring(), "score"),
    (Ring(), "to_generation_space"),
    (Mixture(), "to_generation_space"),
    ("generator", "score"),
]


@pytest.mark.parametrize(("prior", "method"), LACKING)
def test_what_is_not_there_says_why(prior, method):
    with pytest.raises(AttributeError) as caught:
        getattr(VAE(prior=prior), method)
    assert isinstance(caught.value.__cause__, NoDensityError)
    assert f"prior={prior!r}" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    "model", [WAE(**TINY), AAE(**TINY), LearnedPriorAAE(**TINY)], ids=lambda model: type(model).__name__
)
def test_draws_alone_are_enough_for_objectives_that_compare_samples(model):
    model.set_params(prior=Ring()).fit(X)
    assert model.sample(5).shape == (5, 4)
    assert model.transform(X).shape == (200, 2)


def test_an_objective_with_a_density_refuses_draws_alone():
    with pytest.raises(IncompatibleChoiceError, match="needs the density of the prior"):
        VAE(prior=Ring(), **TINY).fit(X)


@pytest.mark.parametrize("space", ["generation", "representation"])
def test_a_mixture_is_a_prior(space):
    for objective in ("elbo", AggregateDivergence(kl_weight=1, space=space)):
        model = VAE(prior=Mixture(), objective=objective, **TINY).fit(X)
        expected = logsumexp([norm.logpdf(Z, loc).sum(axis=1) for loc in (-2, 2)], axis=0) - np.log(2)
        np.testing.assert_allclose(model.log_prior(Z), expected, rtol=1e-5)
        assert np.isfinite(model.score(X))
        assert model.sample(9).shape == (9, 4)


def test_codes_are_drawn_of_as_much_noise_as_the_prior_takes():
    model = VAE(prior=Mixture(), **TINY).fit(X)
    noise = np.random.RandomState(3).standard_normal((500, 3))
    np.testing.assert_allclose(
        through_prior(model.model_, "sample", noise), noise[:, :2] + 2 * np.sign(noise[:, 2:]), rtol=1e-5
    )
