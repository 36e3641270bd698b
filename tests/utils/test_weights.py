"""Weights of rows, checked and turned into rows that count once."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit.utils._weights import checked_weights, fitted_with, in_proportion, mean


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20).filter(any), st.integers(1, 50))
@example([0.0, 5e-324], 3)
def test_a_row_is_drawn_as_often_as_its_share_says(weights, n_draws):
    weights = np.array(weights)
    drawn = np.bincount(in_proportion(weights, n_draws), minlength=len(weights))
    assert drawn.sum() == n_draws
    assert np.abs(drawn - n_draws * weights / weights.sum()).max() < 1 + 1e-6
    assert not drawn[weights == 0].any()


def test_whole_weights_are_copies():
    weights = np.array([2, 0, 1, 4])
    np.testing.assert_array_equal(in_proportion(weights, 7), np.repeat(range(4), weights))


@pytest.mark.parametrize("container", [list, pd.Series, torch.tensor, np.float32], ids=lambda kind: kind.__name__)
def test_only_proportions_matter_whatever_holds_them(container):
    found = checked_weights(container([1.0, 0.0, 3.0]), 3)
    np.testing.assert_allclose(found, [0.5, 0.0, 1.5])
    np.testing.assert_allclose(checked_weights([1e-310, 0.0, 3e-310], 3), found, rtol=1e-3)
    np.testing.assert_allclose(checked_weights([1e308, 0.0, 1e308, 1e308], 4), [1, 0, 1, 1])


@pytest.mark.parametrize("same", [None, np.ones(4), [7] * 4, 3.0])
def test_equal_weights_are_none(same):
    assert checked_weights(same, 4) is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([0.0, 0.0, 0.0], "zero"),
        ([1.0, -1.0, 1.0], "Negative values"),
        ([1.0, np.nan, 1.0], "NaN"),
        ([1.0, np.inf, 1.0], "infinity"),
        ([1.0, 1.0], "shape"),
        (np.ones((3, 2)), "1D"),
    ],
)
def test_wrong_weights_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        checked_weights(wrong, 3)


def test_mean():
    assert mean([1.0, 2.0, 6.0], None) == 3
    assert mean([1.0, 2.0, 6.0], [3, 0, 1]) == 2.25


@pytest.mark.parametrize("is_routed", [False, True])
def test_pipelines_pass_weights_to_their_last_step(is_routed):
    X, weights = np.random.default_rng(0).normal(size=(9, 1)), np.arange(9.0)
    with config_context(enable_metadata_routing=is_routed):
        density = KernelDensity()
        scaler = StandardScaler()
        if is_routed:
            density.set_fit_request(sample_weight=True)
            scaler.set_fit_request(sample_weight=False)
        model = fitted_with(make_pipeline(scaler, density), X, None, weights)
        scaled = model[0].transform(X)
    expected = KernelDensity().fit(scaled, sample_weight=weights).score_samples(scaled)
    np.testing.assert_allclose(model.score_samples(X), expected)
