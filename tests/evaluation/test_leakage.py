import numpy as np
import pytest
from gaussian_worlds import Sampler, collapsed_world, four_dimensional_world
from scipy.stats import norm
from sklearn.exceptions import UndefinedMetricWarning

from vaekit.evaluation import leakage_curve, standard_normal_thresholds
from vaekit.exceptions import NoDensityError

ONE_ROW = np.zeros((1, 1))


def leakage_below(tau):
    """q = N(1, 1), p = N(0, 1): log q - log p = z - 1/2, integrated over |z| > r."""
    r = np.sqrt(-2 * tau - np.log(2 * np.pi))
    return norm.pdf(r - 1) + 0.5 * norm.sf(r - 1) - norm.pdf(r + 1) + 0.5 * norm.cdf(-r - 1)


def test_closed_form_gives_the_known_values():
    known = {-1.5: 0.5955598923, -2: 0.5011782641, -3: 0.3035013014, -5: 0.0867672075}
    assert [leakage_below(tau) for tau in known] == pytest.approx(list(known.values()), abs=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_leakage_of_a_shifted_normal(seed):
    taus = [-1.5, -2, -3, -5, 0]
    curve = leakage_curve(collapsed_world(1.0, 1.0), ONE_ROW, taus, n_samples=20000, random_state=seed)
    exact = np.array([*(leakage_below(tau) for tau in taus[:4]), 0.5])  # above the mode it is KL(q, p)
    assert np.all(np.abs(curve.value - exact) < 3 * curve.standard_error)
    assert curve.standard_error.max() < 0.02
    assert curve.fraction[-1] == 1


@pytest.mark.parametrize(
    ("threshold", "exact"),
    [
        ("generation", [0.8068528194, 1.0444698185, 0.9738889834]),
        ("representation", [0.8068528194, 1.0027966248, 0.8972512703]),
    ],
)
def test_leakage_under_a_decoupled_prior(threshold, exact):
    """g(z) = 2 z, q = N(0, 1): the Jacobian stays in the ratio, whichever density is held against tau."""
    world = collapsed_world(0.0, 1.0, spread=0.5)
    curve = leakage_curve(world, ONE_ROW, [np.inf, -2, -3], threshold=threshold, n_samples=50000, random_state=0)
    assert np.all(np.abs(curve.value - exact) < 3 * curve.standard_error)


def test_leakage_in_generation_space_does_not_see_the_scale_of_the_latents():
    plain, scaled = collapsed_world(1.0, 1.0), collapsed_world(7.0, 7.0, spread=7.0)
    curves = [leakage_curve(world, ONE_ROW, [-1.5, -3], random_state=0) for world in (plain, scaled)]
    np.testing.assert_allclose(curves[0], curves[1], atol=1e-9)


def test_thresholds_that_nothing_lies_below_are_undefined():
    with pytest.warns(UndefinedMetricWarning, match=r"below the thresholds \[-1000.0\]"):
        curve = leakage_curve(collapsed_world(0.0, 1.0), ONE_ROW, [-1000, -2], random_state=0)
    assert np.isnan(curve.value[0])
    assert curve.fraction[0] == 0
    assert np.isfinite(curve.value[1])


@pytest.mark.parametrize("n_components", [1, 2, 10])
def test_standard_normal_draws_fall_short_of_a_threshold_as_often_as_asked(n_components):
    shares = np.array([0.001, 0.1, 0.5, 0.99])
    log_density = norm.logpdf(np.random.default_rng(0).normal(size=(50_000, n_components))).sum(axis=1)
    below = np.mean(log_density[:, None] < standard_normal_thresholds(shares, n_components), axis=0)
    assert np.all(np.abs(below - shares) < 4 * np.sqrt(shares * (1 - shares) / 50_000))


def test_errors_teach():
    with pytest.raises(ValueError, match="threshold must be"):
        leakage_curve(four_dimensional_world(), np.zeros((3, 4)), [-3], threshold="prior")
    with pytest.raises(NoDensityError, match="needs log_prior"):
        leakage_curve(Sampler(four_dimensional_world()), np.zeros((3, 4)), [-3])
