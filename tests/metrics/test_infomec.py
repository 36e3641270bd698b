"""InfoM, InfoC and InfoE against values worked out by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from vaekit.metrics import infomec_scores
from vaekit.metrics._infomec import active_codes, concentration
from vaekit.metrics._learning import split_rows

A, B = np.tile([[0, 0], [0, 1], [1, 0], [1, 1]], (30, 1)).T
COIN = np.tile(np.repeat([0, 1], 4), 15)
FACTORS = np.column_stack([A, B])
# The shares R, rows of codes and columns of factors, and what follows from them.
BY_HAND = {
    # A is 1, 0 and A + B is 1/2, 1/2: M of 1 and 1/2; C of A is 1 / 1.5 = 2/3, of B 1
    "a sum": (np.column_stack([A, A + B]), (3 / 4 - 1 / 2) * 2, (5 / 6 - 1 / 2) * 2, 1),
    # A is 1, 0 twice and B is 0, 1: C of A is 1/2, of B 1, among three codes
    "a copy": (np.column_stack([A, 1 - A, B]), 1, (3 / 4 - 1 / 3) * 3 / 2, 1),
    # A is 1, 0 and the coin is 0, 0, which is chance: M of 1 and 1/2; C of A is 1, of B chance; B cannot be read off
    "a coin": (np.column_stack([A, COIN]), (3 / 4 - 1 / 2) * 2, (3 / 4 - 1 / 2) * 2, 1 / 2),
    # A or B is told apart from nothing when it is 0; I = log 2 - (3/4) H(1/3) of each
    "either": (np.column_stack([A | B, B]), None, None, None),
    "the factors": (FACTORS, 1, 1, 1),
    "the factors, bent and turned": (np.column_stack([5 - A**3, np.exp(3 * B)]), 1, 1, 1),
}


@pytest.mark.parametrize("name", [name for name, (_, infom, *_) in BY_HAND.items() if infom is not None])
@pytest.mark.parametrize("dtype", [int, float])
def test_values_by_hand(name, dtype):
    codes, *expected = BY_HAND[name]
    assert_allclose(infomec_scores(FACTORS, codes.astype(dtype), random_state=0), expected, atol=1e-4)


def test_a_code_of_either_factor():
    """A or B: H(A) - (3/4) H(1/3) of each; B: all of B, nothing of A."""
    share = 1 - 0.75 * -(np.log(1 / 3) / 3 + 2 * np.log(2 / 3) / 3) / np.log(2)
    infom = ((1 / 2 + 1) / 2 - 1 / 2) * 2
    infoc = ((1 + 1 / (1 + share)) / 2 - 1 / 2) * 2
    scores = infomec_scores(FACTORS, BY_HAND["either"][0], random_state=0)
    assert_allclose(scores[:2], (infom, infoc), atol=1e-12)


def test_explicitness_is_one_minus_the_log_loss_of_unseen_rows_over_that_of_frequencies():
    rng = np.random.default_rng(0)
    factors = np.column_stack([rng.integers(3, size=600), rng.integers(2, size=600)])
    codes = factors @ [[1.0, 0.3], [-0.5, 1.0]] + 0.7 * rng.normal(size=(600, 2))
    train, test = split_rows(600, 10000, 5000, np.random.RandomState(3))
    scaled = StandardScaler().fit(codes[train]).transform(codes)
    expected = []
    for v in factors.T:
        model = LogisticRegression(C=np.inf, solver="newton-cg", tol=1e-8).fit(scaled[train], v[train])
        frequencies = np.tile(np.bincount(v[train]) / len(train), (len(test), 1))
        expected.append(1 - log_loss(v[test], model.predict_proba(scaled[test])) / log_loss(v[test], frequencies))
    assert_allclose(infomec_scores(factors, codes, random_state=3).explicitness, np.mean(expected), atol=1e-5)
    assert 0.2 < np.mean(expected) < 0.8


def test_useless_codes_explain_nothing_of_unseen_rows():
    """In sample, a regression on 40 codes of noise would explain a fifth of 100 rows."""
    rng = np.random.default_rng(0)
    factors = rng.integers(3, size=(100, 2))
    assert infomec_scores(factors, rng.normal(size=(100, 40)), random_state=0).explicitness == 0


def test_numbers_are_taken_as_numbers():
    rng = np.random.default_rng(0)
    factors = rng.uniform(size=(2000, 2))
    scores = infomec_scores(factors, factors[:, ::-1] * [-3, 1e5] + 7, active_range=0, random_state=0)
    assert_allclose(scores, 1, atol=0.01)
    mixed = np.column_stack([factors[:, 0], factors @ [1, 1]])
    turned = infomec_scores(factors, mixed, random_state=0)
    assert turned.modularity < 0.7
    assert_allclose(turned.explicitness, 1, atol=1e-9)  # a linear model undoes what a linear map did
    beside_labels = np.column_stack([factors[:, 0], factors[:, 1] > 0.5])
    assert_allclose(infomec_scores(beside_labels, beside_labels, random_state=0), 1, atol=0.01)


def test_codes_that_hardly_move_are_not_active():
    rng = np.random.default_rng(0)
    factors = rng.integers(4, size=(400, 2))
    noise = rng.normal(size=(400, 3))
    codes = np.column_stack([factors + 0.05 * noise[:, :2], 0.01 * noise[:, 2]])
    without = infomec_scores(factors, codes[:, :2], random_state=0)
    assert infomec_scores(factors, codes, random_state=0)[:2] == without[:2]
    assert infomec_scores(factors, codes, active_range=0, random_state=0).modularity < without.modularity
    assert active_codes(np.array([[0.5, 0.5], [1, 1]]), np.array([3, 2000]), np.zeros(2, bool), 0.05).tolist() == [
        False,
        True,
    ]


def test_one_active_code_has_no_rival():
    assert_allclose(infomec_scores(FACTORS, np.column_stack([A, 0 * A]), random_state=0), (1, 0, 0.5), atol=1e-4)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [(np.eye(3), 1), (np.ones((2, 4)), 0), (np.zeros((2, 3)), 0), ([[1, 1, 0]], 0.25), ([[2.0]], 0)],
)
def test_concentration_of_shares(shares, expected):
    assert_allclose(concentration(np.array(shares, dtype=float)), expected, atol=1e-12)


def test_values_that_only_unseen_rows_have_are_left_out():
    factors = np.column_stack([np.arange(12), np.arange(12) % 2])
    codes = np.column_stack([np.sin(factors[:, 0]), factors[:, 1]])
    scores = infomec_scores(factors, codes, n_neighbors=2, random_state=0)
    assert_allclose(scores.explicitness, 1 / 2, atol=1e-3)  # nothing is known of the first, all of the second
    assert all(0 <= score <= 1 for score in scores)
