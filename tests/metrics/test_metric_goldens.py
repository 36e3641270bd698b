"""Numbers computed once, by hand or to many digits elsewhere."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from vaekit import metrics
from vaekit.metrics._codes import total_correlation_of_covariance
from vaekit.metrics._dci import completeness_from_importance, disentanglement_from_importance
from vaekit.metrics._factor_vae import accuracy_of_majority
from vaekit.metrics._separability import conditional_entropy, separability_of_counts
from vaekit.metrics._udr import pair_score


@pytest.fixture
def table():
    i = np.arange(60)
    factors = np.column_stack([i % 3, (i // 3) % 4])
    a, b = factors.T
    codes = np.column_stack([a + 0.1 * np.sin(i), b + 0.1 * np.cos(i), np.sin(3 * i), a - b + 0.05 * np.sin(7 * i)])
    return factors, codes


def test_scores_of_a_table_of_sixty_rows(table):
    assert_allclose(metrics.mig_score(*table), 0.6296710001, atol=1e-8)
    assert_allclose(metrics.mig_score(*table, average=None), [0.7025691342, 0.5567728659], atol=1e-8)
    assert_allclose(metrics.modularity_score(*table), 0.8447260674, atol=1e-8)
    assert_allclose(metrics.sap_score(*table, continuous_factors="regress"), 0.4947294174, atol=1e-8)


def test_interventional_robustness_of_a_table_of_sixty_rows(table):
    """The two numbers of `scalable_disentanglement_score` in disentanglement_lib's irs.py, run on this table."""
    assert_allclose(metrics.interventional_robustness_score(*table), 0.6339121882661777, atol=1e-12)
    assert_allclose(metrics.interventional_robustness_score(*table, quantile=1.0), 0.6322379848511711, atol=1e-12)


def test_disentanglement_and_completeness_of_an_importance_matrix():
    importance = np.array([[0.8, 0.1], [0.1, 0.7], [0.1, 0.2]])
    assert_allclose(disentanglement_from_importance(importance), 0.4183635969, atol=1e-8)
    assert_allclose(completeness_from_importance(importance), 0.3442407175, atol=1e-8)
    assert_allclose(disentanglement_from_importance(np.eye(3)), 1, atol=1e-8)
    assert_allclose(completeness_from_importance(np.eye(3)), 1, atol=1e-8)


def test_importance_of_nothing_scores_zero():
    assert_allclose(disentanglement_from_importance(np.zeros((3, 2))), 0, atol=1e-8)
    assert_allclose(completeness_from_importance(np.zeros((3, 2))), 0, atol=1e-8)


def test_separability_of_counts():
    counts = np.array([[[40, 10], [5, 45]], [[30, 20], [25, 25]]])
    assert_allclose([conditional_entropy(table) for table in counts], [0.4127426985, 0.6830794238], atol=1e-8)
    assert_allclose(separability_of_counts(counts), 2.9916411674, atol=1e-8)


def test_pair_score_of_relations():
    assert_allclose(pair_score(np.array([[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0, 0, 0.5]])), 0.5942550505, atol=1e-8)


def test_rank_correlation_of_five_runs():
    table = metrics.rank_correlation({"a": [0.1, 0.4, 0.35, 0.8, 0.7], "b": [1, 3, 2, 4, 5], "flat": [2] * 5})
    assert_allclose(table["a"]["b"], 0.9, atol=1e-8)
    assert_allclose(table["b"]["b"], 1, atol=1e-8)
    assert np.isnan(table["flat"]["a"])


def test_total_correlation_of_a_covariance():
    covariance = np.array([[1, 0.5, 0], [0.5, 2, 0.3], [0, 0.3, 1.5]])
    assert_allclose(total_correlation_of_covariance(covariance), 0.0842093258, atol=1e-8)
    assert_allclose(total_correlation_of_covariance(np.array([[1, 0.9], [0.9, 1]])), 0.8303656034, atol=1e-8)


def test_accuracy_of_majority_votes():
    train, test = np.array([[5, 0, 1], [1, 6, 2]]), np.array([[3, 1, 0], [1, 4, 2]])
    assert_allclose(accuracy_of_majority(train, train), 0.8666666667, atol=1e-8)
    assert_allclose(accuracy_of_majority(train, test), 0.8181818182, atol=1e-8)
