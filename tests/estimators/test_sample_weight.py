"""Rows with weights: k counts as k copies, 0 as no row, and a common factor as nothing."""

import numpy as np
import pytest
from family import NAMES, X, same_bits, tiny
from sklearn import config_context
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline

from vaekit import VAE, ConditionalVAE, SlowVAE, batched_fits
from vaekit.engine import _kinds
from vaekit.impute import VAEImputer
from vaekit.likelihoods import Normal
from vaekit.model_selection import UDRSearch
from vaekit.outlier import VAEOutlierDetector
from vaekit.utils import _on_disk

pytestmark = pytest.mark.filterwarnings("ignore")
RNG = np.random.default_rng(0)
WEIGHT = RNG.integers(1, 5, len(X)).astype(float)
KEPT = np.arange(len(X)) % 3 > 0
LABELS = np.arange(len(X)) % 2


def codes(model, *rows, **facts):
    return model.fit(*rows, **facts).transform(X)


@pytest.mark.parametrize("name", [name for name in NAMES if "DP" not in name])
def test_equal_weights_change_no_bit_and_rows_without_weight_are_absent(name):
    assert same_bits(codes(tiny(name), X, sample_weight=np.full(len(X), 2.5)), codes(tiny(name), X))
    if not issubclass(type(tiny(name)), SlowVAE):  # whose neighbours in time would be others
        assert same_bits(codes(tiny(name), X, sample_weight=3.0 * KEPT), codes(tiny(name), X[KEPT]))


@pytest.mark.parametrize("name", ["VAE", "FactorVAE", "BetaTCVAE", "DIPVAE", "InfoVAE", "SlowVAE", "VampVAE", "DPVAE"])
def test_a_common_factor_changes_no_bit(name):
    if name not in NAMES:
        name = "VAE"
    weighted = codes(tiny(name), X, sample_weight=WEIGHT)
    assert same_bits(weighted, codes(tiny(name), X, sample_weight=4 * WEIGHT))
    assert not same_bits(weighted, codes(tiny(name), X))


def test_partial_fit_takes_them():
    one, other, plain = tiny("VAE"), tiny("VAE"), tiny("VAE").fit(X)
    for _ in range(3):
        one.partial_fit(X, sample_weight=WEIGHT)
        other.partial_fit(X, sample_weight=2 * WEIGHT)
    assert same_bits(one.transform(X), other.transform(X))
    assert not same_bits(one.transform(X), plain.transform(X))
    np.testing.assert_allclose(one.kl_per_component_, other.kl_per_component_)


def world(n=240):
    """Two clouds along different directions: which one counts decides the line through both."""
    along = RNG.normal(size=(n, 1)) * np.where(np.arange(n) < n // 2, 1.0, 0.0)[:, None]
    across = RNG.normal(size=(n, 1)) * np.where(np.arange(n) < n // 2, 0.0, 1.0)[:, None]
    return np.hstack([2 * along, 2 * across, np.zeros((n, 1))]) + 0.5 * RNG.normal(size=(n, 3))


def test_weights_are_copies_in_distribution():
    """The linear model's optimum is that of probabilistic PCA on the copies, in score, mean and direction."""
    data = world()
    weight = np.where(np.arange(len(data)) < len(data) // 2, 1, 9)
    exact = PCA(1).fit(data.repeat(weight, axis=0))
    model = VAE(
        likelihood=Normal(), n_components=1, hidden_layer_sizes=(), standardize="common", warmup=0, learning_rate=1e-2,
        batch_size=60, max_epochs=150, random_state=0,
    ).fit(data, sample_weight=weight)  # fmt: skip
    optimum = np.average(exact.score_samples(data), weights=weight)
    assert model.score(data, sample_weight=weight) == pytest.approx(optimum, abs=0.04)
    plain = np.average(PCA(1).fit(data).score_samples(data), weights=weight)
    assert optimum - plain > 0.2  # so the test could fail
    direction = np.diff(model.inverse_transform([[-1.0], [1.0]]), axis=0)[0]
    cosine = direction @ exact.components_[0] / np.linalg.norm(direction)
    assert abs(cosine) > 0.99
    np.testing.assert_allclose(model.inverse_transform([[0.0]])[0], exact.mean_, atol=0.15)


def test_scores_are_weighted_means():
    model = tiny("VAE").fit(X)
    expected = np.average(model.score_samples(X), weights=WEIGHT)
    assert model.score(X, sample_weight=WEIGHT) == pytest.approx(expected)
    assert model.score(X) == np.mean(model.score_samples(X))


def test_what_is_held_out_is_weighted():
    """Weights that single out held-out rows decide what early stopping sees."""
    model = tiny("VAE", early_stopping=True, validation_fraction=0.4).fit(X)
    plain = model.history_[0]["valid_loss"]
    heavy = np.where(np.arange(len(X)) == np.argmax(np.abs(X).sum(axis=1)), 1e6, 1.0)
    held_out = [
        tiny("VAE", early_stopping=True, validation_fraction=0.4, random_state=seed).fit(X, sample_weight=heavy)
        for seed in range(4)
    ]
    losses = [model.history_[0]["valid_loss"] for model in held_out]
    assert np.isfinite([plain, *losses]).all()
    assert max(losses) - min(losses) > 1


def test_labels_and_numbers_of_a_conditional_model_are_weighted():
    numbers = RNG.normal(size=len(X))
    told = ConditionalVAE(n_components=1, max_epochs=1, random_state=0).fit(X, numbers, sample_weight=WEIGHT)
    (scaler,) = told.conditions_.encoders
    assert scaler.mean_[0] == pytest.approx(np.average(numbers, weights=WEIGHT))
    zero_for_ones = ConditionalVAE(n_components=1, max_epochs=1, random_state=0)
    zero_for_ones.fit(X, LABELS, sample_weight=1.0 - LABELS)
    assert zero_for_ones.conditions_.mean == pytest.approx([1.0])
    assert np.isfinite(told.score(X, numbers, sample_weight=WEIGHT))


def test_traced_and_many_together_they_are_the_models_of_eager_steps(monkeypatch):
    grid = {"random_state": [0, 1]}
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", 10**9)
    eager = codes(tiny("VAE"), X, sample_weight=WEIGHT)
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", 4)
    assert same_bits(codes(tiny("VAE"), X, sample_weight=WEIGHT), eager)
    searches = [GridSearchCV(tiny("VAE"), grid, cv=2).fit(X, sample_weight=WEIGHT)]
    with batched_fits():
        searches.append(GridSearchCV(tiny("VAE"), grid, cv=2).fit(X, sample_weight=WEIGHT))
    assert same_bits(*(search.cv_results_["mean_test_score"] for search in searches))


def test_rows_on_a_disk_are_drawn_by_their_weights(monkeypatch, tmp_path):
    np.save(tmp_path / "rows.npy", X)
    monkeypatch.setattr(_on_disk, "LARGEST_READ", 0)
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")
    some = np.load(tmp_path / "rows.npy", mmap_mode="r")[KEPT]
    np.save(tmp_path / "some.npy", some)
    some = np.load(tmp_path / "some.npy", mmap_mode="r")
    assert same_bits(codes(tiny("VAE"), rows, sample_weight=1.0 * KEPT), codes(tiny("VAE"), some))
    weighted = tiny("VAE").fit(rows, sample_weight=WEIGHT)
    expected = tiny("VAE").fit(X, sample_weight=WEIGHT).model_.blueprint.preprocessing
    np.testing.assert_allclose(weighted.model_.blueprint.preprocessing.offset, expected.offset)
    assert np.isfinite(weighted.score(X, sample_weight=WEIGHT))


def test_weights_are_routed():
    with config_context(enable_metadata_routing=True):
        model = tiny("VAE").set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        found = cross_validate(make_pipeline(model), X, cv=3, params={"sample_weight": WEIGHT}, return_indices=True)
        train, test = (found["indices"][part][0] for part in ("train", "test"))
        fitted = tiny("VAE").fit(X[train], sample_weight=WEIGHT[train])
        assert found["test_score"][0] == pytest.approx(fitted.score(X[test], sample_weight=WEIGHT[test]))


def test_detectors_imputers_and_searches_pass_them_on():
    detector = VAEOutlierDetector(tiny("VAE"), contamination=0.1).fit(X, sample_weight=1.0 * KEPT)
    twin = VAEOutlierDetector(tiny("VAE"), contamination=0.1).fit(X[KEPT])
    assert same_bits(detector.score_samples(X), twin.score_samples(X))
    assert detector.offset_ == pytest.approx(twin.offset_, abs=0.5)
    np.testing.assert_allclose(detector.explain(X[:2]), twin.explain(X[:2]))
    gaps = np.where(RNG.random(X.shape) < 0.2, np.nan, X)
    filled = [
        VAEImputer(tiny("VAE"), random_state=0).fit(gaps, sample_weight=w).transform(gaps) for w in (None, WEIGHT)
    ]
    assert np.isfinite(filled[1]).all()
    assert not same_bits(*filled)
    searches = [
        UDRSearch(tiny("VAE"), {"n_components": [2]}, n_models=2, random_state=0).fit(X, sample_weight=w)
        for w in (None, WEIGHT)
    ]
    assert not same_bits(*(search.transform(X) for search in searches))
    seed = searches[1].best_estimator_.random_state
    assert same_bits(searches[1].transform(X), codes(tiny("VAE", random_state=seed), X, sample_weight=WEIGHT))


@pytest.mark.parametrize("wrong", [-WEIGHT, np.zeros(len(X)), WEIGHT[1:], np.full(len(X), np.nan)])
def test_wrong_weights_leave_an_unfitted_estimator_unfitted(wrong):
    model = tiny("VAE")
    with pytest.raises(ValueError, match=r"weight|Negative|NaN"):
        model.fit(X, sample_weight=wrong)
    assert not hasattr(model, "model_")
