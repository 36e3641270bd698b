"""Worlds with a known answer give it."""

import numpy as np
import pytest
from scipy import stats

from vaekit.datasets import make_ar1_sequence, make_linear_mixture, make_observed_factors, make_two_moons


def test_factors_are_observed_with_the_asked_noise():
    world = make_observed_factors(factor_sizes=(40, 50), noise=0.2, random_state=0)
    residual = world.data - world.factors / [39, 49]
    assert abs(residual.std() - 0.2) < 0.01
    assert abs(np.corrcoef(residual.T)[0, 1]) < 0.08


@pytest.mark.parametrize(("n_components", "n_features"), [(2, 5), (1, 1), (4, 3)])
def test_likelihood_prior_and_posterior_satisfy_bayes(n_components, n_features):
    world = make_linear_mixture(200, n_components=n_components, n_features=n_features, noise_scale=0.3, random_state=0)
    log_prior = stats.norm.logpdf(world.factors).sum(axis=1)
    log_conditional = stats.norm.logpdf(world.data, world.factors @ world.loadings.T, world.noise_scale).sum(axis=1)
    posterior = stats.multivariate_normal(cov=world.posterior_covariance)
    log_posterior = posterior.logpdf(world.factors - world.posterior_mean)
    np.testing.assert_allclose(world.log_likelihood, log_conditional + log_prior - log_posterior, atol=1e-8)


def test_the_mixture_has_the_announced_covariance():
    world = make_linear_mixture(200_000, random_state=0)
    np.testing.assert_allclose(np.cov(world.data.T), world.covariance, atol=0.05)
    entropy = stats.multivariate_normal(cov=world.covariance).entropy()
    assert abs(world.log_likelihood.mean() + entropy) < 0.01  # five features: standard error sqrt(5/2) / 447 = 0.0035


@pytest.mark.parametrize("innovation", ["normal", "laplace"])
def test_innovations_have_the_announced_distribution(innovation):
    world = make_ar1_sequence(5000, n_components=2, autocorrelation=[0.8, -0.3], innovation=innovation, random_state=0)
    z, rho = world.factors, world.autocorrelation
    e = (z[1:] - rho * z[:-1]) / np.sqrt(1 - rho**2)
    expected = {"normal": stats.norm(), "laplace": stats.laplace(scale=np.sqrt(0.5))}[innovation]
    other = {"normal": stats.laplace(scale=np.sqrt(0.5)), "laplace": stats.norm()}[innovation]
    for column in e.T:
        assert stats.kstest(column, expected.cdf).pvalue > 0.01
        assert stats.kstest(column, other.cdf).pvalue < 1e-6
    np.testing.assert_allclose(z.var(axis=0), 1, atol=0.1)


def test_innovations_are_independent_in_time_and_between_factors():
    world = make_ar1_sequence(20_000, autocorrelation=0.5, random_state=0)
    z, rho = world.factors, world.autocorrelation
    e = z[1:] - rho * z[:-1]
    assert abs(np.corrcoef(e.T)[0, 1]) < 0.03
    assert np.abs((e[1:] * e[:-1]).mean(axis=0)).max() < 0.03
    np.testing.assert_allclose((z[1:] * z[:-1]).mean(axis=0), 0.5, atol=0.05)


@pytest.mark.parametrize("n_features", [3, 7])
def test_observations_can_be_unmixed(n_features):
    linear = make_ar1_sequence(50, n_components=3, n_features=n_features, random_state=0)
    np.testing.assert_allclose(linear.data @ linear.loadings, linear.factors, atol=1e-12)
    np.testing.assert_array_equal(linear.rotation, np.eye(3))
    smooth = make_ar1_sequence(50, n_components=3, n_features=n_features, mixing="smooth", random_state=0)
    unmixed = np.sinh(3 * smooth.data @ smooth.loadings) / 3 @ smooth.rotation
    np.testing.assert_allclose(unmixed, smooth.factors, atol=1e-10)
    _, residuals, *_ = np.linalg.lstsq(np.c_[smooth.factors, np.ones(50)], smooth.data, rcond=None)
    assert residuals.sum() > 0.01 * smooth.data.var(axis=0).sum() * 50  # and no linear map does it


def test_two_moons_are_standardised_and_apart():
    moons = make_two_moons(random_state=0)
    np.testing.assert_allclose(moons.data.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(moons.data.std(axis=0), 1, atol=1e-12)
    raw = make_two_moons(random_state=0, standardize=False)
    np.testing.assert_array_equal(raw.factors, moons.factors)
    upper = raw.data[raw.factors[:, 0] == 0]
    radius = np.linalg.norm(upper, axis=1)
    assert abs(radius.mean() - 1) < 0.01
    assert abs(radius.std() - 0.05) < 0.005
