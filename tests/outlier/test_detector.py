"""Outliers by density: scikit-learn's contract, the line, and what is wrong with a row."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from contract import checks_of
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit import AAE, IWAE, VAE, ConditionalVAE
from vaekit.datasets import make_mixed_table
from vaekit.inspection import OutlierDisplay
from vaekit.outlier import VAEOutlierDetector

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
NAMES = list("abcdefgh")


def tiny(**params):
    return VAE(**{"n_components": 2, "hidden_layer_sizes": (8,), "max_epochs": 2, "random_state": 0, **params})


def world(seed, n=600):
    """Rows near a plane of three dimensions in eight, and as many more of the same kind."""
    rng = np.random.default_rng(seed)
    loadings = rng.normal(size=(3, 8))
    rows = rng.normal(size=(2 * n, 3)) @ loadings + 0.3 * rng.normal(size=(2 * n, 8))
    return rows[:n], rows[n:]


X, NEW = world(0, 60)


DETECTORS = VAEOutlierDetector(tiny()), VAEOutlierDetector(tiny(), contamination=0.2, random_state=1)


@pytest.mark.parametrize(("estimator", "check"), checks_of(*DETECTORS))
def test_contract(estimator, check):
    check(estimator)


def test_scores_are_those_of_the_density():
    detector = VAEOutlierDetector(tiny()).fit(X)
    assert_array_equal(detector.score_samples(NEW), tiny().fit(X).score_samples(NEW))
    weighted = VAEOutlierDetector(tiny(), n_importance_samples=7).fit(X)
    assert_array_equal(weighted.score_samples(NEW), tiny().fit(X).score_samples(NEW, n_importance_samples=7))


@pytest.mark.parametrize("contamination", [0.05, 0.2, 0.5])
def test_a_share_of_the_training_rows_lies_below_the_line(contamination):
    detector = VAEOutlierDetector(tiny(), contamination=contamination).fit(X)
    assert np.sum(detector.predict(X) == -1) == contamination * len(X)
    assert_array_equal(detector.fit_predict(X), detector.predict(X))
    assert_allclose(detector.decision_function(X), detector.score_samples(X) - detector.offset_)


def test_the_fence_presumes_no_share():
    scores = np.r_[np.arange(8.0), -20]
    detector = VAEOutlierDetector(Given()).fit(scores[:, np.newaxis])
    assert detector.offset_ == 1 - 1.5 * (5 - 1)
    assert_array_equal(detector.predict(scores[:, np.newaxis]), [1] * 8 + [-1])


class Given(BaseEstimator):
    """A density that reads its logarithm from the only column."""

    def fit(self, X):
        return self

    def score_samples(self, X):
        return X[:, 0]


def test_one_seed_for_all_that_is_inside():
    pipeline = make_pipeline(StandardScaler(), tiny(random_state=None))
    detectors = [VAEOutlierDetector(pipeline, random_state=5).fit(X) for _ in range(2)]
    assert_array_equal(*[detector.score_samples(NEW) for detector in detectors])
    assert pipeline[-1].random_state is None
    assert not hasattr(pipeline[-1], "model_")


def test_pipelines_are_scored_with_importance_samples():
    detector = VAEOutlierDetector(make_pipeline(StandardScaler(), tiny()), n_importance_samples=3).fit(X)
    scaler = StandardScaler().fit(X)
    expected = tiny().fit(scaler.transform(X)).score_samples(scaler.transform(NEW), n_importance_samples=3)
    assert_array_equal(detector.score_samples(NEW), expected)


def test_the_default_is_a_vae():
    assert isinstance(VAEOutlierDetector()._prototype(), VAE)
    assert clone(VAEOutlierDetector()).estimator is None


def test_images_are_scored():
    images = np.random.default_rng(0).integers(0, 256, size=(20, 9, 8), dtype=np.uint8)
    detector = VAEOutlierDetector(tiny(), contamination=0.1).fit(images)
    assert detector.predict(images).shape == (20,)
    with pytest.raises(ValueError, match="columns of a table"):
        detector.explain(images)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"contamination": 0.6}, "'contamination'"),
        ({"contamination": 0.0}, "'contamination'"),
        ({"contamination": "some"}, "'contamination'"),
        ({"n_importance_samples": 0}, "'n_importance_samples'"),
        ({"estimator": AAE()}, "'estimator'"),
        ({"estimator": "vae"}, "'estimator'"),
        ({"estimator": ConditionalVAE()}, "'estimator' .* of X alone, and ConditionalVAE is told y"),
        ({"estimator": make_pipeline(StandardScaler(), ConditionalVAE())}, "ConditionalVAE is told y"),
    ],
)
def test_bad_parameters(params, words):
    with pytest.raises(ValueError, match=words):
        VAEOutlierDetector(**params).fit(X)


# ---------------------------------------------------------------------- what is wrong with a row


DENSITIES = {
    "vae": tiny(),
    "iwae": IWAE(n_components=2, max_epochs=2, random_state=0),
    "pipeline": make_pipeline(StandardScaler(), tiny()),
    "mixture": GaussianMixture(2, random_state=0),
}


@pytest.mark.parametrize("estimator", DENSITIES.values(), ids=DENSITIES)
@pytest.mark.parametrize("n_orders", [1, 3])
def test_contributions_sum_to_the_score(estimator, n_orders):
    detector = VAEOutlierDetector(estimator).fit(X)
    contributions = detector.explain(NEW, n_orders=n_orders)
    assert contributions.shape == NEW.shape
    assert_allclose(contributions.sum(axis=1), detector.score_samples(NEW), rtol=1e-9)


def test_contributions_to_a_normal_density_are_exact():
    """log N(x) - log N(r) = -(x - r)' P (x + r - 2 m) / 2, each product of two columns shared by them evenly."""
    detector = VAEOutlierDetector(GaussianMixture(1)).fit(X)
    (mean,), (precision,) = detector.estimator_.means_, detector.estimator_.precisions_
    reference = detector._reference.unpacked()
    nearest = reference.nearest(NEW)
    r = reference.rows[nearest]
    to_x, to_r = NEW - mean, r - mean
    change = -0.5 * (NEW - r) * ((to_x + to_r) @ precision)
    expected = change + reference.scores[nearest][:, np.newaxis] / 8
    assert_allclose(detector.explain(NEW), expected, rtol=1e-7, atol=1e-7)


@pytest.fixture(scope="module", params=range(3))
def fitted(request):
    """Detector of one of three worlds, its training rows, as many new ones, and the seed."""
    rows, new = world(request.param)
    return VAEOutlierDetector(VAE(n_components=3, random_state=request.param)).fit(rows), rows, new, request.param


def test_the_planted_column_is_found(fitted):
    detector, rows, planted, seed = fitted
    planted = planted.copy()
    rng, numbers = np.random.default_rng(seed), np.arange(len(planted))
    column = rng.integers(8, size=len(planted))
    planted[numbers, column] += 5 * rows.std(axis=0)[column] * rng.choice([-1, 1], len(planted))
    assert np.mean(detector.predict(planted) == -1) >= 0.95
    assert np.mean(detector.explain(planted).argmin(axis=1) == column) >= 0.95


@pytest.mark.parametrize("fitted", [0], indirect=True)
@pytest.mark.parametrize("column", range(8))
def test_a_value_of_another_row_is_found(fitted, column):
    """Inside the range of its column, and wrong beside the others."""
    detector, rows, new, _ = fitted
    planted = new[:200].copy()
    planted[:, column] = np.where(planted[:, column] > 0, -2, 2) * rows[:, column].std()
    assert np.mean(detector.explain(planted).argmin(axis=1) == column) >= 0.9


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_come_out_as_they_came_in(frame):
    detector = VAEOutlierDetector(tiny()).fit(frame(dict(zip(NAMES, X.T))))
    new = frame(dict(zip(NAMES, NEW.T)))
    new = new.set_index(pd.Index(range(7, 67))) if frame is pd.DataFrame else new
    contributions = detector.explain(new)
    assert isinstance(contributions, frame)
    assert list(contributions.columns) == NAMES
    if frame is pd.DataFrame:
        assert_array_equal(contributions.index, new.index)
    plain = VAEOutlierDetector(tiny()).fit(X).explain(NEW)
    assert_allclose(contributions.to_numpy(), plain)
    assert list(detector.feature_names_in_) == NAMES


def test_one_column_is_all_there_is():
    detector = VAEOutlierDetector(tiny(n_components=1)).fit(X[:, :1])
    assert_allclose(detector.explain(NEW[:, :1])[:, 0], detector.score_samples(NEW[:, :1]))


@pytest.mark.parametrize("n_orders", [0, 1.5])
def test_orders_are_counted(n_orders):
    with pytest.raises(ValueError, match="n_orders"):
        VAEOutlierDetector(tiny()).fit(X).explain(NEW, n_orders=n_orders)


def test_pickles_explain():
    detector = VAEOutlierDetector(tiny()).fit(X)
    assert_array_equal(pickle.loads(pickle.dumps(detector)).explain(NEW), detector.explain(NEW))


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_mixed_tables_have_a_contribution_for_each_column(library):
    table = make_mixed_table(200, missing=0.1, library=library, random_state=0)
    model = VAE(n_components=2, max_epochs=30, missing_values="mask", random_state=0)
    detector = VAEOutlierDetector(model).fit(table.data)
    odd = make_mixed_table(6, random_state=1).data.assign(income=-60.0)
    if library != "pandas":
        odd = make_mixed_table(6, library=library, random_state=1).data
        odd = odd.head(6) if library == "polars" else odd.slice(0, 6)
    shares = detector.explain(odd)
    assert list(shares.columns) == list(table.complete.column_names if library == "pyarrow" else table.complete.columns)
    np.testing.assert_allclose(np.asarray(shares).sum(axis=1), detector.score_samples(odd))
    if library == "pandas":
        assert (shares.idxmin(axis=1) == "income").all()
        assert (detector.predict(odd) == -1).all()
        assert list(OutlierDisplay.from_estimator(detector, odd, n_rows=2).feature_names) == list(shares.columns)
