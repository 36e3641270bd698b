"""Rows whose numbers are of several kinds: each has its unit, and what a density gains by it."""

import numpy as np
import pytest

from vaekit.fitted._parts import check_support, log_units, preprocessing_of
from vaekit.fitted._preprocessing import choose_preprocessing, measure, measure_known
from vaekit.likelihoods import Bernoulli, Categorical, Normal, Poisson, Product

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(50, 9, 40), RNG.integers(2, size=40), RNG.poisson(11, 40), RNG.normal(0, 1e-3, 40)])
WORD = Product(parts=((Normal(), (0, 3)), (Bernoulli(), (1,)), (Poisson(), (2,))))
HOW = {"standardize": "auto", "is_image": False, "has_gaps": False}


def test_each_number_has_the_unit_of_its_kind():
    (offset, unit), deviation = preprocessing_of(X, WORD, **HOW)
    np.testing.assert_allclose(offset, [X[:, 0].mean(), 0, 0, X[:, 3].mean()])
    np.testing.assert_allclose(unit, [X[:, 0].std(), 1, 1, X[:, 3].std()])
    assert deviation == pytest.approx(1)
    np.testing.assert_allclose(log_units(WORD, unit, 4), [np.log(unit[0]), 0, 0, np.log(unit[3])])


def test_moments_are_those_of_the_values_that_are_known():
    rows = np.where(RNG.random(X.shape) < 0.3, np.nan, X)
    rows[:, 1] = np.nan
    found, whole = measure_known(rows), measure_known(X)
    for d in (0, 2, 3):
        own = measure(rows[~np.isnan(rows[:, d])][:, [d]])
        np.testing.assert_allclose([part[d] for part in found], np.ravel(own), rtol=1e-12)
    assert [part[1] for part in found] == [0, 0, 0, 0]
    np.testing.assert_allclose(whole, measure(X), rtol=1e-12)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [(1, 1.5, r"\[0, 1\]"), (2, 0.5, "of counts"), (2, -1, "of counts")],
)
def test_values_without_a_probability_are_refused(column, value, words):
    rows = X.copy()
    rows[3], rows[5, column] = np.nan, value
    with pytest.raises(ValueError, match=words):
        check_support(rows, WORD, 1.0)
    rows[5] = np.nan
    check_support(rows, WORD, 1.0)


def test_one_hots_are_taken_as_they_are():
    preprocessing, deviation = choose_preprocessing(
        np.eye(3), support=Categorical().support, standardize="column", is_image=False
    )
    assert (*preprocessing, deviation) == (0, 1, 1)


BOTH = np.c_[np.eye(3), [[1, 0], [0, 1], [1, 0]]]
NONE = {"another number": (0, 2), "two ones": (0, 1), "zeros alone": (0, 0), "a part": (3, np.nan), "shares": (3, 0.5)}


@pytest.mark.parametrize("kind", NONE)
@pytest.mark.parametrize("word", [Categorical(sizes=(3, 2)), Product(parts=((Categorical(sizes=(3, 2)), range(5)),))])
def test_what_is_no_one_hot_is_refused_in_the_fit_and_later(kind, word):
    column, value = NONE[kind]
    rows = BOTH.copy()
    rows[2, :3] = np.nan  # one that is missing as a whole is none of these
    check_support(rows, word, 1.0)
    rows[1, 1 if kind == "zeros alone" else column] = value
    for refuse in (check_support, lambda *told: preprocessing_of(*told[:2], **HOW)):
        with pytest.raises(ValueError, match=r"X holds .* \(row 1\), but likelihood='categorical' needs one-hots"):
            refuse(rows, word, 1.0)
