"""Grids, pipelines and parallel workers."""

import os
import signal

import numpy as np
import pytest
from family import IMAGES, X, same_bits, tiny
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from skorch.callbacks import Callback

from vaekit import VAE, BetaDPVAE, BetaVAE, DecoupledBetaVAE
from vaekit.model_selection import UDRSearch
from vaekit.priors import Decoupled, StandardNormal

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")

y = (X[:, 0] > 2).astype(int)


# ------------------------------------------------------------------ workers


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_a_grid_search_gives_the_same_scores_in_any_worker(backend):
    search = GridSearchCV(tiny("BetaVAE"), {"beta": [0.5, 1, 4, 16]}, cv=3, error_score="raise")
    alone = search.fit(X).cv_results_["split0_test_score"], search.best_estimator_.transform(X)
    with parallel_config(backend, n_jobs=2):
        search.fit(X)
    assert same_bits(search.cv_results_["split0_test_score"], alone[0])
    assert same_bits(search.best_estimator_.transform(X), alone[1])
    assert len(set(alone[0])) == 4


@pytest.mark.parametrize(("backend", "n_jobs"), [("threading", 4), ("loky", 2)])
def test_fits_at_the_same_time_are_the_fits_one_after_another(backend, n_jobs):
    names = ["VAE", "DPVAE", "FactorDPVAE", "InfoVAE"]
    models = [tiny(name, max_epochs=6, random_state=seed) for seed, name in enumerate(names)]
    together = Parallel(n_jobs=n_jobs, backend=backend)(delayed(model.fit_transform)(X) for model in models)
    assert all(same_bits(codes, model.fit_transform(X)) for codes, model in zip(together, models))


# ------------------------------------------------------------------ grids


def test_a_pipeline_names_its_step_and_searches_it():
    pipeline = make_pipeline(MinMaxScaler(), tiny("DecoupledBetaVAE"), LogisticRegression())
    assert list(pipeline.named_steps) == ["minmaxscaler", "decoupledbetavae", "logisticregression"]
    grid = {"decoupledbetavae__beta": [1, 4], "decoupledbetavae__prior__n_couplings": [2, 4]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(X).shape == y.shape
    best = search.best_estimator_["decoupledbetavae"]
    assert best.prior.n_couplings == search.best_params_["decoupledbetavae__prior__n_couplings"]


def test_the_readme_pipeline():
    pipeline = make_pipeline(MinMaxScaler(), DecoupledBetaVAE(beta=4, max_epochs=2), HistGradientBoostingClassifier())
    assert pipeline.fit(X, y).predict(X).shape == y.shape


def test_a_grid_over_words_and_the_parameters_of_one_of_them():
    grid = [{"prior": ["normal"]}, {"prior": ["decoupled"], "prior__n_couplings": [2, 4]}]
    search = GridSearchCV(tiny("VAE"), grid, cv=2, error_score="raise").fit(X)
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores)) == 3
    expected = [StandardNormal(), Decoupled(n_couplings=2), Decoupled(n_couplings=4)]
    alone = [cross_val_score(tiny("VAE", prior=prior), X, cv=2).mean() for prior in expected]
    np.testing.assert_array_equal(scores, alone)


def test_a_grid_over_specs():
    search = GridSearchCV(tiny("VAE"), {"prior": [StandardNormal(), Decoupled(n_couplings=2)]}, cv=2).fit(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_the_default_score_is_the_elbo_whatever_beta_is():
    model = tiny("BetaVAE", beta=8).fit(X)
    assert GridSearchCV(model, {"beta": [8]}, cv=[(range(35), range(35))]).fit(X).best_score_ == model.score(X)


# ------------------------------------------------------------------ set_params


def test_a_word_becomes_a_fresh_spec_when_a_parameter_of_it_is_set():
    model = VAE(prior="decoupled").set_params(prior__n_couplings=6)
    assert isinstance(model.prior, Decoupled)
    assert (model.prior.n_couplings, model.get_params()["prior__n_couplings"]) == (6, 6)
    assert BetaDPVAE().prior == BetaDPVAE(prior="decoupled").prior == "decoupled"  # defaults are never shared specs
    both = VAE().set_params(prior="decoupled", prior__n_couplings=2, likelihood="normal", likelihood__scale=0.5)
    assert (both.prior.n_couplings, both.likelihood.scale) == (2, 0.5)
    assert VAE(prior=Decoupled()).set_params(prior__mask="halves").prior.mask == "halves"
    assert VAE().set_params(network="mlp", network__hidden_layer_sizes=(3,)).network.hidden_layer_sizes == (3,)
    assert VAE().set_params(objective__beta=3).objective.beta == 3


def test_a_word_replaces_a_spec():
    model = VAE(prior=Decoupled(n_couplings=6)).set_params(prior="decoupled")
    assert model.prior == "decoupled"
    assert model.set_params(prior__hidden_width=8).prior.n_couplings == Decoupled().n_couplings


@pytest.mark.parametrize(
    ("model", "params", "words"),
    [
        (VAE(), {"prior__n_couplings": 2}, "'n_couplings'.*prior='normal'"),
        (VAE(prior="decoupled"), {"prior__couplings": 2}, r"'couplings'.*prior='decoupled'.*n_couplings"),
        (VAE(), {"prior": "elementwise_flow", "prior__n_couplings": 2}, "'n_couplings'.*prior='elementwise_flow'"),
        (VAE(), {"likelihood__scale": 2}, "'scale'.*likelihood='auto'.*'likelihood'"),
        (VAE(), {"prior": "gaussian", "prior__x": 2}, "'x'.*prior='gaussian'.*'decoupled'"),
        (VAE(prior=Decoupled()), {"prior__couplings": 2}, r"'couplings' for estimator Decoupled\(\)"),
        (BetaVAE(), {"gamma": 2}, r"'gamma' for estimator BetaVAE\(\)"),
    ],
)
def test_what_a_word_does_not_have_is_named_with_the_word(model, params, words):
    before = model.get_params()
    with pytest.raises(ValueError, match=words):
        model.set_params(**params)
    assert model.get_params().keys() == before.keys()


# ------------------------------------------------------------------ images


def flipped(images):
    return images[..., ::-1]


@pytest.mark.parametrize(
    "images", [IMAGES, IMAGES[:, None], IMAGES / 7.0, np.repeat(IMAGES[:, None], 3, axis=1).astype(np.float32)]
)
def test_images_pass_through_pipelines_and_searches(images):
    model = tiny("DPVAE", max_epochs=1)
    pipeline = make_pipeline(FunctionTransformer(flipped), model)
    codes = pipeline.fit_transform(images)
    assert same_bits(codes, tiny("DPVAE", max_epochs=1).fit_transform(flipped(images)))
    back = pipeline.inverse_transform(codes)
    assert back.shape == images.shape
    search = GridSearchCV(pipeline, {"dpvae__n_components": [2, 3]}, cv=2, error_score="raise").fit(images)
    assert search.best_estimator_["dpvae"].image_shape_ == images.shape[1:]
    classifier = make_pipeline(model, LogisticRegression())
    assert cross_val_score(classifier, images, np.arange(20) % 2, cv=2, error_score="raise").shape == (2,)


# ------------------------------------------------------------------ interrupts


class PressOnce(Callback):
    """Ctrl-C in the second epoch of the first fit."""

    pressed = False

    def on_epoch_end(self, net, **kwargs):
        if not PressOnce.pressed and len(net.history) == 2:
            PressOnce.pressed = True
            os.kill(os.getpid(), signal.SIGINT)


SEARCHES = {
    "grid": lambda model: GridSearchCV(model, {"max_epochs": [3, 4]}, cv=2).fit(X),
    "grid in a pipeline": lambda model: GridSearchCV(make_pipeline(model), {"vae__max_epochs": [3, 4]}, cv=2).fit(X),
    "random": lambda model: RandomizedSearchCV(model, {"max_epochs": [3, 4]}, n_iter=2, cv=2).fit(X),
    "halving": lambda model: HalvingGridSearchCV(model, {"tol": [1, 2]}, cv=2, min_resources=20).fit(X),
    "cross_validate": lambda model: cross_validate(model, X, cv=2),
    "cross_val_score": lambda model: cross_val_score(model, X, cv=2),
    "udr": lambda model: UDRSearch(model, {"max_epochs": [3, 4]}, n_models=2).fit(X),
    "own loop": lambda model: [clone(model).set_params(random_state=seed).fit(X).score(X) for seed in range(3)],
}


@pytest.mark.parametrize("name", SEARCHES)
def test_an_interrupt_stops_a_search(name):
    PressOnce.pressed = False
    with pytest.raises(KeyboardInterrupt), pytest.warns(ConvergenceWarning, match="interrupted at step 10"):
        SEARCHES[name](tiny("VAE", callbacks=[PressOnce()]))


class StopEarly(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise KeyboardInterrupt


def test_callbacks_that_end_training_do_not_stop_a_search():
    search = GridSearchCV(tiny("VAE", callbacks=[StopEarly()]), {"max_epochs": [3, 4]}, cv=2).fit(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.n_steps_ == 5
