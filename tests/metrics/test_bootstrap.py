"""Intervals by resampling rows."""

import numpy as np
from joblib import parallel_config
from numpy.testing import assert_allclose

from vaekit.metrics import (
    bootstrap_interval,
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


def test_the_interval_narrows_with_rows():
    few, many = (bootstrap_interval(mean_correlation_coefficient, *world(n), random_state=0) for n in (500, 2000))
    assert_allclose((many.high - many.low) / (few.high - few.low), 1 / 2, atol=0.15)


def test_the_excess_of_counted_information_is_taken_off():
    rng = np.random.default_rng(0)
    factors, codes = rng.integers(4, size=(500, 1)), rng.uniform(size=(500, 1))
    value, low, high = bootstrap_interval(mutual_info_matrix, factors, codes, random_state=0)
    assert value > 0.02  # counting finds information in independent rows
    assert low < 0 < high


def test_one_seed_gives_one_interval_whatever_the_jobs():
    table = world(100)
    options = {"n_resamples": 10, "n_bins": 5, "random_state": 3}
    with parallel_config(backend="threading", n_jobs=2):
        together = bootstrap_interval(modularity_score, *table, **options)
    assert together == bootstrap_interval(modularity_score, *table, **options)
    assert together != bootstrap_interval(modularity_score, *table, **{**options, "random_state": 4})
