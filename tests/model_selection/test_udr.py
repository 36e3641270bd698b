"""Searching without factors."""

import numpy as np
import pandas
import polars
import pytest
import torch
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import special_ortho_group
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import Callback

from vaekit import VAE
from vaekit.metrics import gaussian_total_correlation_scorer, udr_scores
from vaekit.model_selection import UDRSearch, _udr, udr_ranking
from vaekit.persistence import Checkpoint


class Mixer(TransformerMixin, BaseEstimator):
    """Finds the columns of X up to order, or, when it mixes, up to a rotation; both by the seed."""

    def __init__(self, mixes=False, fails=False, n_dead=0, random_state=None):
        self.mixes = mixes
        self.fails = fails
        self.n_dead = n_dead
        self.random_state = random_state

    def fit(self, X, y=None):
        if self.fails and self.random_state % 2:
            raise FloatingPointError("the loss is not finite")
        rng = np.random.RandomState(self.random_state)
        n = X.shape[1]
        self.rotation_ = special_ortho_group.rvs(n, random_state=rng) if self.mixes else np.eye(n)[rng.permutation(n)]
        if self.n_dead:
            self.kl_per_component_ = np.r_[np.ones(n), np.zeros(self.n_dead)]
        return self

    def transform(self, X):
        noise = 1e-3 * np.random.RandomState(self.random_state).normal(size=(len(X), self.n_dead))
        return np.column_stack([X @ self.rotation_, noise])

    def inverse_transform(self, X):
        return X @ self.rotation_.T


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(400, 4))


def test_ranking_scores_the_codes_and_orders_the_models(X):
    models = [Mixer(mixes, random_state=seed).fit(X) for seed, mixes in enumerate([True, False, False, False])]
    ranking = udr_ranking(models, X, method="spearman")
    assert_allclose(ranking.scores, udr_scores([model.transform(X) for model in models], method="spearman"))
    assert ranking.order[-1] == 0
    assert np.all(np.diff(ranking.scores[ranking.order]) <= 0)


def test_ranking_leaves_out_latents_without_information(X):
    dead = [Mixer(n_dead=3, random_state=seed).fit(X) for seed in range(3)]
    alive = [Mixer(random_state=seed).fit(X) for seed in range(3)]
    piped = [make_pipeline(StandardScaler(with_mean=False, with_std=False).fit(X), model) for model in dead]
    grid = {"mixer__mixes": [False]}
    searched = [GridSearchCV(pipe, grid, scoring=gaussian_total_correlation_scorer, cv=2).fit(X) for pipe in piped]
    for models in (dead, piped, searched):
        assert_allclose(udr_ranking(models, X).scores, udr_ranking(alive, X).scores, atol=1e-12)


def test_search_finds_the_candidate_whose_seeds_agree(X):
    search = UDRSearch(Mixer(), {"mixes": [True, False]}, n_models=3, random_state=0).fit(X)
    assert search.best_params_ == {"mixes": False}
    assert search.best_index_ == 1
    assert_allclose(search.best_score_, 0.9, atol=0.01)  # the lasso shrinks full agreement by alpha, 0.1
    results = search.cv_results_
    assert list(results["rank_test_score"]) == [2, 1]
    assert list(results["param_mixes"]) == [True, False]
    splits = np.array([results[f"split{i}_test_score"] for i in range(3)])
    assert_allclose(results["mean_test_score"], splits.mean(axis=0))
    assert_allclose(results["std_test_score"], splits.std(axis=0))
    assert splits.max(axis=0)[1] == udr_score_of(search, X)


def udr_score_of(search, X):
    seeds = np.random.RandomState(0).randint(np.iinfo(np.int32).max, size=3).tolist()
    models = [Mixer(**search.best_params_, random_state=seed).fit(X) for seed in seeds]
    best = [model.random_state for model in models].index(search.best_estimator_.random_state)
    return udr_ranking(models, X).scores[best]


def test_search_is_a_transformer_that_can_be_cloned(X):
    search = UDRSearch(Mixer(), {"mixes": [False]}, n_models=2, random_state=0)
    with pytest.raises(NotFittedError):
        search.transform(X)
    fitted = clone(search).fit(X)
    assert_allclose(fitted.inverse_transform(fitted.transform(X)), X)
    assert not hasattr(UDRSearch(StandardScalerWithoutInverse(), {}), "inverse_transform")


class StandardScalerWithoutInverse(BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X


SEEDED = {"n_models": 2, "random_state": 0}


def searched(estimator, X, y=None):
    return UDRSearch(estimator, {}, **SEEDED).fit(X, y)


DELEGATED = {
    "transform": lambda model, X: model.transform(X),
    "inverse_transform": lambda model, X: model.inverse_transform(model.transform(X)),
    "predict": lambda model, X: model.predict(X),
    "predict_proba": lambda model, X: model.predict_proba(X),
    "decision_function": lambda model, X: model.decision_function(X),
    "score_samples": lambda model, X: model.score_samples(X),
    "score": lambda model, X: model.score(X),
    "get_feature_names_out": lambda model, X: model.get_feature_names_out(),
    "n_features_in_": lambda model, X: model.n_features_in_,
    "feature_names_in_": lambda model, X: model.feature_names_in_,
}
MODELS = {
    "VAE": VAE(n_components=2, hidden_layer_sizes=(4,), max_epochs=2),
    "PCA": PCA(n_components=2),
    "piped": make_pipeline(StandardScaler(), PCA(n_components=2)),
    "centres": KMeans(n_clusters=2),
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("name", DELEGATED)
def test_search_has_what_its_best_model_has(name, kind, X):
    frame = pandas.DataFrame(X, columns=list("abcd"))
    unfitted = UDRSearch(MODELS[kind], {}, **SEEDED)
    if not name.endswith("_"):
        assert hasattr(unfitted, name) == hasattr(MODELS[kind], name)
    search = unfitted.fit(frame)
    assert hasattr(search, name) == hasattr(search.best_estimator_, name)
    if hasattr(search, name):
        assert_array_equal(DELEGATED[name](search, frame), DELEGATED[name](search.best_estimator_, frame))


def test_search_passes_labels_on_and_knows_the_classes(X):
    labels = np.where(X[:, 0] > 0, "right", "left")
    search = searched(make_pipeline(PCA(2), LinearDiscriminantAnalysis()), X, labels)
    assert search.classes_.tolist() == ["left", "right"]
    assert search.score(X, labels) > 0.5
    assert search.predict_proba(X).shape == (400, 2)


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_search_gives_the_container_that_was_asked_for(container, X):
    before = UDRSearch(PCA(n_components=2), {}, **SEEDED).set_output(transform=container)
    after = UDRSearch(PCA(n_components=2), {}, **SEEDED).fit(X).set_output(transform=container)
    for codes in (before.fit_transform(X), after.transform(X)):
        assert type(codes).__module__.startswith(container)
        assert list(codes.columns) == ["pca0", "pca1"]
    piped = make_pipeline(StandardScaler(), UDRSearch(PCA(n_components=2), {}, **SEEDED))
    assert type(piped.set_output(transform=container).fit_transform(X)).__module__.startswith(container)
    assert piped.get_feature_names_out().tolist() == ["pca0", "pca1"]


@pytest.mark.parametrize("container", [pandas.DataFrame, polars.DataFrame, torch.tensor, np.ndarray.tolist])
def test_search_takes_what_its_estimator_takes(container, X):
    vae = VAE(n_components=2, hidden_layer_sizes=(4,), max_epochs=2)
    expected = searched(vae, X.astype(np.float32)).best_score_
    assert_allclose(searched(vae, container(X.astype(np.float32))).best_score_, expected, rtol=1e-5)


def test_an_unfitted_search_has_no_attributes_of_a_fit():
    search = UDRSearch(PCA(), {})
    for name in ("n_features_in_", "feature_names_in_", "classes_"):
        assert not hasattr(search, name)
    with pytest.raises(NotFittedError):
        check_is_fitted(search)


class Interrupted(Mixer):
    """The user presses Ctrl-C during the second fit."""

    n_fits = 0

    def fit(self, X, y=None):
        type(self).n_fits += 1
        if type(self).n_fits == 2:
            raise KeyboardInterrupt
        return super().fit(X)


def test_an_interrupt_ends_the_search(X):
    search = UDRSearch(Interrupted(), {"mixes": [True, False]}, **SEEDED)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X)
    assert Interrupted.n_fits == 2
    assert not hasattr(search, "best_estimator_")


def test_search_seeds_the_steps_of_a_pipeline_and_takes_several_grids(X):
    pipe = make_pipeline(StandardScaler(), Mixer())
    grids = [{"mixer__mixes": [True]}, {"mixer__n_dead": [0, 2]}]
    search = UDRSearch(pipe, grids, n_models=2, random_state=0).fit(X)
    assert search.cv_results_["param_mixer__mixes"].mask.tolist() == [False, True, True]
    assert search.best_index_ > 0
    assert isinstance(search.best_estimator_[-1].random_state, int)


def test_jobs_do_not_change_the_search(X):
    search = UDRSearch(Mixer(), {"mixes": [True, False]}, n_models=2, random_state=0)
    alone = clone(search).fit(X)
    with parallel_config(backend="threading", n_jobs=2):
        together = clone(search).fit(X)
    assert_allclose(together.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"], atol=0)


def test_a_candidate_that_fails_is_not_chosen(X):
    search = UDRSearch(Mixer(), {"fails": [True, False], "mixes": [True]}, n_models=4, random_state=0)
    with pytest.warns(FitFailedWarning, match="the loss is not finite"):
        search.fit(X)
    assert np.isnan(search.cv_results_["mean_test_score"][0])
    assert list(search.cv_results_["rank_test_score"]) == [2, 1]
    assert search.best_params_["fails"] is False
    with pytest.warns(FitFailedWarning), pytest.raises(ValueError, match="No candidate was fitted") as told:
        clone(search).set_params(param_grid={"fails": [True]}).fit(X)
    (models,) = told.value.fitted
    assert [model is None or hasattr(model, "rotation_") for model in models] == [True] * 4
    assert None in models


class Mute(Mixer):
    """Encodes nothing when it mixes."""

    def transform(self, X):
        if self.mixes:
            raise MemoryError("codes do not fit")
        return super().transform(X)


def test_a_candidate_that_cannot_be_compared_costs_no_other(X):
    search = UDRSearch(Mute(), {"mixes": [True, False]}, n_models=2, random_state=0)
    with pytest.warns(UserWarning, match="models of {'mixes': True} could not be compared.*codes do not fit"):
        search.fit(X)
    assert search.best_params_ == {"mixes": False}
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [True, False]
    with pytest.warns(UserWarning, match="fit"), pytest.raises(ValueError, match="No candidate") as told:
        clone(search).set_params(param_grid={"mixes": [True]}).fit(X)
    assert [model.rotation_.shape for models in told.value.fitted for model in models] == [(4, 4)] * 2


def test_names_are_looked_at_before_anything_is_fitted(X):
    Interrupted.n_fits = 0
    with pytest.raises(ValueError, match="Invalid parameter 'mixed'"):
        UDRSearch(Interrupted(), [{"mixes": [True]}, {"mixed": [True]}], **SEEDED).fit(X)
    assert Interrupted.n_fits == 0


def test_what_the_search_refuses(X):
    with pytest.raises(ValueError, match="StandardScaler has no random_state"):
        UDRSearch(StandardScaler(), {"with_mean": [True]}).fit(X)
    with pytest.raises(ValueError, match="'n_models' parameter of UDRSearch"):
        UDRSearch(Mixer(), {}, n_models=1).fit(X)
    with pytest.raises(ValueError, match="'method' parameter of UDRSearch"):
        UDRSearch(Mixer(), {}, method="kendall").fit(X)
    with pytest.raises(ValueError, match="at least 2 models"):
        udr_ranking([Mixer().fit(X)], X)


class Counting(Callback):
    """Counts what is trained anywhere."""

    n_epochs = 0

    def on_epoch_end(self, net, **kwargs):
        type(self).n_epochs += 1


def test_a_search_that_was_killed_goes_on_from_the_fits_that_had_ended(X, tmp_path, monkeypatch):
    vae = VAE(n_components=2, hidden_layer_sizes=(4,), max_epochs=2, callbacks=[Counting()])
    search = UDRSearch(vae.set_params(checkpoint=Checkpoint(tmp_path, shared=True)), {"n_components": [1, 2]}, **SEEDED)

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(_udr, "udr_ranking", killed)
        with pytest.raises(KeyboardInterrupt) as told:
            search.fit(X)
    models = [model for group in told.value.fitted for model in group]
    found = search.fit(X).best_estimator_.transform(X)
    assert Counting.n_epochs == 2 * 4
    assert any(np.array_equal(model.transform(X), found) for model in models)
