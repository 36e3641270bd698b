import pytest
import torch
from golden_batch import (
    LOGVAR,
    NOISE,
    Z,
    assert_golden,
    count,
    double,
    gauss_hermite,
    golden_flow,
    log_prior,
    log_standard_normal,
    tanh_conditioner,
    to_generation_space,
    to_representation_space,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from vaekit.functional import coupling, coupling_inverse, entropy_normal


def test_golden_flow_of_four_components():
    blocks, z = golden_flow(4), double(0.5, -1, 1.5, 0.25)
    z0, log_det = to_generation_space(blocks, z)
    assert_golden(z0, 0.1839161216, -1.2634866451, 0.8757660370, 0.4954467340)
    assert_golden(log_det, -0.6771446086)
    assert_golden(log_prior(blocks, z), -5.6742273714)
    back, _ = to_representation_space(blocks, torch.ones_like(z))
    assert_golden(back, 0.1391163808, 1.3586316069, 1.2310101938, 1.5991934030)


def test_golden_flow_with_a_prior_that_depends_on_a_label():
    z0, log_det = to_generation_space(golden_flow(4), double(0.5, -1, 1.5, 0.25))
    assert_golden(log_standard_normal(z0 - 0.5 * 2) + log_det, -7.3825851240)


def test_golden_flow_on_the_golden_batch():
    blocks = golden_flow(3)
    _, log_det = to_generation_space(blocks, Z)
    assert_golden(log_det, -0.6268133117, -0.7890531153, 0.7209770046, 0.5225918769)
    assert_golden(log_prior(blocks, Z), -4.1615702913, -9.1156788003, -9.1154053789, -3.1605387652)
    log_posterior = log_standard_normal(NOISE) - LOGVAR.sum(-1) / 2
    assert_golden((log_posterior - log_prior(blocks, Z)).mean(), 2.9703175164)
    semi_analytic = -entropy_normal(LOGVAR) - log_prior(blocks, Z)
    assert_golden(semi_analytic, 0.4047546917, 4.6921965341, 4.8585897792, -0.9296101678)
    assert_golden(semi_analytic.mean(), 2.2564827093)


def test_golden_divergence_by_quadrature():
    blocks = [
        (double(1, 0), tanh_conditioner(double([0, 0.5], [0.4, 0]), double([0, 0.8], [-0.7, 0]))),
        (double(0, 1), tanh_conditioner(double([0, -0.3], [0.6, 0]), double([0, 0.2], [0.1, 0]))),
    ]
    loc, logvar = double(0.3, -0.5), double(-0.4, 0.2)
    nodes, weights = gauss_hermite(60)
    z = loc + torch.exp(logvar / 2) * torch.cartesian_prod(nodes, nodes)
    probabilities = torch.cartesian_prod(weights, weights).prod(-1)
    z0, log_det = to_generation_space(blocks, z)
    closed = 0.5 * (-logvar.sum() - 2 + probabilities @ z0.square().sum(-1)) - probabilities @ log_det
    assert_golden(closed, 1.1746490046)
    assert_golden(-entropy_normal(logvar) - probabilities @ log_prior(blocks, z), 1.1746490046)


def random_flow(n_components, n_blocks, seed):
    generator = torch.Generator().manual_seed(seed)

    def conditioner():
        W, V = torch.randn(2, n_components, n_components, generator=generator, dtype=torch.float64) / n_components
        return lambda u: (torch.tanh(torch.sin(3 * u @ W) @ V), torch.relu(u @ W) @ V)

    return [((count(n_components) + k) % 2, conditioner()) for k in range(n_blocks)]


@settings(max_examples=30, deadline=None)
@given(n_components=st.integers(2, 6), n_blocks=st.integers(1, 4), seed=st.integers(0, 1000))
def test_log_determinant_and_inverse_of_random_flows(n_components, n_blocks, seed):
    blocks = random_flow(n_components, n_blocks, seed)
    z = torch.randn(3, n_components, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    z0, log_det = to_generation_space(blocks, z)

    jacobians = [torch.autograd.functional.jacobian(lambda row: to_generation_space(blocks, row)[0], row) for row in z]
    torch.testing.assert_close(log_det, torch.stack([torch.linalg.slogdet(jacobian)[1] for jacobian in jacobians]))

    back, log_det_back = to_representation_space(blocks, z0)
    torch.testing.assert_close(back, z)
    torch.testing.assert_close(log_det_back, -log_det)


def test_zeros_of_the_conditioner_give_the_identity():
    z0, log_det = coupling(Z, double(1, 0, 1), lambda u: (torch.zeros_like(u), torch.zeros_like(u)))
    assert torch.equal(z0, Z)
    assert not log_det.any()


def test_what_passes_is_left_alone_whatever_the_conditioner_says_there():
    z = Z.clone().requires_grad_()
    z0, log_det = coupling(z, double(1, 0, 1), lambda u: (1000 * double(1, 0, 1) + 0 * u, u))
    torch.testing.assert_close(z0[:, [0, 2]], z[:, [0, 2]])
    (z0.sum() + log_det.sum()).backward()
    assert z.grad.isfinite().all()


@pytest.mark.parametrize("function", [coupling, coupling_inverse])
def test_the_conditioner_sees_only_what_passes(function):
    seen = []
    function(Z, double(1, 0, 1), lambda u: (seen.append(u), (u, u))[1])
    assert torch.equal(seen[0], Z * double(1, 0, 1))


def test_masks_may_be_boolean():
    conditioner = tanh_conditioner(torch.eye(3, dtype=torch.float64), torch.eye(3, dtype=torch.float64))
    for with_floats, with_words in zip(
        coupling(Z, double(1, 0, 1), conditioner), coupling(Z, torch.tensor([True, False, True]), conditioner)
    ):
        assert torch.equal(with_floats, with_words)


def test_a_constant_scale_gives_the_closed_form_divergence_to_a_wider_normal():
    c = 2.0
    scale = [
        (mask, lambda u: (torch.full_like(u, c).log(), torch.zeros_like(u))) for mask in (double(1, 0), double(0, 1))
    ]
    loc, logvar = double(0.4, -1.0), double(-0.7, 0.3)
    nodes, weights = gauss_hermite(20)
    z = loc + torch.exp(logvar / 2) * torch.cartesian_prod(nodes, nodes)
    estimate = -entropy_normal(logvar) - torch.cartesian_prod(weights, weights).prod(-1) @ log_prior(scale, z)
    closed = 0.5 * (c**2 * (loc.square() + logvar.exp()) - torch.log(c**2 * logvar.exp()) - 1).sum()
    torch.testing.assert_close(estimate, closed)
