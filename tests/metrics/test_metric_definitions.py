"""The library against plain-Python readings of the definitions."""

import metric_definitions as plain
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from vaekit import metrics
from vaekit.metrics._dci import completeness_from_importance, disentanglement_from_importance
from vaekit.metrics._learning import split_rows
from vaekit.metrics._separability import separability_of_counts
from vaekit.metrics._udr import pair_score


def noisy_world(n_samples=150, seed=0):
    """Three factors, four codes: two good, one of two factors, one of none."""
    rng = np.random.default_rng(seed)
    factors = np.column_stack([rng.integers(size, size=n_samples) for size in (3, 4, 2)])
    noise = rng.normal(size=(n_samples, 4))
    signal = np.column_stack([factors[:, 0], 2 * factors[:, 1], factors[:, 2] - factors[:, 0], 0 * factors[:, 0]])
    return factors, signal + [0.3, 0.8, 0.2, 1.0] * noise


DETERMINISTIC = {
    "mig": (metrics.mig_score, plain.mig),
    "mig, 7 bins": (lambda f, z: metrics.mig_score(f, z, n_bins=7), lambda f, z: plain.mig(f, z, n_bins=7)),
    "mig of the codes": (metrics.mig_sup_score, plain.mig_sup),
    "dcimig": (metrics.dcimig_score, plain.dcimig),
    "jemmig": (metrics.jemmig_score, plain.jemmig),
    "jemmig, 7 bins": (lambda f, z: metrics.jemmig_score(f, z, n_bins=7), lambda f, z: plain.jemmig(f, z, n_bins=7)),
    "interventional robustness": (metrics.interventional_robustness_score, plain.interventional_robustness),
    "interventional robustness, all of it": (
        lambda f, z: metrics.interventional_robustness_score(f, z, quantile=1),
        lambda f, z: plain.interventional_robustness(f, z, q=1),
    ),
    "kernel distance": (
        lambda f, z: metrics.kernel_distance(f, z[:, :3], subset_size=len(z)).value,
        lambda f, z: plain.kernel_distance(f.tolist(), z[:, :3].tolist()),
    ),
    "information": (metrics.mutual_info_matrix, plain.information_matrix),
    "modularity": (metrics.modularity_score, plain.modularity),
    "sap": (lambda f, z: metrics.sap_score(f, z, continuous_factors="regress"), plain.sap_of_correlations),
    "mean correlation": (metrics.mean_correlation_coefficient, plain.mean_correlation),
    "mean rank correlation": (
        lambda f, z: metrics.mean_correlation_coefficient(f, z, method="spearman"),
        lambda f, z: plain.mean_correlation(f, z, rank=True),
    ),
    "gaussian tc": (
        lambda f, z: metrics.gaussian_total_correlation(z),
        lambda f, z: plain.gaussian_total_correlation(z),
    ),
    "active units": (
        lambda f, z: metrics.active_units(z, threshold=0.5),
        lambda f, z: sum(plain.variance(code, 0) > 0.5 for code in plain.columns(z)),
    ),
    "udr of ranks": (
        lambda f, z: metrics.udr_scores([z, z[:, ::-1] ** 3, z @ np.ones((4, 2))], method="spearman"),
        lambda f, z: plain.udr_of_ranks([z, z[:, ::-1] ** 3, z @ np.ones((4, 2))]),
    ),
}


@pytest.mark.parametrize("name", DETERMINISTIC)
@pytest.mark.parametrize("seed", [0, 1])
def test_agrees_with_the_plain_reading(name, seed):
    ours, reading = DETERMINISTIC[name]
    factors, codes = noisy_world(seed=seed)
    assert_allclose(ours(factors, codes), reading(factors, codes), atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_an_importance_matrix(seed):
    importance = np.random.default_rng(seed).exponential(size=(5, 3)) * [[1], [1], [0], [2], [5]]
    assert_allclose(disentanglement_from_importance(importance), plain.disentanglement(importance.tolist()), atol=1e-8)
    assert_allclose(completeness_from_importance(importance), plain.completeness(importance.tolist()), atol=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_pair_score_and_separability_of_counts(seed):
    rng = np.random.default_rng(seed)
    strengths = rng.uniform(size=(4, 3)) * [1, 1, 0]
    assert_allclose(pair_score(strengths), plain.relative_strength(strengths.tolist()), atol=1e-12)
    counts = rng.integers(1, 50, size=(3, 2, 2))
    assert_allclose(separability_of_counts(counts), plain.separability(counts.tolist()), atol=1e-12)


def test_discrete_sap_fits_one_classifier_per_code_and_factor():
    factors, codes = noisy_world()
    train, test = split_rows(150, 10000, 5000, np.random.RandomState(3))
    scaled = StandardScaler().fit(codes[train]).transform(codes)
    accuracy = np.zeros((4, 3))
    for j, k in np.ndindex(4, 3):
        classifier = LinearSVC(C=0.01, class_weight="balanced", random_state=0)
        classifier.fit(scaled[train][:, [j]], factors[train, k])
        accuracy[j, k] = np.mean(classifier.predict(scaled[test][:, [j]]) == factors[test, k])
    expected = np.mean([plain.top_two_gap(column) for column in accuracy.T.tolist()])
    assert_allclose(metrics.sap_score(factors, codes, random_state=3), expected, atol=1e-12)


def test_explicitness_is_the_mean_area_under_the_curve():
    factors, codes = noisy_world()
    train, test = split_rows(150, 10000, 5000, np.random.RandomState(3))
    scaled = StandardScaler().fit(codes[train]).transform(codes)
    areas = []
    for v in factors.T:
        probabilities = LogisticRegression(max_iter=1000).fit(scaled[train], v[train]).predict_proba(scaled[test])
        of_values = [
            plain.area_under_curve(p[v[test] == value].tolist(), p[v[test] != value].tolist())
            for value, p in enumerate(probabilities.T)
        ]
        areas.append(np.mean(of_values))
    assert_allclose(metrics.explicitness_score(factors, codes, random_state=3, average=None), areas, atol=1e-12)


def test_linear_separability_counts_predictions_on_the_rows_of_the_fit():
    factors, codes = noisy_world()
    attribute = factors[:, 2]
    scaled = StandardScaler().fit_transform(codes)
    predicted = LinearSVC(dual=False, random_state=0).fit(scaled, attribute).predict(scaled)
    table = [[np.sum((predicted == x) & (attribute == y)) for y in (0, 1)] for x in (0, 1)]
    assert_allclose(metrics.linear_separability_loss(attribute, codes), plain.separability([table]), atol=1e-12)


@pytest.mark.parametrize(
    ("ours", "reading"),
    [(metrics.factor_vae_score, plain.factor_vae), (metrics.beta_vae_score, plain.beta_vae)],
)
def test_metrics_that_draw_agree_within_a_hundredth(ours, reading):
    factors, codes = noisy_world(n_samples=600)
    counts = {"n_train": 8000, "n_test": 8000, "batch_size": 8}
    score = ours(factors, codes, random_state=0, **counts)
    assert 0.6 < score < 0.99  # neither chance nor saturation: a wrong draw would show
    assert_allclose(score, reading(factors.tolist(), codes.tolist(), seed=0, **counts), atol=0.01)
