"""Models of one world, and how well they agree."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from vaekit.metrics import udr_scores


@pytest.fixture
def codes():
    return np.random.default_rng(0).normal(size=(2000, 3))


def rotation(angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("method", "agreement"), [("spearman", 1.0), ("lasso", 0.9)]
)  # the lasso shrinks by alpha, 0.1
def test_models_equal_up_to_order_and_sign_agree(codes, method, agreement):
    models = [codes, codes[:, [2, 0, 1]], -3 * codes + 1]
    if method == "lasso":
        assert_allclose(udr_scores(models, method=method), agreement, atol=1e-3)
    else:
        assert np.all(udr_scores(models, method=method) > 0.9)


@pytest.mark.parametrize("method", ["spearman", "lasso"])
def test_the_mixed_model_is_last(codes, method):
    models = [codes, codes[:, ::-1], -codes, codes @ rotation(np.pi / 4)]
    scores = udr_scores(models, method=method)
    assert scores.argmin() == 3
    assert np.all(scores <= 1)


def test_a_model_scores_the_median_over_the_others(codes):
    pair = udr_scores([codes, codes @ rotation(0.5)])
    three = udr_scores([codes, codes @ rotation(0.5), codes])
    assert_allclose(three[1], pair[1], atol=1e-12)  # both others are the same model
    assert three[0] > pair[0]


def test_collapsed_latents_do_not_count(codes):
    noise = np.random.default_rng(1).normal(size=(2000, 2))
    with_noise = np.column_stack([codes, 1e-4 * noise])
    divergence = [1.0, 2.0, 0.5, 0.01, 0.001]
    masked = udr_scores([with_noise, codes], kl_per_component=[divergence, None])
    assert_allclose(masked, udr_scores([codes, codes]), atol=1e-12)
    constant = np.column_stack([codes, np.full(2000, 0.1)])
    assert_allclose(udr_scores([constant, codes]), udr_scores([codes, codes]), atol=1e-12)
    assert np.all(udr_scores([with_noise, codes]) < masked)


@pytest.mark.parametrize("method", ["spearman", "lasso"])
def test_a_collapsed_model_scores_zero(codes, method):
    scores = udr_scores([np.zeros_like(codes), codes, codes, codes], method=method)
    assert scores[0] == 0
    assert np.all(scores[1:] > 0.5)
