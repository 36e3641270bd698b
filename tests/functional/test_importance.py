import pytest
import torch
from golden_batch import assert_golden, count, double, gauss_hermite

from vaekit.functional import importance_weighted_bound, normal_log_density

LOG_P_X = -1.5155121235


def log_weights(eps):
    """Return log w of z ~ N(0, 1), x | z ~ N(z, 1) at x = 1, with q(z | x) = N(.3, .49)."""
    zero, x, loc, logvar = double(0), double(1), double(0.3), double(0.49).log()
    z = loc + torch.exp(logvar / 2) * eps
    return normal_log_density(x, z, zero) + normal_log_density(z, zero, zero) - normal_log_density(z, loc, logvar)


def test_bound_of_four_samples():
    log_w = log_weights(double(-1, -0.3, 0.4, 1.2))
    assert_golden(importance_weighted_bound(log_w), -1.5112252462)
    assert_golden(log_w.mean(), -1.5378884771)


def test_negative_log_likelihood_from_log_weights():
    assert_golden(-importance_weighted_bound(double(-1, -2, -3)), 1.6910063242)


@pytest.mark.parametrize(("n_samples", "expected"), [(1, -1.5556134771), (2, -1.5363342797), (3, -1.5295892978)])
def test_expected_bound_rises_towards_the_log_likelihood(n_samples, expected):
    nodes, weights = gauss_hermite(48)
    samples = torch.cartesian_prod(*[nodes] * n_samples).reshape(-1, n_samples)
    probabilities = torch.cartesian_prod(*[weights] * n_samples).reshape(-1, n_samples).prod(-1)
    bound = (probabilities * importance_weighted_bound(log_weights(samples), dim=1)).sum()
    assert_golden(bound, expected)
    assert bound < LOG_P_X


def test_bound_is_never_below_the_mean_and_equals_it_for_one_sample():
    log_w = torch.sin(count(35)).reshape(5, 7) * 40
    assert (importance_weighted_bound(log_w) >= log_w.mean(0)).all()
    torch.testing.assert_close(importance_weighted_bound(log_w[:1]), log_w[0])


def test_an_exact_posterior_makes_the_bound_exact_and_large_weights_do_not_overflow():
    log_w = torch.full((4, 3), 2000.0)
    torch.testing.assert_close(importance_weighted_bound(log_w), log_w[0])


def test_the_axis_of_the_samples_can_be_named():
    log_w = torch.sin(count(12)).reshape(3, 4)
    torch.testing.assert_close(importance_weighted_bound(log_w, dim=1), importance_weighted_bound(log_w.T))
