import numpy as np
import pytest
from gaussian_worlds import GaussianWorld, Sampler, collapsed_world, four_dimensional_world
from scipy.stats import norm
from sklearn.exceptions import UndefinedMetricWarning

from vaekit.evaluation import (
    AggregatePosterior,
    high_posterior_samples,
    leakage_curve,
    low_posterior_samples,
)
from vaekit.exceptions import MissingMethodError, NoDensityError

X = np.random.default_rng(1).normal(size=(50, 4))
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
    [("base", [0.8068528194, 1.0444698185, 0.9738889834]), ("latent", [0.8068528194, 1.0027966248, 0.8972512703])],
)
def test_leakage_under_a_decoupled_prior(threshold, exact):
    """g(z) = 2 z, q = N(0, 1): the Jacobian stays in the ratio, whichever density is held against tau."""
    world = collapsed_world(0.0, 1.0, spread=0.5)
    curve = leakage_curve(world, ONE_ROW, [np.inf, -2, -3], threshold=threshold, n_samples=50000, random_state=0)
    assert np.all(np.abs(curve.value - exact) < 3 * curve.standard_error)


def test_base_leakage_does_not_see_the_scale_of_the_latents():
    plain, scaled = collapsed_world(1.0, 1.0), collapsed_world(7.0, 7.0, spread=7.0)
    curves = [leakage_curve(world, ONE_ROW, [-1.5, -3], random_state=0) for world in (plain, scaled)]
    np.testing.assert_allclose(curves[0], curves[1], atol=1e-9)


def test_thresholds_that_nothing_lies_below_are_undefined():
    with pytest.warns(UndefinedMetricWarning, match=r"below the thresholds \[-1000.0\]"):
        curve = leakage_curve(collapsed_world(0.0, 1.0), ONE_ROW, [-1000, -2], random_state=0)
    assert np.isnan(curve.value[0])
    assert curve.fraction[0] == 0
    assert np.isfinite(curve.value[1])


def test_low_posterior_samples_are_farthest_from_the_only_encoding():
    world = collapsed_world(2.0, 0.5, shift=1.0, spread=3.0)
    samples = low_posterior_samples(world, ONE_ROW, 20, n_candidates=1000, random_state=0)
    candidates = 1 + 3 * np.random.RandomState(0).standard_normal((1000, 1))
    farthest = candidates[np.argsort(-np.abs(candidates[:, 0] - 2))[:20]]
    np.testing.assert_allclose(samples.representation, farthest)
    np.testing.assert_allclose(samples.generation, (farthest - 1) / 3)
    np.testing.assert_allclose(samples.data, farthest)
    np.testing.assert_allclose(samples.log_q, norm.logpdf(farthest[:, 0], 2, 0.5), rtol=1e-10)
    assert np.all(np.diff(samples.log_q) >= 0)


@pytest.mark.parametrize(("rank_by", "density"), [("base", "base"), ("latent", "latent")])
def test_high_posterior_samples_name_the_rows_they_came_from(rank_by, density):
    world = four_dimensional_world(scale=1e-7)
    samples = high_posterior_samples(world, X, 10, n_candidates=300, rank_by=rank_by, random_state=0)
    np.testing.assert_allclose(samples.representation, world.transform(X)[samples.row], atol=1e-5)
    np.testing.assert_allclose(samples.data, world.inverse_transform(samples.representation))
    np.testing.assert_allclose(samples.log_prior, world.log_prior(samples.representation))
    q = AggregatePosterior.from_estimator(world, X)
    np.testing.assert_allclose(samples.log_q, q.log_density(samples.representation))
    base = norm.logpdf(samples.generation).sum(axis=1)
    ranked = base if density == "base" else samples.log_prior
    assert np.all(np.diff(ranked) >= 0)
    assert ranked[0] == pytest.approx(ranked_minimum(world, density), abs=1e-4)


def ranked_minimum(world, density):
    codes = world.transform(X)
    return (
        norm.logpdf(world.to_generation_space(codes)).sum(axis=1) if density == "base" else world.log_prior(codes)
    ).min()


def test_a_prior_of_its_own_is_drawn_from_by_name():
    class TwoHumps(GaussianWorld):
        def log_prior(self, Z):
            return np.logaddexp(norm.logpdf(Z, -9, 1), norm.logpdf(Z, 9, 1)).sum(axis=-1) - np.log(2)

        def to_generation_space(self, Z):
            return Z

        to_representation_space = to_generation_space

    class Sampled(TwoHumps):
        def sample_prior(self, n_samples, random_state):
            return random_state.choice([-9.0, 9.0], (n_samples, 1)) + random_state.standard_normal((n_samples, 1))

    with pytest.raises(ValueError, match=r"TwoHumps is no N\(0, I\).*sample_prior"):
        low_posterior_samples(TwoHumps(), ONE_ROW)
    with pytest.raises(ValueError, match="'latent'"):
        leakage_curve(TwoHumps(), ONE_ROW, [-3])
    assert leakage_curve(TwoHumps(), ONE_ROW, [np.inf], threshold="latent").value > 0
    assert np.abs(low_posterior_samples(Sampled(), ONE_ROW, random_state=0).representation).min() > 5


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda world: low_posterior_samples(world, X, 10, n_candidates=5), ValueError, "too few to keep n_samples=10"),
        (lambda world: high_posterior_samples(world, X, rank_by="prior"), ValueError, "rank_by must be"),
        (lambda world: leakage_curve(world, X, [-3], threshold="prior"), ValueError, "threshold must be"),
        (lambda world: leakage_curve(Sampler(world), X, [-3]), NoDensityError, "needs log_prior"),
        (lambda world: low_posterior_samples(Sampler(world), X), MissingMethodError, "needs inverse_transform"),
    ],
)
def test_errors_teach(call, error, words):
    with pytest.raises(error, match=words):
        call(four_dimensional_world())
