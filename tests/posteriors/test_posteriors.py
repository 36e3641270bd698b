"""Laws of every posterior family, over one table of constructors."""

import math

import pytest
import torch
from golden_batch import LOC, LOGVAR, NOISE, Z, assert_golden, double
from settings_of_words import setting
from torch import distributions

from vaekit.posteriors import DiagonalNormal, FixedScale, FullNormal, InverseAutoregressive, NormalParameters
from vaekit.posteriors._autoregressive import InverseAutoregressivePosterior, Step
from vaekit.utils._torch import make_generator, whitened_noise

DIAGONAL = {
    "diagonal normal": DiagonalNormal(),
    "fixed scale": FixedScale(scale=0.3),
    "no step of a flow": InverseAutoregressive(n_steps=0),
}
NORMAL = {**DIAGONAL, "full normal": FullNormal()}
POSTERIORS = {
    **NORMAL,
    "autoregressive": InverseAutoregressive(hidden_width=8),
    "autoregressive, one step": InverseAutoregressive(n_steps=1, hidden_width=3, n_context=2),
}


def over(table):
    return pytest.mark.parametrize("posterior", table.values(), ids=table)


over_posteriors, over_normals, over_diagonals = over(POSTERIORS), over(NORMAL), over(DIAGONAL)
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
    assert q.loc.shape == (N_ROWS, 3)
    assert q.log_prob(z).shape == q.mean_log_prob(z).shape == q.kl_to_standard_normal(z).shape == (N_ROWS,)
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
@torch.no_grad()
def test_entropy_and_divergence_against_sampling(posterior):
    q = approximate(posterior, 3)
    z = q.rsample(rows(100_000, N_ROWS, 3))
    log_prior, log_q = distributions.Normal(double(0.0), 1.0).log_prob(z).sum(-1), q.log_prob(z)
    for found, drawn in [(q.mean_log_prob(z), log_q), (q.kl_to_standard_normal(z), log_q - log_prior)]:
        found = found.expand_as(drawn)
        standard_error = ((found.var(0) + drawn.var(0)) / len(z)).sqrt()
        assert ((found.mean(0) - drawn.mean(0)).abs() < 5 * standard_error).all()


@over_posteriors
def test_gradients_reach_every_parameter(posterior):
    head = build(posterior, 3)
    q = head(rows(N_ROWS, N_FEATURES))
    z = q.rsample(rows(N_ROWS, 3))
    (z.square().sum() - q.mean_log_prob(z).sum()).backward()
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
    z = q.rsample(rows(N_ROWS, 3))
    total = z.sum() - q.mean_log_prob(z).sum() + q.kl_to_standard_normal(z).sum()
    total.backward()
    assert total.isfinite()
    assert features.grad.isfinite().all()


@over_posteriors
@torch.no_grad()
def test_the_density_of_a_draw_is_that_of_the_point(posterior):
    """Whether q has just drawn z, or is told of it; with more axes of samples, too."""
    q, noise = approximate(posterior, 3), rows(5, 2, N_ROWS, 3)
    z = q.rsample(noise)
    for density in (q.log_prob, q.mean_log_prob):
        torch.testing.assert_close(density(z.clone()), density(z))
    torch.testing.assert_close(q.log_prob(z)[1, 1], q.log_prob(z[1, 1]))


@over_posteriors
@torch.no_grad()
def test_precision_is_as_asked_for(posterior):
    q, noise = build(posterior, 3).float()(2 * rows(N_ROWS, N_FEATURES).float()), rows(N_ROWS, 3)
    wide = q.in_precision(torch.float64)
    z = wide.rsample(noise)
    assert z.dtype == wide.loc.dtype == wide.log_prob(z).dtype == torch.float64
    torch.testing.assert_close(z.float(), q.rsample(noise.float()), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(wide.log_prob(z.clone()).float(), q.log_prob(z.float()), rtol=1e-3, atol=1e-3)


# ---------------------------------------------------------------------- normal families


@over_diagonals
def test_variances_stay_in_their_interval(posterior):
    q = build(posterior, 3)(1e6 * rows(N_ROWS, N_FEATURES))
    assert q.logvar.min() >= -20
    assert q.logvar.max() <= 10


@over_diagonals
def test_normal_families_are_those_of_torch(posterior):
    q, z = approximate(posterior, 3), rows(N_ROWS, 3)
    twin = distributions.Independent(distributions.Normal(q.loc, q.scale), 1)
    torch.testing.assert_close(q.log_prob(z), twin.log_prob(z))
    torch.testing.assert_close(q.entropy(), twin.entropy())
    standard = distributions.Independent(distributions.Normal(torch.zeros_like(z), torch.ones_like(z)), 1)
    torch.testing.assert_close(q.kl_to_standard_normal(), distributions.kl_divergence(twin, standard))


@over_normals
def test_samples_have_location_and_scale(posterior):
    q = approximate(posterior, 3)
    z = q.rsample(exact_noise(8, 3))
    torch.testing.assert_close(z.mean(0), q.loc)
    torch.testing.assert_close(z.var(0, unbiased=False).sqrt(), q.scale)


@over_normals
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


# ---------------------------------------------------------------------- full normal


def test_a_full_normal_is_that_of_torch():
    q, z = approximate(FullNormal(), 3), rows(7, N_ROWS, 3)
    twin = distributions.MultivariateNormal(q.loc, scale_tril=q.tril)
    standard = distributions.MultivariateNormal(torch.zeros(3).double(), torch.eye(3).double())
    torch.testing.assert_close(q.log_prob(z), twin.log_prob(z))
    torch.testing.assert_close(q.entropy(), twin.entropy())
    torch.testing.assert_close(q.scale, twin.stddev)
    torch.testing.assert_close(q.kl_to_standard_normal(), distributions.kl_divergence(twin, standard))
    correlations = twin.covariance_matrix / (q.scale[:, None] * q.scale[:, :, None])
    assert (correlations - torch.eye(3)).abs().amax((1, 2)).min() > 0.01


# ---------------------------------------------------------------------- inverse autoregressive flow


def test_golden_of_a_step():
    """The masked network replaced by one that is written down."""
    step = Step(3, 1, 3, False, make_generator(0)).double()
    step.parameters_at = lambda z, context: (
        torch.stack([0 * z[..., 0], 0.5 * z[..., 0], -0.3 * z[..., 0] + 0.8 * z[..., 1]], -1),
        1 + torch.stack([0 * z[..., 0], z[..., 0], 0.4 * z[..., 0] - 0.6 * z[..., 1]], -1),
    )
    z = double(0.2, -0.4, 0.6)
    after, log_det = step(z, None)
    assert_golden(after, 0.1462117157, -0.2842623917, 0.3933980724)
    assert_golden(log_det, -0.8133028397)
    assert_golden(distributions.Normal(double(0.0), 1.0).log_prob(z).sum() - log_det, -2.2235127599)
    torch.testing.assert_close(step.inverse(after, None), z)


@pytest.mark.parametrize("n_components", [1, 2, 5])
@pytest.mark.parametrize("is_turned", [False, True])
def test_the_log_determinant_is_that_of_a_triangular_jacobian(n_components, is_turned):
    step = Step(n_components, 4, 7, is_turned, make_generator(0)).double()
    for row in range(3):
        z, context = rows(n_components, seed=row), rows(4, seed=10 + row)
        jacobian = torch.autograd.functional.jacobian(lambda z, c=context: step(z, c)[0], z)
        below = jacobian.T if is_turned else jacobian
        assert torch.equal(below, below.tril())
        assert (below[*torch.tril_indices(n_components, n_components, -1)] != 0).all()
        torch.testing.assert_close(step(z, context)[1], torch.linalg.slogdet(jacobian)[1])


@pytest.mark.parametrize("n_steps", [1, 2, 4])
def test_steps_without_weights_are_a_normal_whose_deviation_is_halved_each_time(n_steps):
    """sig(0) = 1/2: the log-determinant of a step is -n log 2."""
    head = build(InverseAutoregressive(n_steps=n_steps), 3)
    with torch.no_grad():
        for parameter in head.steps.parameters():
            parameter.zero_()
    q, z = head(rows(N_ROWS, N_FEATURES)), rows(N_ROWS, 3, seed=3)
    halved = NormalParameters(q.base.loc / 2**n_steps, q.base.logvar - 2 * n_steps * math.log(2))
    torch.testing.assert_close(q.log_prob(z), halved.log_prob(z))
    torch.testing.assert_close(q.loc, halved.loc)


def test_the_context_of_a_row_bends_its_own_normal():
    head = build(InverseAutoregressive(), 2)
    q, noise = head(rows(N_ROWS, N_FEATURES)), rows(N_ROWS, 2)
    other = InverseAutoregressivePosterior(q.base, q.context + 1, q.steps)
    assert not torch.allclose(q.rsample(noise), other.rsample(noise))
    torch.testing.assert_close(q.rsample(noise)[:2], head(rows(N_ROWS, N_FEATURES)[:2]).rsample(noise[:2]))


def test_a_point_is_drawn_as_often_as_there_is_noise():
    q = build(FixedScale(scale=0), 3)(rows(N_ROWS, N_FEATURES))
    for shape in ((N_ROWS, 3), (7, 1, 3), (7, N_ROWS, 3)):
        z = q.rsample(rows(*shape))
        assert z.shape == (*shape[:-2], N_ROWS, 3)
        assert (z == q.loc).all()
