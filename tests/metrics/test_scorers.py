"""Scorers in scikit-learn's searches."""

import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, clone
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from vaekit import metrics

ASKED = {
    "mig": metrics.mig_score,
    "sap": lambda f, z: metrics.sap_score(f, z, random_state=0),
    "linear_separability": lambda f, z: -metrics.linear_separability_loss(f, z),
}
FOLDS = KFold(3, shuffle=True, random_state=0)


class CountingPCA(PCA):
    transforms = 0

    def transform(self, X):
        type(self).transforms += 1
        return super().transform(X)


class Mixing(BaseEstimator):
    """A transformer of two columns that leaves them apart or mixes them."""

    def __init__(self, amount=0.0):
        self.amount = amount

    def transform(self, X):
        return X @ np.array([[1, self.amount], [self.amount, 1]])


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    factors = rng.integers(2, size=(120, 2))
    return factors @ rng.normal(size=(2, 6)) + 0.3 * rng.normal(size=(120, 6)), factors


def test_a_search_scores_what_the_metric_says_of_the_codes(data):
    X, factors = data
    pipe = make_pipeline(StandardScaler(), PCA(random_state=0))
    grid = {"pca__n_components": [2, 3]}
    scorers = metrics.disentanglement_scorers(ASKED)
    search = GridSearchCV(pipe, grid, scoring=scorers, refit="mig", cv=FOLDS, n_jobs=2).fit(X, factors)
    for i, params in enumerate(search.cv_results_["params"]):
        for fold, (train, test) in enumerate(FOLDS.split(X)):
            codes = clone(pipe).set_params(**params).fit(X[train]).transform(X[test])
            for name, metric in ASKED.items():
                score = search.cv_results_[f"split{fold}_test_{name}"][i]
                assert_allclose(score, metric(factors[test], codes), atol=1e-12)


def test_several_scorers_encode_once_per_evaluation(data):
    X, factors = data
    CountingPCA.transforms = 0
    scorers = metrics.disentanglement_scorers(["mig", "sap", "modularity", "explicitness"])
    cross_validate(make_pipeline(StandardScaler(), CountingPCA(2)), X, factors, scoring=scorers, cv=FOLDS)
    assert CountingPCA.transforms == FOLDS.get_n_splits()


@pytest.mark.filterwarnings("ignore:Scoring failed")
def test_a_score_that_fails_never_wins(data):
    X, factors = data
    search = GridSearchCV(PCA(), {"n_components": [1, 2]}, scoring=metrics.sap_scorer, cv=FOLDS)
    with pytest.warns(UserWarning, match="non-finite"):
        search.fit(X, factors)  # the separated predictability of a single code is not defined
    assert np.isnan(search.cv_results_["mean_test_score"][0])
    assert search.best_params_ == {"n_components": 2}


def test_factors_of_the_wrong_length_are_refused(data):
    X, factors = data
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        metrics.mig_scorer(PCA(2).fit(X), X, factors[:-1])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        GridSearchCV(PCA(), {"n_components": [1, 2]}, scoring=metrics.mig_scorer).fit(X, factors[:-1])


@pytest.mark.parametrize("name", ["active_units", "gaussian_total_correlation"])
def test_scorers_of_codes_need_no_factors(data, name):
    X, factors = data
    scorer = metrics.get_scorer(name)
    search = GridSearchCV(PCA(), {"n_components": [1, 2]}, scoring=scorer, cv=FOLDS).fit(X)
    assert np.isfinite(search.best_score_)
    model = PCA(2).fit(X)
    assert scorer(model, X) == scorer(model, X, factors)


@pytest.mark.parametrize("name", metrics.get_scorer_names())
def test_every_scorer_has_a_name_pickles_and_prefers_separate_codes(name):
    assert repr(getattr(metrics, f"{name}_scorer")) == repr(metrics.get_scorer(name))
    factors = np.random.default_rng(0).integers(2, size=(150, 2))
    options = {"sample_efficiency": {"few": 10, "many": 50, "n_test": 50}}.get(name, {})
    scorer = pickle.loads(pickle.dumps(metrics.get_scorer(name, **options)))
    assert scorer(Mixing(0.0), factors, factors) >= scorer(Mixing(1.0), factors, factors)


def test_sample_efficiency_takes_the_same_shares_of_smaller_folds():
    rng = np.random.default_rng(0)
    factors = rng.integers(3, size=(300, 2))
    codes = factors + 0.5 * rng.normal(size=factors.shape)
    options = {"few": 20, "classifier": DecisionTreeClassifier(random_state=0)}
    scorer = metrics.get_scorer("sample_efficiency", **options)
    expected = metrics.sample_efficiency(factors, codes, many=200, n_test=100, random_state=0, **options)
    assert scorer(Mixing(), codes, factors) == expected
    with pytest.raises(ValueError, match="between 1 and the 6 training rows"):
        scorer(Mixing(), codes[:9], factors[:9])


@pytest.mark.parametrize("name", metrics.get_scorer_names())
def test_every_scorer_says_what_it_computes(name):
    says = pickle.loads(pickle.dumps(getattr(metrics, f"{name}_scorer"))).__doc__
    assert says.endswith("; larger is better.")
    metric = re.search(r"`(\w+)`, of", says).group(1)
    assert metric in metrics.__all__
    assert metric.startswith(name.partition("_")[0])
    assert says.startswith("Minus") == metric.endswith(("_loss", "_total_correlation"))


def test_losses_are_negative_and_options_reach_the_metric(data):
    X, factors = data
    model = PCA(2).fit(X)
    assert metrics.linear_separability_scorer(model, X, factors) <= -1
    assert metrics.gaussian_total_correlation_scorer(model, X) <= 0
    codes = model.transform(X)
    assert metrics.get_scorer("mig", n_bins=5)(model, X, factors) == metrics.mig_score(factors, codes, n_bins=5)
    assert metrics.factor_vae_scorer(model, X, factors) == metrics.factor_vae_score(factors, codes, random_state=0)
