"""Rate and distortion against closed forms of a linear Gaussian model."""

import numpy as np
import pytest
from gaussian_worlds import Deterministic, four_dimensional_world
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from vaekit import BetaVAE, LearnedPriorAAE
from vaekit.evaluation import rate_distortion, rate_distortion_curve, reconstruction_error
from vaekit.exceptions import NoDensityError

WORLD = four_dimensional_world()
X = WORLD.sample(400, random_state=1)


def test_rate_is_the_mean_kl_and_distortion_the_reconstruction():
    point = rate_distortion(WORLD, X, n_samples=200, random_state=0)
    loc, scale = WORLD.posterior(X)
    m, s = WORLD.shift, np.broadcast_to(WORLD.spread, loc.shape[1:])
    kl = np.sum(0.5 * (((loc - m) ** 2 + scale**2) / s**2 - 1) + np.log(s / scale), axis=1)
    assert point.rate.value == pytest.approx(kl.mean(), rel=0.01)
    error = reconstruction_error(WORLD, X, n_samples=200, random_state=0)
    assert point.distortion.value == pytest.approx(error.sampled.value, rel=1e-9)


def test_their_sum_is_the_bound_and_exact_for_the_exact_posterior():
    """Then log p(x, z) - log q(z | x) is log p(x) at every z."""
    world = WORLD.with_exact_posterior()
    point = rate_distortion(world, X, random_state=0)
    assert point.negative_elbo.value == pytest.approx(-world.exact_log_marginal(X).mean(), rel=1e-9)
    assert point.negative_elbo.value == pytest.approx(point.rate.value + point.distortion.value, rel=1e-12)
    assert point.negative_elbo.standard_error < point.rate.standard_error + point.distortion.standard_error


def test_pipelines_are_looked_through():
    pipeline = make_pipeline(FunctionTransformer(), WORLD)
    assert rate_distortion(pipeline, X, random_state=0) == rate_distortion(WORLD, X, random_state=0)


def test_a_point_has_no_rate():
    with pytest.raises(NoDensityError, match=r"deterministic|A point has no density|needs"):
        rate_distortion(Deterministic(**WORLD.get_params() | {"scale": 0.0}), X)
    with pytest.raises(ValueError, match="n_samples"):
        rate_distortion(WORLD, X, n_samples=0)


def test_a_curve_is_the_points_of_fitted_copies():
    rows = np.random.default_rng(1).normal(size=(80, 4))
    world = BetaVAE(n_components=2, hidden_layer_sizes=(), max_epochs=4, learning_rate=1e-2, random_state=0)
    curve = rate_distortion_curve(world, rows, [0.1, 20], X_test=rows[:50], random_state=0)
    assert [model.beta for model in curve.estimators] == curve.values == [0.1, 20]
    assert not hasattr(world, "model_")
    for i, model in enumerate(curve.estimators):
        point = rate_distortion(model, rows[:50], random_state=0)
        assert point == curve.points[i]
        assert (curve.rate[i], curve.distortion[i]) == (point.rate.value, point.distortion.value)
    np.testing.assert_allclose(curve.negative_elbo, curve.rate + curve.distortion)
    nested = make_pipeline(FunctionTransformer(), world)
    assert rate_distortion_curve(nested, rows, [3], parameter="betavae__beta").estimators[0][-1].beta == 3
    with pytest.raises(ValueError, match="one or more values"):
        rate_distortion_curve(world, rows, [])
    with pytest.raises(ValueError, match="Invalid parameter 'gamma'"):
        rate_distortion_curve(world, rows, [1], parameter="gamma")


def test_a_value_that_fails_costs_no_other():
    rows = np.random.default_rng(1).normal(size=(30, 4))
    model = BetaVAE(n_components=2, hidden_layer_sizes=(), max_epochs=1, random_state=0)
    with pytest.warns(UserWarning, match="beta=-1 has no point of the curve, and counts as NaN.*'beta' parameter"):
        curve = rate_distortion_curve(model, rows, [1, -1], random_state=0)
    assert np.isnan(curve.rate).tolist() == [False, True]
    assert curve.estimators[1] is None
    assert curve.points[0] == rate_distortion(curve.estimators[0], rows, random_state=0)
    with (
        pytest.warns(UserWarning, match="beta=-1"),
        pytest.raises(ValueError, match=r"No model could be fitted and measured: .*'beta'"),
    ):
        rate_distortion_curve(model, rows, [-1, -1])


def test_what_was_fitted_is_handed_out_with_an_error():
    model = LearnedPriorAAE(n_components=2, hidden_layer_sizes=(), max_epochs=1, random_state=0)
    with pytest.raises(NoDensityError) as told:
        rate_distortion_curve(model, X[:30], [1e-2, 1e-3], parameter="learning_rate")
    assert [fitted.learning_rate for fitted in told.value.fitted] == [1e-2]
    assert told.value.fitted[0].n_steps_ == 1
