import numpy as np
import pytest
import torch
from gaussian_worlds import Deterministic, Speaks, WarpedWorld, four_dimensional_world
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit import VAE
from vaekit.evaluation import (
    AggregatePosterior,
    _likelihood,
    collapse_report,
    generation_report,
    get_unsupervised_scorer,
    high_posterior_samples,
    importance_nll,
    kl_decomposition,
    leakage_curve,
    low_posterior_frechet_distance,
    low_posterior_samples,
    nearest_neighbours,
    rate_distortion,
    reconstruction_error,
    robustness,
    sample_frechet_distance,
    sample_kernel_distance,
    sample_precision_recall,
    symmetric_kl,
)
from vaekit.evaluation._fitted import look_into
from vaekit.exceptions import MissingMethodError, NoDensityError
from vaekit.features import _feature_map, _features
from vaekit.fitted import _densities
from vaekit.model_selection import UDRSearch
from vaekit.tables import _feature_sets
from vaekit.utils import _on_disk, _rows

WORLD = four_dimensional_world()
X = WORLD.sample(60, random_state=1)
LABELS = np.arange(60) % 2
SCALED = StandardScaler().fit_transform(X)
GRID, NLL = {"scale": [WORLD.scale]}, get_unsupervised_scorer("neg_nll")


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), WORLD),
        make_pipeline(StandardScaler(), WORLD, LogisticRegression()),
        make_pipeline(StandardScaler(), WORLD, StandardScaler(), LogisticRegression()),
        make_pipeline(make_pipeline(StandardScaler(), WORLD), LogisticRegression()),
        GridSearchCV(
            make_pipeline(StandardScaler(), WORLD, LogisticRegression()), {"logisticregression__C": [1]}, cv=2
        ),
        make_pipeline(
            StandardScaler(), GridSearchCV(WORLD, GRID, scoring=lambda model, X, y: 0, cv=2), LogisticRegression()
        ),
    ],
    ids=["last", "classified", "scaled and classified", "nested", "searched", "a search inside"],
)
def test_the_model_is_found_behind_what_follows_and_precedes_it(estimator):
    estimator.fit(X, LABELS)
    model, seen = look_into(estimator, X)
    assert type(model) is type(WORLD)
    np.testing.assert_allclose(seen, SCALED)
    assert symmetric_kl(estimator, X, 100, random_state=0) == symmetric_kl(WORLD, SCALED, 100, random_state=0)


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), WORLD, GaussianMixture(2)),
        make_pipeline(StandardScaler(), WORLD, KernelDensity()),
    ],
    ids=["mixture", "kernel density"],
)
def test_a_density_of_codes_does_not_hide_the_model(estimator):
    assert type(look_into(estimator.fit(X), X)[0]) is type(WORLD)


class Sampler(BaseEstimator):
    """Draws rows to fit on, as imbalanced-learn's samplers do, and transforms none."""

    def fit_resample(self, X, y=None):
        return X[::2], y


class ForeignPipeline(Pipeline):
    """A pipeline that resamples when it is fitted alone."""

    def fit(self, X, y=None):
        for _, step in self.steps[:-1]:
            X = step.fit_resample(X)[0] if hasattr(step, "fit_resample") else step.fit_transform(X)
        self.steps[-1][1].fit(X)
        return self


class StepsOfAnotherLibrary:
    """No subclass of scikit-learn's pipeline, with steps of the same form."""

    def __init__(self, steps):
        self.steps, self.named_steps = steps, dict(steps)


@pytest.mark.parametrize("kind", [ForeignPipeline, StepsOfAnotherLibrary])
def test_samplers_in_a_pipeline_are_passed_by(kind):
    steps = [("scale", StandardScaler().fit(X)), ("draw", Sampler()), ("model", WORLD)]
    model, seen = look_into(kind(steps), X)
    assert model is WORLD
    np.testing.assert_allclose(seen, SCALED)
    assert look_into(kind(steps[1:]), X)[1] is X


def test_wrappers_that_are_no_searches_are_not_told_to_fit():
    wrapped = TunedThresholdClassifierCV(make_pipeline(WORLD, LogisticRegression())).fit(X, LABELS.min() < LABELS)
    assert look_into(wrapped, X)[0] is wrapped


def test_a_pipeline_without_a_model_is_its_last_step():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, LABELS)
    assert look_into(pipeline, X)[0] is pipeline[-1]
    with pytest.raises(
        MissingMethodError, match=r"Nothing can be measured of LogisticRegression.*LogisticRegression has not"
    ):
        generation_report(pipeline, X)


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(WORLD, GRID, scoring=lambda model, X: 0, cv=2),
        GridSearchCV(WORLD, GRID, scoring=lambda model, X: 0, cv=2, refit=False).fit(X),
        UDRSearch(WORLD, GRID),
        make_pipeline(StandardScaler().fit(X), GridSearchCV(WORLD, GRID), LogisticRegression()),
    ],
    ids=["unfitted", "not refitted", "unfitted ranking", "unfitted inside"],
)
def test_a_search_without_a_best_model_says_what_to_do(search):
    with pytest.raises(NotFittedError, match="best_estimator_ to look at: fit it, with refit=True"):
        collapse_report(search, X)


@pytest.mark.parametrize(
    "name",
    [
        "symmetric_kl",
        "kl_decomposition",
        "leakage_curve",
        "importance_nll",
        "low_posterior_samples",
        "high_posterior_samples",
    ],
)
def test_what_needs_the_density_of_a_code_refuses_a_deterministic_encoder(name):
    with pytest.raises(NoDensityError, match=r"deterministic|A point has no density"):
        FUNCTIONS[name](Deterministic(**WORLD.get_params() | {"scale": 0.0}))


def _tensor_with_gradient(values):
    return torch.tensor(np.asarray(values), requires_grad=True)


FUNCTIONS = {
    "symmetric_kl": lambda model: symmetric_kl(model, X, 100, random_state=0),
    "kl_decomposition": lambda model: kl_decomposition(model, X, random_state=0),
    "leakage_curve": lambda model: leakage_curve(model, X, [-3.0], random_state=0),
    "latent leakage": lambda model: leakage_curve(model, X, [-3.0], threshold="representation", random_state=0),
    "importance_nll": lambda model: importance_nll(model, X, 50, random_state=0),
    "reconstruction_error": lambda model: reconstruction_error(model, X, random_state=0),
    "collapse_report": lambda model: collapse_report(model, X),
    "rate_distortion": lambda model: rate_distortion(model, X, random_state=0),
    "low_posterior_samples": lambda model: low_posterior_samples(model, X, 5, random_state=0),
    "high_posterior_samples": lambda model: high_posterior_samples(model, X, 5, random_state=0),
    "sample_frechet_distance": lambda model: [sample_frechet_distance(model, X, random_state=0)],
    "sample_kernel_distance": lambda model: sample_kernel_distance(model, X, random_state=0),
    "sample_precision_recall": lambda model: sample_precision_recall(model, X, random_state=0),
    "pair by pair": lambda model: [AggregatePosterior.from_estimator(model, X).log_density(np.zeros((1, 2)))],
}


@pytest.mark.filterwarnings("ignore:.*effective sample size")
@pytest.mark.parametrize("convert", [_tensor_with_gradient, np.ndarray.tolist], ids=["tensors", "lists"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_may_come_as_tensors_or_lists(name, convert):
    world = WarpedWorld(WORLD) if name == "pair by pair" else WORLD
    for there, here in zip(FUNCTIONS[name](Speaks(world, convert)), FUNCTIONS[name](world)):
        np.testing.assert_allclose(there, here, rtol=1e-12)


@pytest.mark.parametrize("convert", [_tensor_with_gradient, np.ndarray.tolist], ids=["tensors", "lists"])
def test_densities_to_decompose_may_be_tensors_or_lists(convert):
    q = AggregatePosterior.from_estimator(WORLD, X)
    Z = WORLD.sample_posterior(X, random_state=0)
    densities = Z, WORLD.log_posterior(X, Z), WORLD.log_prior(Z)
    np.testing.assert_allclose(q.decompose_kl(*map(convert, densities)), q.decompose_kl(*densities), rtol=1e-12)


# ---------------------------------------------------------------------- rows that stay on a disk

KEPT = {
    "reconstruction_error": lambda model, rows: reconstruction_error(model, rows, random_state=0),
    "importance_nll": lambda model, rows: importance_nll(model, rows, 20, random_state=0),
    "symmetric_kl": lambda model, rows: symmetric_kl(model, rows, n_samples=50, random_state=0),
    "kl_decomposition": lambda model, rows: kl_decomposition(model, rows, random_state=0),
    "rate_distortion": lambda model, rows: rate_distortion(model, rows, random_state=0),
    "collapse_report": lambda model, rows: collapse_report(model, rows),
    "robustness": lambda model, rows: tuple(robustness(model, rows, random_state=0).values()),
    "sample_frechet_distance": lambda model, rows: sample_frechet_distance(model, rows, random_state=0),
    "projected": lambda model, rows: sample_frechet_distance(model, rows, "pca", random_state=0),
    "by a transformer": lambda model, rows: sample_frechet_distance(model, rows, model, random_state=0),
    "sample_kernel_distance": lambda model, rows: sample_kernel_distance(model, rows, n_subsets=3, random_state=0),
    "sample_precision_recall": lambda model, rows: sample_precision_recall(model, rows, n_samples=100, random_state=0),
    "low_posterior": lambda model, rows: tuple(
        low_posterior_frechet_distance(model, rows, n_samples=50, n_candidates=100, random_state=0)
    ),
    "nearest_neighbours": lambda model, rows: tuple(nearest_neighbours(np.ones((5, 4)), rows)),
}


def flat(found):
    return np.concatenate([flat(part) for part in found]) if isinstance(found, tuple) else np.ravel(found)


class Watched:
    """Rows on a disk that count how many are read at a time."""

    stays_on_disk = True

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.sizes = array, array.shape, array.dtype, []

    def __len__(self):
        return len(self.array)

    def __getitem__(self, rows):
        block = self.array[rows]
        self.sizes.append(len(block))
        return block


@pytest.fixture(scope="module")
def trained():
    rows = np.random.default_rng(0).normal(size=(600, 4)).astype(np.float32)
    return VAE(n_components=2, hidden_layer_sizes=(4,), max_epochs=2, random_state=0).fit(rows), rows


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", KEPT)
def test_rows_that_stay_on_a_disk_are_read_some_at_a_time(name, trained, monkeypatch):
    (model, rows), most = trained, 150
    monkeypatch.setattr(_likelihood, "ROWS_AT_ONCE", most)
    expected = KEPT[name](model, rows)
    monkeypatch.setattr(_on_disk, "LARGEST_READ", 0)
    for room in (_on_disk, _rows, _densities, _feature_sets):
        monkeypatch.setattr(room, "VALUES_AT_ONCE", most * rows.shape[1])
    for room, name_of_most in ((_feature_map, "MOST_VALUES_KEPT"), (_feature_sets, "LARGEST_HELD")):
        monkeypatch.setattr(room, name_of_most, 0)
    monkeypatch.setattr(_features, "MOST_ROWS_OF_PCA", most)
    kept = Watched(rows)
    np.testing.assert_allclose(flat(KEPT[name](model, kept)), flat(expected), rtol=1e-6)
    assert 0 < max(kept.sizes) <= most
