import numpy as np
import pytest
from gaussian_worlds import Sampler, TwoHumps, TwoHumpsWithoutSampler, collapsed_world, four_dimensional_world
from scipy.stats import norm

from vaekit.evaluation import (
    AggregatePosterior,
    high_posterior_samples,
    leakage_curve,
    low_posterior_samples,
)
from vaekit.exceptions import IncompatibleChoiceError, MissingMethodError

X = np.random.default_rng(1).normal(size=(50, 4))
ONE_ROW = np.zeros((1, 1))


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


@pytest.mark.parametrize("rank_by", ["generation", "representation"])
def test_high_posterior_samples_name_the_rows_they_came_from(rank_by):
    world = four_dimensional_world(scale=1e-7)
    samples = high_posterior_samples(world, X, 10, n_candidates=300, rank_by=rank_by, random_state=0)
    np.testing.assert_allclose(samples.representation, world.transform(X)[samples.row], atol=1e-5)
    np.testing.assert_allclose(samples.data, world.inverse_transform(samples.representation))
    np.testing.assert_allclose(samples.log_prior, world.log_prior(samples.representation))
    q = AggregatePosterior.from_estimator(world, X)
    np.testing.assert_allclose(samples.log_q, q.log_density(samples.representation))
    in_generation_space = norm.logpdf(samples.generation).sum(axis=1)
    ranked = in_generation_space if rank_by == "generation" else samples.log_prior
    assert np.all(np.diff(ranked) >= 0)
    assert ranked[0] == pytest.approx(ranked_minimum(world, rank_by), abs=1e-4)


def ranked_minimum(world, rank_by):
    codes = world.transform(X)
    return (
        norm.logpdf(world.to_generation_space(codes)).sum(axis=1) if rank_by == "generation" else world.log_prior(codes)
    ).min()


def test_a_prior_of_its_own_is_drawn_from_by_name():
    assert np.abs(low_posterior_samples(TwoHumps(), ONE_ROW, random_state=0).representation).min() > 5
    with pytest.raises(IncompatibleChoiceError, match=r"TwoHumpsWithoutSampler is no N\(0, I\).*sample_prior"):
        low_posterior_samples(TwoHumpsWithoutSampler(), ONE_ROW)


class TwoHumpsWithoutSpaces(TwoHumps):
    """As models with such a prior are: they do not have the methods."""

    @property
    def to_generation_space(self):
        raise AttributeError

    to_representation_space = to_generation_space


@pytest.mark.parametrize("world", [TwoHumps(), TwoHumpsWithoutSpaces()])
def test_a_prior_that_is_no_image_of_a_normal_has_no_generation_space(world):
    with pytest.raises(IncompatibleChoiceError, match="threshold='representation'"):
        leakage_curve(world, ONE_ROW, [-3])
    with pytest.raises(IncompatibleChoiceError, match="rank_by='representation'"):
        high_posterior_samples(world, ONE_ROW, 3)
    assert leakage_curve(world, ONE_ROW, [np.inf], threshold="representation").value > 0
    leaks = high_posterior_samples(world, ONE_ROW, 3, rank_by="representation", random_state=0)
    pockets = low_posterior_samples(world, ONE_ROW, 3, random_state=0)
    assert (leaks.row == 0).all()
    for samples in (leaks, pockets):
        assert (samples.generation is None) == isinstance(world, TwoHumpsWithoutSpaces)
        assert samples.data.shape[0] == 3


def test_a_flow_that_fixes_the_only_code_is_still_a_flow():
    """Codes have collapsed to 0, which g(z) = z / 2 leaves where it is: that does not make the two spaces one."""
    world = collapsed_world(0.0, 1e-9, spread=2.0)
    log_q = high_posterior_samples(world, ONE_ROW, 5, random_state=0).log_q
    assert np.isfinite(log_q).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda world: low_posterior_samples(world, X, 10, n_candidates=5), ValueError, "too few to keep n_samples=10"),
        (lambda world: high_posterior_samples(world, X, rank_by="prior"), ValueError, "rank_by must be"),
        (lambda world: low_posterior_samples(Sampler(world), X), MissingMethodError, "needs inverse_transform"),
    ],
)
def test_errors_teach(call, error, words):
    with pytest.raises(error, match=words):
        call(four_dimensional_world())
