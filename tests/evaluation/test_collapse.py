import warnings

import numpy as np
import pytest
from gaussian_worlds import Deterministic, GaussianWorld, Sampler

from vaekit.evaluation import collapse_report, over_pruned
from vaekit.exceptions import MissingMethodError

X = np.random.default_rng(0).normal(size=(500, 2))


def two_latents(**changes):
    """The first latent copies a feature, the second is noise."""
    return GaussianWorld(W=np.eye(2), A=[[1.0, 0], [0, 0]], scale=np.array([0.1, 1.0])).set_params(**changes)


def test_one_latent_carries_everything():
    report = collapse_report(two_latents(), X)
    assert report.n_active == 1
    np.testing.assert_array_equal(report.active, [True, False])
    np.testing.assert_allclose(report.variance, [X[:, 0].var(), 0])
    np.testing.assert_allclose(report.variance_share, [X[:, 0].var() / (X[:, 0].var() + 0.01), 0])
    expected = 0.5 * (np.mean(X[:, 0] ** 2) + 0.01 - np.log(0.01) - 1)
    np.testing.assert_allclose(report.kl, [expected, 0], atol=1e-12)


def test_under_a_learned_prior_the_scale_of_a_latent_does_not_count():
    """The same code shrunk a thousandfold is as active as before; noise is no more active for being loud."""
    shrunk = two_latents(A=[[1e-3, 0], [0, 0.1]], scale=np.array([1e-4, 100.0]), spread=np.array([1e-3, 100.0]))
    report = collapse_report(shrunk, X)
    np.testing.assert_array_equal(report.active, [True, False])
    assert np.isnan(report.kl).all()
    standard = collapse_report(shrunk.set_params(spread=1.0), X)
    np.testing.assert_array_equal(standard.active, [False, False])


def test_a_learned_prior_that_agrees_where_the_codes_have_collapsed_to():
    """At z^2 = 8/3 log 2 the densities of N(0, 1) and N(0, 4) are the same, and so are all codes."""
    loc = np.sqrt(8 / 3 * np.log(2))
    collapsed = GaussianWorld(W=np.zeros((2, 1)), A=np.zeros((1, 2)), offset=loc, scale=1.0, spread=2.0)
    assert collapsed.log_prior([[loc]]) == pytest.approx(collapsed.set_params(spread=1.0).log_prior([[loc]]))
    assert np.isnan(collapse_report(collapsed.set_params(spread=2.0), X).kl).all()
    assert np.isfinite(collapse_report(collapsed.set_params(spread=1.0), X).kl).all()


def test_a_deterministic_encoder_is_all_signal():
    """Its codes could be told apart without end, were they compared with a normal prior."""
    codec = Deterministic(W=np.eye(2), A=np.eye(2), scale=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = collapse_report(codec, X)
        np.testing.assert_array_equal(collapse_report(codec.set_params(spread=2.0), X).kl, [np.nan, np.nan])
    assert report.n_active == 2
    np.testing.assert_array_equal(report.variance_share, [1, 1])
    np.testing.assert_array_equal(report.kl, [np.inf, np.inf])


def test_errors_teach():
    with pytest.raises(ValueError, match="threshold must be"):
        collapse_report(two_latents(), X, threshold=-1)
    with pytest.raises(MissingMethodError, match="needs posterior"):
        collapse_report(Sampler(two_latents()), X)


def test_a_model_with_fewer_active_latents_than_factors_is_over_pruned():
    models = [two_latents(), two_latents()]
    n_active = collapse_report(models[0], X).n_active
    assert over_pruned(models, X, n_active).tolist() == [False, False]
    assert over_pruned(models, X, n_active + 1).tolist() == [True, True]
    assert over_pruned(models, X, n_active, threshold=1e9).tolist() == [True, True]
    assert over_pruned([], X, 2).shape == (0,)
    with pytest.raises(ValueError, match="n_factors"):
        over_pruned(models, X, 0)
