"""Priors of conditional models: what a condition changes, and what it leaves."""

import pytest
import torch
from golden_batch import assert_golden, double, golden_flow
from golden_prior import PlainConditioner
from settings_of_words import setting

from vaekit import VAE, ConditionalVAE
from vaekit.datasets import make_nonlinear_ica
from vaekit.likelihoods import Normal
from vaekit.metrics import mean_correlation_coefficient
from vaekit.priors import ConditionalFlow, ConditionalNormal
from vaekit.priors._conditional import ConditionalPrior
from vaekit.priors._decoupled import DecoupledPrior


def half_of(condition):
    """m(y) = y / 2 for every component, and scales of 1."""
    return torch.cat([condition / 2, torch.zeros_like(condition)], dim=-1)


def test_golden_density_given_a_number():
    masks, conditioners = zip(*golden_flow(4))
    blocks = [PlainConditioner(lambda u, of=of: of(u[..., :4])) for of in conditioners]  # they ignore the condition
    prior = ConditionalPrior(PlainConditioner(half_of), torch.stack(masks), blocks)
    z = double(0.5, -1, 1.5, 0.25)[None]
    assert_golden(prior.given(torch.full((1, 4), 2.0, dtype=torch.float64)).log_prob(z)[0], -7.3825851240)


@pytest.fixture
def prior():
    """Return a conditional flow of three components and two labels whose weights are none of the start's."""
    made = ConditionalFlow(hidden_width=8).build(setting(n_components=3, condition_shape=(2,))).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return made


def rows(n, seed=1):
    return torch.randn(n, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


LABELS = torch.eye(2, dtype=torch.float64)[torch.arange(20) % 2]


def without_condition(prior):
    """Set to zero what couplings make of the condition; return the same couplings, told of nothing."""
    with torch.no_grad():
        for conditioner in prior.conditioners:
            conditioner.network[0].weight[:, 3:] = 0
    nothing = torch.zeros(1, 2, dtype=torch.float64)
    told = [PlainConditioner(lambda u, c=c: c(torch.cat([u, nothing.expand(*u.shape[:-1], 2)], dim=-1)))
            for c in prior.conditioners]  # fmt: skip
    return DecoupledPrior(prior.masks.double(), told)


def test_where_only_the_mean_depends_on_it_the_density_differs_by_its_product_with_the_base(prior):
    """log p(z | y) - log p(z) = m . z0 - |m|^2 / 2."""
    plain, z = without_condition(prior), rows(20)
    with torch.no_grad():
        prior.base[-1].weight[3:], prior.base[-1].bias[3:] = 0, 0
        m, (z0, _) = prior.base(LABELS)[:, :3], plain(z)
        difference = prior.given(LABELS).log_prob(z) - plain.log_prob(z)
        torch.testing.assert_close(difference, (m * z0).sum(-1) - m.square().sum(-1) / 2)
        assert difference.abs().min() > 1e-3


def test_without_weights_of_the_condition_it_is_the_prior_that_is_told_nothing(prior):
    plain, z = without_condition(prior), rows(20)
    with torch.no_grad():
        prior.base[-1].weight.zero_(), prior.base[-1].bias.zero_()
        torch.testing.assert_close(prior.given(LABELS).log_prob(z), plain.log_prob(z))
        torch.testing.assert_close(prior.given(LABELS).sample(z), plain.sample(z))


def test_sources_are_found_with_the_segments_and_not_without():
    """Measured: .956 and .876; the study of identifiable sources has larger mixtures and more seeds."""
    world = make_nonlinear_ica(2000, n_components=2, random_state=2)
    how = {"n_components": 2, "hidden_layer_sizes": (32,), "activation": "leaky_relu", "learning_rate": 5e-3,
           "max_epochs": 60, "likelihood": Normal(scale=0.05), "random_state": 0}  # fmt: skip
    told = ConditionalVAE(prior=ConditionalNormal(), condition_decoder=False, **how).fit(world.data, world.segments)
    found = mean_correlation_coefficient(world.factors, told.transform(world.data, world.segments))
    lost = mean_correlation_coefficient(world.factors, VAE(**how).fit(world.data).transform(world.data))
    assert found > 0.94
    assert lost < 0.9
