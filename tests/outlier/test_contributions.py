"""Shapley values against the inlier that a row is most like."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from vaekit.outlier._contributions import ReferenceRows, contributions_of_columns

X = np.random.default_rng(0).normal(size=(50, 4))


def reference(score):
    return ReferenceRows.among(X, score(X))


@pytest.mark.parametrize("n_orders", [1, 5])
def test_a_sum_of_columns_is_taken_apart(n_orders):
    def score(rows):
        return (rows * [1, -2, 0, 3]).sum(axis=1)

    references = reference(score)
    found = contributions_of_columns(score, X, score(X), references, n_orders)
    r = references.nearest(X)
    expected = (X - references.rows[r]) * [1, -2, 0, 3] + references.scores[r][:, np.newaxis] / 4
    assert_allclose(found, expected, atol=1e-12)


def test_a_product_of_two_is_shared_by_them():
    def score(rows):
        return rows[:, 0] * rows[:, 1]

    references = ReferenceRows(np.zeros((1, 4)), np.zeros(1))
    found = contributions_of_columns(score, X, score(X), references, 1)
    half = score(X) / 2
    assert_allclose(found, np.stack([half, half, 0 * half, 0 * half], axis=1), atol=1e-12)


def test_references_are_inliers():
    scores = np.arange(50.0)
    references = ReferenceRows.among(X, scores)
    assert references.scores.min() >= np.quantile(scores, 0.25)
    assert len(ReferenceRows.among(np.zeros((9000, 1)), np.arange(9000)).rows) == 1000


def test_one_wrong_column_does_not_decide_what_a_row_is_like():
    references = ReferenceRows(np.array([[0.0, 0, 0, 0], [10.0, 3, 3, 3], [-10.0, -3, -3, -3]]), np.zeros(3))
    planted = np.array([[1000.0, 0, 0, 0], [0.0, 3, 3, 3], [-10.0, -3, 99.0, -3]])
    assert_array_equal(references.nearest(planted), [0, 1, 2])


def test_columns_that_do_not_vary_are_alike_or_not():
    references = ReferenceRows(np.array([[5.0, 0.0], [5.0, 1.0]]), np.zeros(2))
    assert_array_equal(references.nearest(np.array([[5.0, 0.9], [6.0, 0.1]])), [1, 0])


def test_gaps_are_no_likeness_and_no_error():
    references = ReferenceRows(np.array([[0.0, 1.0], [3.0, np.nan], [6.0, 0.0]]), np.zeros(3))
    assert_array_equal(references.nearest(np.array([[3.0, np.nan], [np.nan, 1.0]])), [1, 0])
