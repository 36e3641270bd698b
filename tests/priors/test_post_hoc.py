"""PostHoc: any density estimator of scikit-learn's kind, fitted to the codes once training has ended."""

import pickle
import re

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from skorch.callbacks import Callback

from vaekit import VAE, WAE
from vaekit.exceptions import NoDensityError
from vaekit.priors import PostHoc

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 5)) + 0.3 * rng.normal(size=(300, 5))
TINY = {"n_components": 2, "hidden_layer_sizes": (16,), "max_epochs": 5, "random_state": 0}


class Resampler(BaseEstimator):
    """Draws rows again; no density."""

    def fit(self, X, y=None):
        self.rows_ = X
        return self

    def sample(self, n_samples=1, random_state=None):
        return self.rows_[random_state.randint(len(self.rows_), size=n_samples)]


class Falling(Callback):
    """Fails after the first epoch."""

    def on_epoch_end(self, net, **kwargs):
        raise ZeroDivisionError


ESTIMATORS = {
    "default": PostHoc().estimator,
    "mixture": GaussianMixture(n_components=3),
    "bayesian mixture": BayesianGaussianMixture(n_components=3),
    "kernel density": KernelDensity(bandwidth=0.3),
}
over_estimators = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)


@over_estimators
def test_training_is_that_of_a_normal_prior_and_what_follows_is_the_estimators(estimator):
    plain, model = (VAE(prior=prior, **TINY).fit(X) for prior in ("normal", PostHoc(estimator=estimator)))
    np.testing.assert_array_equal(model.transform(X), plain.transform(X))
    assert model.history_[-1]["train_loss"] == plain.history_[-1]["train_loss"]
    Z = model.transform(X).astype(np.float64)
    fitted = model.net_.module_.prior.fitted
    np.testing.assert_allclose(model.log_prior(Z), fitted.score_samples(Z), rtol=1e-5, atol=1e-5)
    assert not np.allclose(model.log_prior(Z), norm.logpdf(Z).sum(axis=1), atol=0.1)
    assert model.score(X) != plain.score(X)
    assert model.sample(7).shape == (7, 5)
    assert not hasattr(estimator, "means_")
    assert not hasattr(estimator, "tree_")


def test_it_is_fitted_to_draws_of_the_aggregate_posterior():
    """The variance of one normal is that of the means and the mean of the variances."""
    model = VAE(prior=PostHoc(estimator=GaussianMixture()), **TINY).fit(X)
    q, (covariance,) = model.posterior(X), model.net_.module_.prior.fitted.covariances_
    expected = q.loc.var(axis=0) + np.square(q.scale).mean(axis=0)
    np.testing.assert_allclose(np.diag(covariance), expected, rtol=5 * (2 / len(X)) ** 0.5)
    assert (np.diag(covariance) > 1.2 * q.loc.var(axis=0)).all()


@over_estimators
def test_pickles_hold_it_and_seeds_decide_it(estimator):
    model = VAE(prior=PostHoc(estimator=estimator), **TINY).fit(X)
    Z, before = model.transform(X), np.random.get_state()[1].copy()  # noqa: NPY002
    for twin in (pickle.loads(pickle.dumps(model)), clone(model).fit(X)):
        np.testing.assert_array_equal(twin.log_prior(Z), model.log_prior(Z))
        np.testing.assert_array_equal(twin.sample(5), model.sample(5))
    np.testing.assert_array_equal(model.sample_prior(9, random_state=0)[:5], model.sample_prior(5, random_state=0))
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_training_goes_on_and_the_estimator_is_fitted_again():
    model = VAE(prior="post_hoc", **TINY).partial_fit(X)
    first = model.log_prior(np.zeros((1, 2)))
    assert model.partial_fit(X).log_prior(np.zeros((1, 2))) != first
    again = pickle.loads(pickle.dumps(model)).partial_fit(X)
    np.testing.assert_array_equal(again.log_prior(np.zeros((1, 2))), model.partial_fit(X).log_prior(np.zeros((1, 2))))


def test_early_stopping_measures_by_the_normal_prior_of_training():
    params = {**TINY, "early_stopping": True}
    plain, model = (VAE(prior=prior, **params).partial_fit(X).partial_fit(X) for prior in ("normal", "post_hoc"))
    assert [row["valid_loss"] for row in model.history_] == [row["valid_loss"] for row in plain.history_]


def test_parameters_of_the_estimator_are_the_models():
    model = VAE(prior="post_hoc", **TINY).set_params(prior__estimator__n_components=2)
    assert model.get_params()["prior__estimator__n_components"] == 2
    assert len(model.fit(X).net_.module_.prior.fitted.weights_) == 2
    search = GridSearchCV(model, {"prior__estimator__n_components": [1, 3]}, cv=2).fit(X)
    assert set(search.cv_results_["param_prior__estimator__n_components"]) == {1, 3}
    assert PostHoc().estimator is not PostHoc().estimator


def test_a_change_of_its_parameters_makes_another_model():
    model = VAE(prior=PostHoc(estimator=GaussianMixture(2)), **TINY).partial_fit(X)
    model.set_params(prior__estimator__n_components=3)
    with pytest.raises(ValueError, match=r"\['prior__estimator__n_components'\] changed since the first fit"):
        model.partial_fit(X)


def test_an_estimator_without_density_gives_draws():
    model = VAE(prior=PostHoc(estimator=Resampler()), **TINY)
    assert not any(hasattr(model, name) for name in ("score", "score_samples", "log_prior"))
    Z = model.fit(X).sample_prior(5)
    assert (np.abs(model.net_.module_.prior.fitted.rows_[None] - Z[:, None]).max(-1).min(1) < 1e-6).all()
    with pytest.raises(AttributeError) as caught:
        model.score(X)
    assert isinstance(caught.value.__cause__, NoDensityError)
    assert WAE(prior=PostHoc(estimator=Resampler()), **TINY).fit(X).sample(2).shape == (2, 5)


@pytest.mark.parametrize("estimator", [KMeans(), None, "gmm"])
def test_what_is_no_density_estimator_is_refused(estimator):
    with pytest.raises(ValueError, match="The 'estimator' parameter of PostHoc must be"):
        VAE(prior=PostHoc(estimator=estimator), **TINY).fit(X)


class Small(Resampler):
    """Holds 256 rows, which it does not say before it is given more."""

    def fit(self, X, y=None):
        if len(X) > 256:
            raise RuntimeError("there is no room")
        return super().fit(X)


class Wide(Resampler):
    """Its draws have a number too many."""

    def sample(self, n_samples=1, random_state=None):
        return np.zeros((n_samples, 3))


REFUSED = {
    "too few": (GaussianMixture(10), "could not be fitted to 5 codes"),
    "never enough": (GaussianMixture(1000), "could not be fitted to 5 codes"),
    "a parameter": (GaussianMixture(2, covariance_type="none"), "The 'covariance_type' parameter"),
    "no draws": (KernelDensity(kernel="linear"), r"to 5 codes \(.*\): give one that can"),
    "wide": (Wide(), "a draw of it has 3 numbers and not n_components=2"),
}


@pytest.mark.parametrize(("estimator", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_fitted_to_so_few_codes_is_refused_before_training(estimator, words):
    model = VAE(prior=PostHoc(estimator=estimator), **TINY)
    said = f"{type(estimator).__name__}, the estimator of prior='post_hoc', .*{words}"
    with pytest.raises(ValueError, match=said) as refused:
        model.fit(np.eye(5))
    assert not hasattr(model, "net_")
    (remedy,) = re.findall(r"as in (PostHoc\(.*\))\.", str(refused.value))
    assert eval(remedy).estimator.n_components == 2


@pytest.mark.parametrize("call", ["partial_fit", "fit"])
def test_a_refusal_leaves_model_and_prior_as_they_were(call):
    model = VAE(prior="post_hoc", warm_start=True, **TINY).fit(X)
    before = model.transform(X), model.log_prior(np.eye(2)), model.history_, model.kl_per_component_
    with pytest.raises(ValueError, match="fitted to 5 codes"):
        getattr(model, call)(X[:5])
    for was, now in zip(
        before, (model.transform(X), model.log_prior(np.eye(2)), model.history_, model.kl_per_component_)
    ):
        np.testing.assert_array_equal(was, now)


def test_rows_that_are_held_out_are_no_codes():
    model = VAE(prior="post_hoc", early_stopping=True, **TINY)
    with pytest.raises(ValueError, match="fitted to 9 codes"):
        model.fit(X[:10])


def test_more_codes_than_are_tried_first_may_be_asked_for():
    assert VAE(prior=PostHoc(estimator=GaussianMixture(260)), **TINY | {"max_epochs": 1}).fit(X).sample(1).shape == (
        1,
        5,
    )


@pytest.mark.parametrize("call", ["partial_fit", "fit"])
def test_what_fails_on_the_codes_themselves_leaves_the_training_and_a_normal_prior(call):
    plain = getattr(VAE(warm_start=True, **TINY).fit(X[:200]), call)(X)
    model = VAE(prior=PostHoc(estimator=Small()), warm_start=True, **TINY).fit(X[:200])
    with (
        pytest.warns(ConvergenceWarning, match="ended by ValueError after step .* what was learned by then is kept"),
        pytest.raises(ValueError, match=r"there is no room.* is kept, with p\(z\) = N\(0, I\)"),
    ):
        getattr(model, call)(X)
    np.testing.assert_array_equal(model.transform(X), plain.transform(X))
    np.testing.assert_array_equal(model.sample(3), plain.sample(3))


def test_an_error_that_ends_training_is_not_hidden_by_what_it_leaves_undone():
    model = VAE(prior=PostHoc(estimator=Small()), callbacks=[Falling()], **TINY)
    with pytest.raises(ZeroDivisionError):
        model.fit(X)
    assert model.n_steps_ == 3
