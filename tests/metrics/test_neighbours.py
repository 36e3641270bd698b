"""Mutual information by nearest neighbours against closed forms."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from vaekit import metrics
from vaekit.metrics._neighbours import takes_few_values

RNG = np.random.default_rng(0)
N = 4000


@pytest.mark.parametrize("rho", [0.0, 0.5, -0.9, 0.99])
@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_correlated_normals(rho, scale):
    """I = -log(1 - rho^2) / 2, whatever the unit of either."""
    z = RNG.normal(size=(N, 2))
    factor = rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1]
    found = metrics.mutual_info_matrix(factor, scale * z[:, :1], estimator="neighbors")
    assert_allclose(found, -0.5 * np.log(1 - rho**2), atol=0.06)


@pytest.mark.parametrize("distance", [0.5, 2.0, 20.0])
def test_two_normals_told_apart_by_a_label(distance):
    """I = H(mixture) - H(normal)."""

    def surprise(z):
        p = 0.5 * (norm.pdf(z) + norm.pdf(z - distance))
        return -p * np.log(p) if p > 0 else 0.0

    expected = quad(surprise, -12, distance + 12, limit=200)[0] - norm.entropy()
    labels = np.arange(N) % 2
    codes = (RNG.normal(size=N) + distance * labels)[:, np.newaxis]
    assert_allclose(metrics.mutual_info_matrix(labels, codes, estimator="neighbors"), expected, atol=0.03)


def test_codes_of_few_values_are_counted():
    labels = RNG.integers(3, size=(300, 2))
    codes = np.column_stack([labels[:, 0], 7.5 * (labels[:, 0] == labels[:, 1])])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = metrics.mutual_info_matrix(labels, codes, estimator="neighbors")
    assert_allclose(found, metrics.mutual_info_matrix(labels, codes), atol=1e-12)


def test_which_codes_have_few_values():
    labels, numbers = RNG.integers(40, size=(1000, 1)) * 1.0, RNG.normal(size=(1000, 1))
    codes = np.column_stack([labels, numbers, numbers.round(1), np.zeros(1000)])
    assert takes_few_values(codes, labels, np.array([False])).tolist() == [True, False, False, True]
    assert takes_few_values(codes, numbers, np.array([True])).tolist() == [False, False, False, True]
    assert (
        takes_few_values(np.arange(4.0).reshape(2, 2), np.array([[0], [1]]), np.array([False])).tolist() == [False] * 2
    )


@pytest.mark.parametrize("metric", [metrics.mig_score, metrics.mig_sup_score, metrics.dcimig_score])
def test_continuous_factors_need_no_bins(metric):
    factors = RNG.uniform(size=(2000, 2))
    noise = RNG.normal(size=(2000, 2))
    scores = [
        metric(factors, codes, estimator="neighbors")
        for codes in (factors[:, ::-1], factors + 0.01 * noise, factors + 0.3 * noise, noise)
    ]
    assert_allclose(scores[0], 1, atol=0.01)
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.02


def test_labels_beside_numbers():
    factors = np.column_stack([RNG.integers(3, size=1000), RNG.normal(size=1000)])
    codes = np.column_stack([factors[:, 1], factors[:, 0] + 0.05 * RNG.normal(size=1000)])
    assert_allclose(metrics.mig_score(factors, codes, estimator="neighbors", average=None), 1, atol=0.03)


def test_neighbours_are_fewer_than_rows():
    with pytest.raises(ValueError, match=r"n_neighbors must be below the number of rows \(8\), got 10"):
        metrics.mig_score(np.arange(8) % 2, np.arange(16.0).reshape(8, 2), estimator="neighbors")
