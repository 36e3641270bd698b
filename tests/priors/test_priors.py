"""Laws of every prior, over one table of constructors."""

import pytest
import torch
from golden_batch import LOC, LOGVAR, Z, assert_golden, double, gauss_hermite, golden_flow, tanh_conditioner
from golden_prior import as_prior
from hypothesis import given, settings
from hypothesis import strategies as st
from settings_of_words import setting
from torch import distributions

from vaekit.exceptions import NoDensityError
from vaekit.posteriors import NormalParameters
from vaekit.priors import (
    Decoupled,
    ElementwiseFlow,
    FlowMatching,
    Generator,
    MaskedAutoregressive,
    MomentMatching,
    NeuralSpline,
    StandardNormal,
)
from vaekit.priors._decoupled import MASKS, SCALE_BOUND, Conditioner
from vaekit.utils._torch import make_generator, whitened_noise

FLOWS = {
    "elementwise flow": ElementwiseFlow(),
    "elementwise flow, 3 bins": ElementwiseFlow(n_bins=3),
    "decoupled": Decoupled(hidden_width=8),
    "decoupled, 2 couplings": Decoupled(n_couplings=2, hidden_width=8),
    "decoupled, halves": Decoupled(n_couplings=3, hidden_width=8, mask="halves"),
    "flow matching": FlowMatching(hidden_width=4, n_steps=24),
    "masked autoregressive": MaskedAutoregressive(hidden_width=8),
    "neural spline": NeuralSpline(n_transforms=2, hidden_width=8, n_bins=4),
}
DENSITIES = {"standard normal": StandardNormal(), **FLOWS}
PRIORS = {**DENSITIES, "generator": Generator(hidden_width=8), "moment matching": MomentMatching(hidden_width=8)}
# an integration at each of many points takes its time: test_draws_and_densities.py has it for all
QUICK = {name: word for name, word in DENSITIES.items() if name != "flow matching"}


def over(table):
    return pytest.mark.parametrize("word", table.values(), ids=table)


over_sizes = pytest.mark.parametrize("n_components", [1, 2, 5])


def rows(*shape, seed=1):
    return torch.randn(shape, generator=make_generator(seed), dtype=torch.float64)


def at_start(word, n_components, seed=0):
    return word.validated().build(setting(n_components=n_components, seed=seed)).double()


def trained(word, n_components, seed=0):
    """Return a prior that has moved away from where it starts, a flow in time as far as its steps follow closely."""
    prior, distance = at_start(word, n_components, seed), 0.15 if isinstance(word, FlowMatching) else 0.3
    with torch.no_grad():
        for i, parameter in enumerate(prior.parameters()):
            parameter.add_(distance * rows(*parameter.shape, seed=1000 * seed + i))
    return prior


def standard_normal_log_prob(z):
    return distributions.Normal(double(0.0), 1.0).log_prob(z).sum(-1)


# ---------------------------------------------------------------------- densities


def grid(n_components, reach, n_points):
    """Points of a cube, and the volume that each stands for."""
    axis = torch.linspace(-reach, reach, n_points, dtype=torch.float64)
    points = torch.cartesian_prod(*[axis] * n_components).reshape(-1, n_components)
    return points, (2 * reach / (n_points - 1)) ** n_components


def statistics(z):
    """Moments and a wave, (..., 3 + n_components)."""
    return torch.stack([*z.unbind(-1), z.square().sum(-1), z.prod(-1), torch.cos(z.sum(-1))], -1)


# the last numbers are the errors that the kinks of the maps leave on such a grid
@over(QUICK)
@pytest.mark.parametrize(("n_components", "n_points", "atol"), [(1, 20_001, 1e-6), (2, 601, 1e-3)])
@torch.no_grad()
def test_the_density_integrates_to_one_and_is_that_of_the_samples(word, n_components, n_points, atol):
    prior = trained(word, n_components)
    z, volume = grid(n_components, 18.0, n_points)
    density = prior.log_prob(z).exp() * volume
    assert density.sum().item() == pytest.approx(1, abs=atol)

    noise, volume = grid(n_components, 9.0, n_points)
    by_sampling = standard_normal_log_prob(noise).exp() @ statistics(prior.sample(noise)) * volume
    torch.testing.assert_close(by_sampling, density @ statistics(z), rtol=10 * atol, atol=10 * atol)


def jacobians(function, z):
    """d f_i / d z_j at every row, (n_rows, i, j): each row's image depends on that row alone."""
    z = z.requires_grad_()
    columns = function(z).sum(0).unbind()
    return torch.stack([torch.autograd.grad(column, z, retain_graph=True)[0] for column in columns], 1)


@over(DENSITIES)
@over_sizes
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_log_density_is_that_of_the_image_plus_the_log_determinant(word, n_components, seed):
    prior, z = trained(word, n_components, seed), 2 * rows(3, n_components, seed=seed)
    log_det = torch.linalg.slogdet(jacobians(prior.to_generation_space, z))[1]
    torch.testing.assert_close(prior.log_prob(z), standard_normal_log_prob(prior.to_generation_space(z)) + log_det)


@over(DENSITIES)
@over_sizes
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_two_spaces_are_images_of_each_other(word, n_components, seed):
    prior, z = trained(word, n_components, seed), 2 * rows(20, n_components, seed=seed)
    torch.testing.assert_close(prior.to_representation_space(prior.to_generation_space(z)), z)
    torch.testing.assert_close(prior.to_generation_space(prior.to_representation_space(z)), z)


@over(FLOWS)
@over_sizes
def test_log_determinants_there_and_back_cancel(word, n_components):
    prior, z = trained(word, n_components), 2 * rows(20, n_components)
    z0, log_det = prior(z)
    torch.testing.assert_close(prior.inverse(z0)[1], -log_det)


@over(DENSITIES)
@over_sizes
def test_factorised_means_a_product_over_components(word, n_components):
    """Moving one coordinate changes log p by what does not depend on the others."""
    prior, a, b = trained(word, n_components), rows(50, n_components), rows(50, n_components, seed=2)
    first = torch.arange(n_components) == 0
    mixed = prior.log_prob(torch.where(first, a, b)) + prior.log_prob(torch.where(first, b, a))
    is_product = torch.allclose(prior.log_prob(a) + prior.log_prob(b), mixed)
    assert is_product == (prior.is_factorised or n_components == 1)
    jacobian = torch.autograd.functional.jacobian(prior.to_generation_space, a[:1]).squeeze(0, 2)
    assert torch.equal(jacobian, jacobian.diag().diag()) == (prior.is_factorised or n_components == 1)


@over(DENSITIES)
def test_leading_sample_axes_are_kept(word):
    prior, z = trained(word, 3), rows(4, 2, 5, 3)
    assert prior.log_prob(z).shape == (4, 2, 5)
    torch.testing.assert_close(prior.log_prob(z)[1, 1], prior.log_prob(z[1, 1]))
    torch.testing.assert_close(prior.to_generation_space(z)[1, 1], prior.to_generation_space(z[1, 1]))
    torch.testing.assert_close(prior.to_representation_space(z)[1, 1], prior.to_representation_space(z[1, 1]))


# ---------------------------------------------------------------------- divergences


def approximate_posterior(n_components):
    return NormalParameters(rows(3, n_components), 0.5 * rows(3, n_components, seed=2))


@over(DENSITIES)
@over_sizes
def test_at_the_start_a_prior_is_standard_normal(word, n_components):
    prior, z = at_start(word, n_components), rows(20, n_components)
    torch.testing.assert_close(prior.to_generation_space(z), z)
    torch.testing.assert_close(prior.log_prob(z), standard_normal_log_prob(z))
    q, noise = approximate_posterior(n_components), torch.from_numpy(whitened_noise(20, n_components))[:, None]
    kl = prior.kl(q, q.rsample(noise)).expand(20, 3).mean(0)
    torch.testing.assert_close(kl, q.kl_to_standard_normal())


@over(QUICK)
@over_sizes
@torch.no_grad()
def test_divergence_against_sampling(word, n_components):
    """-H(q) - E log p with one set of draws, E[log q - log p] with another."""
    prior, q, n_samples = trained(word, n_components), approximate_posterior(n_components), 20_000
    kl = prior.kl(q, q.rsample(rows(n_samples, 3, n_components, seed=3))).expand(n_samples, 3)
    z = q.rsample(rows(n_samples, 3, n_components, seed=4))
    log_ratio = q.log_prob(z) - prior.log_prob(z)
    standard_error = ((kl.var(0) + log_ratio.var(0)) / n_samples).sqrt()
    assert ((kl.mean(0) - log_ratio.mean(0)).abs() < 5 * standard_error).all()
    assert (log_ratio.mean(0) > 0).all()


@over({name: word for name, word in DENSITIES.items() if at_start(word, 2).is_factorised})
@over_sizes
def test_divergence_of_a_factorised_prior_is_a_sum_over_components(word, n_components):
    prior, q = trained(word, n_components), approximate_posterior(n_components)
    z = q.rsample(rows(3, n_components, seed=3))
    per_component = prior.kl_per_component(q, z)
    assert per_component.shape == (3, n_components)
    torch.testing.assert_close(per_component.sum(-1), prior.kl(q, z))


# ---------------------------------------------------------------------- building


@over(PRIORS)
@over_sizes
def test_samples_are_made_of_noise_alone(word, n_components):
    prior, noise = trained(word, n_components), rows(7, n_components)
    before = torch.random.get_rng_state()
    assert prior.sample(noise).shape == (7, n_components)
    assert torch.equal(prior.sample(noise), prior.sample(noise))
    assert torch.equal(torch.random.get_rng_state(), before)


@over(PRIORS)
@over_sizes
def test_gradients_reach_every_parameter(word, n_components):
    prior, z = trained(word, n_components), rows(50, n_components).requires_grad_()
    (prior.log_prob(z) if prior.has_density else prior.sample(z).square()).sum().backward()
    assert all(tensor.grad.isfinite().all() and tensor.grad.any() for tensor in [z, *prior.parameters()])
    assert prior.is_learned == (not isinstance(word, StandardNormal))


@over(PRIORS)
@over_sizes
def test_the_generator_alone_decides_the_weights(word, n_components):
    before = torch.random.get_rng_state()
    first, again, other = (at_start(word, n_components, seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    if isinstance(word, Generator) or (isinstance(word, Decoupled) and n_components > 1):
        assert any(not torch.equal(first[name], other[name]) for name in first)


@over(PRIORS)
def test_weights_can_be_saved_and_loaded(word):
    prior, twin, z = trained(word, 3), at_start(word, 3, seed=1), rows(5, 3)
    twin.load_state_dict(prior.state_dict())
    assert torch.equal(twin.sample(z), prior.sample(z))


@over(DENSITIES)
def test_codes_far_away_keep_everything_finite(word):
    prior = trained(word, 3).float()
    z = (1e4 * rows(5, 3).float()).requires_grad_()
    log_prob = prior.log_prob(z)
    log_prob.sum().backward()
    assert log_prob.isfinite().all()
    assert all(tensor.grad.isfinite().all() for tensor in [z, *prior.parameters()])


# ---------------------------------------------------------------------- decoupled


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("n_couplings", [2, 3, 6])
@pytest.mark.parametrize("n_components", [2, 3, 4, 7])
def test_every_coordinate_is_transformed_and_what_one_block_leaves_the_next_takes(mask, n_couplings, n_components):
    masks = at_start(Decoupled(n_couplings=n_couplings, hidden_width=2, mask=mask), n_components).masks
    assert masks.shape == (n_couplings, n_components)
    assert torch.equal(masks[:-1] + masks[1:], torch.ones_like(masks[1:]))
    assert abs(int(masks[0].sum()) - n_components / 2) <= 0.5


@pytest.mark.parametrize("mask", MASKS)
def test_one_latent_gets_the_elementwise_flow(mask):
    prior = at_start(Decoupled(mask=mask), 1)
    assert type(prior) is type(at_start(ElementwiseFlow(), 1))
    assert prior.is_factorised


def test_one_block_stretches_a_coordinate_by_a_bounded_factor():
    conditioner = Conditioner(3, 8, make_generator(0)).double()
    with torch.no_grad():
        for parameter in conditioner.parameters():
            parameter.add_(100 * rows(*parameter.shape))
    s, t = conditioner(rows(50, 3))
    assert s.shape == t.shape == (50, 3)
    assert s.abs().max().item() == pytest.approx(SCALE_BOUND)


@pytest.mark.parametrize(
    ("word", "wrong"),
    [
        (Decoupled, {"n_couplings": 1}),
        (Decoupled, {"n_couplings": 2.5}),
        (Decoupled, {"hidden_width": 0}),
        (Decoupled, {"mask": "stripes"}),
        (ElementwiseFlow, {"n_bins": 1}),
        (Generator, {"hidden_width": 0}),
    ],
)
def test_errors_name_the_parameter(word, wrong):
    with pytest.raises(ValueError, match=f"The '{next(iter(wrong))}' parameter of {word.__name__} must be"):
        word(**wrong).validated()


# ---------------------------------------------------------------------- generator


def test_a_generator_has_draws_and_nothing_else():
    prior, z = at_start(Generator(), 2), rows(3, 2)
    assert not prior.has_density
    assert torch.equal(prior.sample(z), prior.to_representation_space(z))
    for method in (prior.log_prob, prior.to_generation_space):
        with pytest.raises(NoDensityError, match="choose prior='decoupled'"):
            method(z)


# ---------------------------------------------------------------------- goldens


def test_golden_of_four_components():
    prior, z = as_prior(golden_flow(4)), double(0.5, -1, 1.5, 0.25)
    z0, log_det = prior(z)
    assert_golden(z0, 0.1839161216, -1.2634866451, 0.8757660370, 0.4954467340)
    assert_golden(log_det, -0.6771446086)
    assert_golden(prior.log_prob(z), -5.6742273714)
    back = prior.to_representation_space(torch.ones_like(z))
    assert_golden(back, 0.1391163808, 1.3586316069, 1.2310101938, 1.5991934030)


def test_golden_of_the_golden_batch():
    prior, q = as_prior(golden_flow(3)), NormalParameters(LOC, LOGVAR)
    assert_golden(prior(Z)[1], -0.6268133117, -0.7890531153, 0.7209770046, 0.5225918769)
    assert_golden(prior.log_prob(Z), -4.1615702913, -9.1156788003, -9.1154053789, -3.1605387652)
    assert_golden(prior.kl(q, Z), 0.4047546917, 4.6921965341, 4.8585897792, -0.9296101678)
    assert_golden(prior.kl(q, Z).mean(), 2.2564827093)
    assert_golden((q.log_prob(Z) - prior.log_prob(Z)).mean(), 2.9703175164)


def test_golden_divergence():
    blocks = [
        (double(1, 0), tanh_conditioner(double([0, 0.5], [0.4, 0]), double([0, 0.8], [-0.7, 0]))),
        (double(0, 1), tanh_conditioner(double([0, -0.3], [0.6, 0]), double([0, 0.2], [0.1, 0]))),
    ]
    q, (nodes, weights) = NormalParameters(double(0.3, -0.5), double(-0.4, 0.2)), gauss_hermite(60)
    z = q.rsample(torch.cartesian_prod(nodes, nodes))
    probabilities = torch.cartesian_prod(weights, weights).prod(-1)
    assert_golden(probabilities @ as_prior(blocks).kl(q, z), 1.1746490046)
