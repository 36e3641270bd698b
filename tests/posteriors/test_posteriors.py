"""Laws of every posterior family, over one table of constructors."""

import math

import pytest
import torch
from golden_batch import LOC, LOGVAR, NOISE, Z, assert_golden, double
from settings_of_words import setting
from torch import distributions

from vaekit.posteriors import DiagonalNormal, FixedScale, NormalParameters
from vaekit.utils._torch import make_generator, whitened_noise

POSTERIORS = {
    "diagonal normal": DiagonalNormal(),
    "fixed scale": FixedScale(scale=0.3),
}
over_posteriors = pytest.mark.parametrize("posterior", POSTERIORS.values(), ids=POSTERIORS)
N_FEATURES, N_ROWS = 6, 4


def build(posterior, n_components, seed=0):
    return posterior.validated().build(setting(n_components=n_components, n_features=N_FEATURES, seed=seed)).double()


def rows(*shape, seed=1):
    return torch.randn(shape, generator=make_generator(seed), dtype=torch.float64)


def approximate(posterior, n_components):
    """Return q(z | x) of some rows."""
    return build(posterior, n_components)(2 * rows(N_ROWS, N_FEATURES))


def exact_noise(n_samples, n_components):
    """Noise for every row, under which means of quadratics are expectations."""
    noise = torch.from_numpy(whitened_noise(n_samples, n_components))
    return noise[:, None].expand(n_samples, N_ROWS, n_components)


# ---------------------------------------------------------------------- laws of every family


@over_posteriors
def test_shapes(posterior):
    q = approximate(posterior, 3)
    z = q.rsample(rows(N_ROWS, 3))
    assert z.shape == (N_ROWS, 3)
    assert q.log_prob(z).shape == q.entropy().shape == q.kl_to_standard_normal().shape == (N_ROWS,)
    assert q.log_prob(rows(7, 2, N_ROWS, 3)).shape == (7, 2, N_ROWS)


@over_posteriors
def test_the_density_integrates_to_one(posterior):
    q, z = approximate(posterior, 1), torch.linspace(-40, 40, 400_001, dtype=torch.float64)
    density = q.log_prob(z[:, None, None].expand(-1, N_ROWS, 1)).exp()
    torch.testing.assert_close(density.sum(0) * 80 / 400_000, torch.ones(N_ROWS, dtype=torch.float64))


@over_posteriors
def test_samples_have_the_density(posterior):
    """Change of variables: log q(z(eps)) = log N(eps) - log |det dz / d eps|."""
    q, noise = approximate(posterior, 3), rows(N_ROWS, 3)
    jacobian = torch.autograd.functional.jacobian(lambda shift: q.rsample(noise + shift), torch.zeros(3).double())
    base = distributions.Normal(double(0.0), 1.0).log_prob(noise).sum(-1)
    torch.testing.assert_close(q.log_prob(q.rsample(noise)), base - torch.linalg.slogdet(jacobian)[1])


@over_posteriors
def test_entropy_and_divergence_against_sampling(posterior):
    q = approximate(posterior, 3)
    z = q.rsample(rows(100_000, N_ROWS, 3))
    log_prior = distributions.Normal(double(0.0), 1.0).log_prob(z).sum(-1)
    for closed_form, drawn in [(q.entropy(), -q.log_prob(z)), (q.kl_to_standard_normal(), q.log_prob(z) - log_prior)]:
        standard_error = drawn.std(0) / math.sqrt(len(z))
        assert ((closed_form - drawn.mean(0)).abs() < 5 * standard_error).all()


@over_posteriors
def test_gradients_reach_every_parameter(posterior):
    head = build(posterior, 3)
    q = head(rows(N_ROWS, N_FEATURES))
    (q.rsample(rows(N_ROWS, 3)).square().sum() + q.entropy().sum()).backward()
    assert all(parameter.grad.isfinite().all() and parameter.grad.any() for parameter in head.parameters())


@over_posteriors
def test_the_generator_alone_decides_the_weights(posterior):
    before = torch.random.get_rng_state()
    first, again, other = (list(build(posterior, 3, seed).parameters()) for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(first, again))
    assert not any(torch.equal(a, b) for a, b in zip(first, other))


@over_posteriors
def test_wild_features_keep_everything_finite(posterior):
    features = (1e6 * rows(N_ROWS, N_FEATURES)).requires_grad_()
    q = build(posterior, 3)(features)
    assert q.logvar.min() >= -20
    assert q.logvar.max() <= 10
    total = q.rsample(rows(N_ROWS, 3)).sum() + q.entropy().sum() + q.kl_to_standard_normal().sum()
    total.backward()
    assert total.isfinite()
    assert features.grad.isfinite().all()


# ---------------------------------------------------------------------- normal families


@over_posteriors
def test_normal_families_are_those_of_torch(posterior):
    q, z = approximate(posterior, 3), rows(N_ROWS, 3)
    twin = distributions.Independent(distributions.Normal(q.loc, q.scale), 1)
    torch.testing.assert_close(q.log_prob(z), twin.log_prob(z))
    torch.testing.assert_close(q.entropy(), twin.entropy())
    standard = distributions.Independent(distributions.Normal(torch.zeros_like(z), torch.ones_like(z)), 1)
    torch.testing.assert_close(q.kl_to_standard_normal(), distributions.kl_divergence(twin, standard))


@over_posteriors
def test_samples_have_location_and_scale(posterior):
    q = approximate(posterior, 3)
    z = q.rsample(exact_noise(8, 3))
    torch.testing.assert_close(z.mean(0), q.loc)
    torch.testing.assert_close(z.var(0, unbiased=False).sqrt(), q.scale)


@over_posteriors
def test_divergence_is_exact_under_exact_noise(posterior):
    q = approximate(posterior, 3)
    z = q.rsample(exact_noise(8, 3))
    log_prior = distributions.Normal(double(0.0), 1.0).log_prob(z).sum(-1)
    torch.testing.assert_close((q.log_prob(z) - log_prior).mean(0), q.kl_to_standard_normal())


def test_goldens():
    q = NormalParameters(LOC, LOGVAR)
    assert torch.equal(q.rsample(NOISE), Z)
    assert_golden(q.kl_to_standard_normal(), 2.0759117148, 0.5351526259, 0.3295093678, 2.2164454020)
    assert_golden(q.log_prob(Z), -3.0342206423, -3.7086616673, -3.5469669881, -3.3820738723)


def test_a_standard_normal_posterior_has_no_divergence():
    zero = torch.zeros(N_ROWS, 3)
    assert torch.equal(NormalParameters(zero, zero).kl_to_standard_normal(), torch.zeros(N_ROWS))


def test_a_variance_outside_its_interval_can_come_back():
    head = build(DiagonalNormal(), 2)
    with torch.no_grad():
        head.layer.bias.copy_(double(0, 0, 50, -50))
    q = head(0 * rows(1, N_FEATURES))
    assert q.logvar.tolist() == [[10, -20]]
    q.logvar.sum().backward()
    assert head.layer.bias.grad.tolist() == [0, 0, 1, 1]


# ---------------------------------------------------------------------- fixed scale


@pytest.mark.parametrize("scale", [1e-4, 0.01, 1.0, 3.0])
def test_a_fixed_scale_is_what_was_asked_for(scale):
    q = approximate(FixedScale(scale=scale), 2)
    torch.testing.assert_close(q.scale, torch.full_like(q.scale, scale))


def test_without_scale_a_sample_is_the_mean():
    q = approximate(FixedScale(scale=0), 2)
    assert torch.equal(q.rsample(rows(N_ROWS, 2)), q.loc)
    assert q.log_prob(q.loc).isfinite().all()


@pytest.mark.parametrize("scale", [-1.0, 1e-5])
def test_a_scale_that_log_variances_do_not_reach_is_refused(scale):
    with pytest.raises(ValueError, match="'scale' parameter of FixedScale must be"):
        FixedScale(scale=scale).validated()
