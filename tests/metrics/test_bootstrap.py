"""Intervals from halves of the rows."""

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose
from sklearn.tree import DecisionTreeClassifier

from vaekit.metrics import (
    bootstrap_interval,
    dci_scores,
    mean_correlation_coefficient,
    mig_score,
    modularity_score,
    mutual_info_matrix,
)


def world(n_samples, seed=0):
    rng = np.random.default_rng(seed)
    factors = rng.integers(4, size=(n_samples, 2))
    return factors, factors + rng.uniform(-1, 1, size=(n_samples, 2))


def test_a_perfect_score_has_no_width():
    factors = np.tile([[0, 0], [0, 1], [1, 0], [1, 1]], (50, 1))
    interval = bootstrap_interval(mig_score, factors, np.c_[factors[:, 0]], average=None, n_resamples=20)
    assert_allclose(interval.value, [1, 0], atol=1e-12)
    assert_allclose([interval.low[0], interval.high[0]], 1, atol=1e-12)


def test_the_interval_holds_the_score_of_many_rows():
    truth = mig_score(*world(200_000, seed=1))
    for n_samples in (500, 4000):
        interval = bootstrap_interval(mig_score, *world(n_samples), random_state=0)
        assert interval.low < truth < interval.high


def test_numbers_are_plain():
    interval = bootstrap_interval(lambda f, z: np.float32(z.mean()), *world(60), n_resamples=5, random_state=0)
    assert list(map(type, interval)) == [float] * 3
    assert "np." not in repr(interval)


def test_the_interval_narrows_with_rows():
    few, many = (bootstrap_interval(mean_correlation_coefficient, *world(n), random_state=0) for n in (500, 2000))
    assert_allclose((many.high - many.low) / (few.high - few.low), 1 / 2, atol=0.15)


def test_the_excess_of_counted_information_is_taken_off():
    rng = np.random.default_rng(0)
    factors, codes = rng.integers(4, size=(500, 1)), rng.uniform(size=(500, 1))
    value, low, high = bootstrap_interval(mutual_info_matrix, factors, codes, random_state=0)
    assert value > 0.02  # counting finds information in independent rows
    assert low < 0 < high


def test_no_row_is_drawn_twice():
    factors, codes = world(101)
    share_of_different_rows = bootstrap_interval(lambda f, z: len(np.unique(z, axis=0)) / len(z), factors, codes)
    assert share_of_different_rows == (1, 1, 1)


@pytest.mark.parametrize("share_of_rows", [1, 1 / 10])
def test_the_interval_of_a_mean_holds_the_truth_as_often_as_asked(share_of_rows):
    """Also of a mean of the first rows alone, which stands for all metrics that split."""
    holds = []
    for seed in range(100):
        z = np.random.default_rng(seed).normal(size=(200, 1))
        interval = bootstrap_interval(
            lambda f, z: z[: int(share_of_rows * len(z))].mean(), z, z, n_resamples=100, random_state=seed
        )
        holds.append(interval.low < 0 < interval.high)
    assert np.mean(holds) >= 0.92


def test_the_interval_of_a_metric_that_learns_holds_its_value_and_the_truth():
    def informativeness(factors, codes):
        tree = DecisionTreeClassifier(min_samples_leaf=10)
        return dci_scores(factors, codes, estimator=tree, random_state=0).informativeness

    truth = np.mean([informativeness(*world(300, seed)) for seed in range(100, 140)])
    for seed in range(4):
        interval = bootstrap_interval(informativeness, *world(300, seed), n_resamples=40, random_state=seed)
        assert interval.low < interval.value < interval.high
        assert interval.low < truth < interval.high


def test_one_seed_gives_one_interval_whatever_the_jobs():
    table = world(100)
    options = {"n_resamples": 10, "n_bins": 5, "random_state": 3}
    with parallel_config(backend="threading", n_jobs=2):
        together = bootstrap_interval(modularity_score, *table, **options)
    assert together == bootstrap_interval(modularity_score, *table, **options)
    assert together != bootstrap_interval(modularity_score, *table, **{**options, "random_state": 4})
