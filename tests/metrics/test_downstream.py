"""Accuracy by number of labels."""

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from vaekit.metrics import downstream_study, sample_efficiency

TREE = DecisionTreeClassifier()


@pytest.fixture
def world():
    rng = np.random.default_rng(0)
    factors = np.column_stack([rng.integers(2, size=600), rng.integers(3, size=600)])
    return factors, factors + 0.5 * rng.normal(size=factors.shape)


def study(factors, codes, **options):
    options = {"train_sizes": (1, 30, 300), "classifier": TREE, "random_state": 0, **options}
    return downstream_study(factors[:400], codes[:400], factors[400:], codes[400:], **options)


def test_perfect_codes_need_few_labels(world):
    factors, _ = world
    result = study(factors, 0.5 * factors)
    assert result.train_sizes == (1, 30, 300)
    assert result.accuracy.shape == (3, 2)
    assert_allclose(result.mean_accuracy[1:], 1)
    assert result.sample_efficiency(few=30, many=300) == 1


def test_one_label_predicts_its_own_class(world):
    factors, codes = world
    shares = [np.bincount(factor) / 200 for factor in factors[400:].T]
    for of_factor, accuracy in zip(shares, study(factors, codes).accuracy[0]):
        assert np.min(np.abs(of_factor - accuracy)) < 1e-12


def test_more_labels_help_and_useless_codes_stay_at_chance(world):
    factors, codes = world
    mean_accuracy = study(factors, codes).mean_accuracy
    assert mean_accuracy[0] < mean_accuracy[1] < mean_accuracy[2]
    assert_allclose(
        study(factors, np.random.default_rng(1).normal(size=(600, 2))).accuracy[2], [1 / 2, 1 / 3], atol=0.1
    )


def test_default_classifier_is_boosted_trees(world):
    factors, codes = world
    assert study(factors, codes, classifier=None, train_sizes=(200,)).mean_accuracy[0] > 0.7


def test_one_seed_gives_one_study_also_through_a_pipeline(world):
    forest = make_pipeline(StandardScaler(), RandomForestClassifier(3))
    for classifier in (forest, forest[-1]):
        first, second, other = (study(*world, classifier=classifier, random_state=seed).accuracy for seed in (0, 0, 1))
        assert_allclose(first, second, atol=0)
        assert np.any(first != other)
    assert forest[-1].random_state is None


def test_study_becomes_a_table(world):
    result = study(*world)
    table = pandas.DataFrame(result.to_dict())
    assert list(table.columns) == ["train_size", "factor", "accuracy"]
    assert_allclose(table.groupby("train_size")["accuracy"].mean(), result.mean_accuracy)
    assert_allclose(table.query("train_size == 30 and factor == 1")["accuracy"], result.accuracy[1, 1])


def test_sample_efficiency_is_a_ratio_of_accuracies(world):
    factors, codes = world
    options = {"n_test": 200, "classifier": TREE, "random_state": 0}
    efficiency = sample_efficiency(factors, codes, few=6, many=400, **options)
    assert 0.4 < efficiency < 1
    assert sample_efficiency(factors, codes, few=400, many=400, **options) == 1
    with pytest.raises(ValueError, match="no accuracy at 100 labels"):
        study(factors, codes).sample_efficiency()
