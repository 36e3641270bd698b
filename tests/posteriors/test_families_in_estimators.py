"""Posterior families in estimators: every objective that needs samples and log q alone, and all that is inferred."""

import functools
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from vaekit import AAE, DIPVAE, DPVAE, IWAE, VAE, WAE, BetaTCVAE, FactorVAE, FlowPriorVAE, InfoVAE
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.objectives import ELBO, Capacity
from vaekit.posteriors import FixedScale

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 5)) + 0.3 * rng.normal(size=(300, 5))
TINY = {"n_components": 2, "hidden_layer_sizes": (16,), "max_epochs": 10, "batch_size": 32, "random_state": 0}
FAMILIES = ("full_normal", "iaf")
MODELS = {
    "VAE": VAE(),
    "DPVAE": DPVAE(),
    "capacity": VAE(objective=Capacity(max_capacity=2)),
    "free bits per row": VAE(objective=ELBO(free_bits=0.1, free_bits_per="row")),
    "FactorVAE": FactorVAE(),
    "InfoVAE": InfoVAE(),
    "flow prior": FlowPriorVAE(),
    "mixture": VAE(prior="mixture"),
    "pseudo-inputs": VAE(prior="vamp").set_params(prior__n_pseudo_inputs=5),
    "flow matching": VAE(prior="flow_matching").set_params(prior__n_steps=4, prior__hidden_width=8),
    "post hoc": VAE(prior="post_hoc"),
}
WITHOUT_DENSITY = {"WAE": WAE(), "AAE": AAE()}


def fitted(model, family):
    return clone(model).set_params(posterior_family=family, **TINY).fit(X)


@functools.cache
def fitted_once(name, family):
    """The same for all that look at it."""
    return fitted({**MODELS, **WITHOUT_DENSITY}[name], family)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", [*MODELS, *WITHOUT_DENSITY])
def test_it_trains_is_asked_and_is_kept(name, family):
    model = fitted_once(name, family)
    assert model.history_[-1]["reconstruction"] < model.history_[0]["reconstruction"]
    twin, Z = pickle.loads(pickle.dumps(model)), model.sample_posterior(X, 3)
    assert Z.shape == (3, 300, 2)
    np.testing.assert_array_equal(twin.log_posterior(X, Z), model.log_posterior(X, Z))
    np.testing.assert_array_equal(twin.sample(4), model.sample(4))
    assert np.isfinite(model.transform(X)).all()
    assert (model.posterior(X).scale > 0).all()
    assert model.kl_per_component_.shape == (2,)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", MODELS)
def test_the_bound_is_that_of_the_public_densities(name, family):
    model = fitted_once(name, family)
    Z = model.sample_posterior(X[:100], 300, random_state=1)
    drawn = model.log_likelihood(X[:100], Z) + model.log_prior(Z) - model.log_posterior(X[:100], Z)
    error = drawn.mean(axis=1).std() / 300**0.5
    elbo = model.score(X[:100])
    assert abs(elbo - drawn.mean()) < 5 * error + 0.05
    assert model.score_samples(X[:100], n_importance_samples=100).mean() > elbo - 1e-2


@pytest.mark.parametrize("family", FAMILIES)
def test_draws_have_the_density(family):
    """E_q[N(z; m, s) / q(z)] = 1 for a normal about the draws."""
    model = fitted_once("VAE", family)
    Z = model.sample_posterior(X[:20], 2000, random_state=0)
    loc, scale = Z.mean(axis=0), 0.7 * Z.std(axis=0)
    log_normal = (-0.5 * ((Z - loc) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)).sum(axis=-1)
    ratio = np.exp(log_normal - model.log_posterior(X[:20], Z))
    assert (np.abs(ratio.mean(axis=0) - 1) < 5 * ratio.std(axis=0) / 2000**0.5).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_objectives_of_independent_normals_say_so(family):
    for model in (BetaTCVAE(), DIPVAE(kind="ii"), VAE(objective=ELBO(free_bits=0.1))):
        with pytest.raises(IncompatibleChoiceError, match=r"needs a posterior of independent normals.*'normal'"):
            fitted(model, family)


def test_without_steps_it_is_the_vae():
    plain = VAE(**TINY).fit(X)
    none = VAE(**TINY, posterior_family="iaf").set_params(posterior_family__n_steps=0).fit(X)
    np.testing.assert_array_equal(none.transform(X), plain.transform(X))
    np.testing.assert_array_equal(none.score_samples(X), plain.score_samples(X))


def test_a_family_known_through_its_draws_has_no_density_whatever_the_estimator():
    implicit = VAE(posterior_family="implicit", objective="adversarial_variational_bayes")
    assert not any(hasattr(implicit, name) for name in ("log_posterior", "score_samples", "score"))
    assert all(hasattr(VAE(), name) for name in ("log_posterior", "score_samples", "score"))


def test_an_encoder_without_noise_is_scored_as_its_docstring_says():
    """The bound takes a posterior of scale e^-10."""
    point, narrow = fitted(VAE(), FixedScale(scale=0)), fitted(VAE(), FixedScale(scale=np.exp(-10)))
    np.testing.assert_allclose(point.score(X), narrow.score(X), atol=0.05)
    for model in (point, fitted(IWAE(n_samples=3), FixedScale(scale=0))):
        assert np.isfinite(model.score_samples(X)).all()
        assert np.isfinite(model.score_samples(X, n_importance_samples=3)).all()


def test_the_kl_of_an_encoder_without_noise_is_infinite_even_where_no_code_moves():
    model = DPVAE(**TINY, posterior_family=FixedScale(scale=0)).fit(np.ones((9, 3)))
    assert np.isposinf(model.kl_per_component_).all()


def test_codes_that_no_draw_comes_to_have_a_density_that_is_a_number():
    """The way back through a flow divides by shares that such codes make 0."""
    model = VAE(**TINY | {"max_epochs": 1}, posterior_family="iaf").fit(X)
    far = 10.0 ** np.array([[3, 8, 15], [15, 3, 8]]).T
    log_q = model.log_posterior(X[:3], far * [1, -1])
    assert np.isfinite(log_q).all()
    assert (log_q < -1e3).all()
