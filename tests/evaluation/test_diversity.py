"""How different samples of one condition are: normals, whose distances are known."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.preprocessing import FunctionTransformer

from vaekit import VAE, ConditionalVAE
from vaekit.evaluation import sample_diversity
from vaekit.exceptions import MissingMethodError


class Normals:
    """Samples of condition y are N(y, y^2) in three columns."""

    def sample(self, n_samples=1, y=1.0, random_state=None):
        return y + y * random_state.standard_normal((n_samples, 3))


MEAN_DISTANCE = math.sqrt(2) * math.sqrt(2) * math.gamma(2) / math.gamma(1.5)  # of two draws of N(0, I) in 3-D


def test_mean_distances_of_normals():
    result = sample_diversity(Normals(), [1.0, 3.0], n_pairs=5000, random_state=0)
    for estimate, y in zip(result.by_condition, (1, 3)):
        assert estimate.value == pytest.approx(y * MEAN_DISTANCE, abs=5 * estimate.standard_error)
    assert result.value == pytest.approx(np.mean([estimate.value for estimate in result.by_condition]))
    errors = [estimate.standard_error for estimate in result.by_condition]
    assert result.standard_error == pytest.approx(math.hypot(*errors) / 2)
    alone = sample_diversity(Normals(), n_pairs=5000, random_state=0)
    assert alone.value == pytest.approx(MEAN_DISTANCE, rel=0.03)


CONDITIONS = {
    "tuples": ([("a", 1), ("b", 2)], [("a", 1), ("b", 2)]),
    "pandas": (pd.DataFrame({"s": ["a", "b"], "t": [1, 2]}), [("a", 1), ("b", 2)]),
    "polars": (pl.DataFrame({"s": ["a", "b"], "t": [1, 2]}), [("a", 1), ("b", 2)]),
    "arrow": (pa.table({"s": ["a", "b"], "t": [1, 2]}), [("a", 1), ("b", 2)]),
    "an array": (np.array([[1, 2], [3, 4], [5, 6]]), [(1, 2), (3, 4), (5, 6)]),
    "a column": (np.array([["u"], ["v"]]), ["u", "v"]),
    "a frame of one column": (pd.DataFrame({"s": ["u", "v"]}), ["u", "v"]),
    "a series": (pd.Series(["u", "v"]), ["u", "v"]),
}


@pytest.mark.parametrize(("conditions", "expected"), CONDITIONS.values(), ids=CONDITIONS)
def test_conditions_are_the_rows_of_a_table(conditions, expected):
    told = []

    class Told(Normals):
        def sample(self, n_samples, y, random_state):
            told.append(y)
            return super().sample(n_samples, 1.0, random_state)

    sample_diversity(Told(), conditions, n_pairs=2, random_state=0)
    assert told == expected


@pytest.mark.parametrize("features", [lambda X: 2 * X, FunctionTransformer(lambda X: 2 * X).fit(np.zeros((1, 3)))])
def test_features_are_those_of_the_frechet_distance(features):
    plain, doubled = (sample_diversity(Normals(), [2.0], features=f, random_state=0) for f in ("flatten", features))
    assert doubled.value == pytest.approx(2 * plain.value)


def test_a_distance_of_pairs_takes_the_place_of_the_euclidean():
    seen = []

    def first_column(X, Y):
        seen.append((X, Y))
        return np.abs(X - Y)[:, 0]

    result = sample_diversity(Normals(), [1.0], n_pairs=4000, distance=first_column, random_state=0)
    assert result.value == pytest.approx(2 / math.sqrt(math.pi), rel=0.05)
    ((X, Y),) = seen
    assert len({*X[:, 0], *Y[:, 0]}) == 8000  # no sample stands in two pairs


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_models_told_and_untold():
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 2
    told = ConditionalVAE(n_components=2, max_epochs=1, random_state=0).fit(X, y)
    one, two = (sample_diversity(told, [0, 1], n_pairs=20, random_state=0) for _ in range(2))
    assert one.value == two.value > 0
    assert len(one.by_condition) == 2
    assert sample_diversity(VAE(n_components=2, max_epochs=1, random_state=0).fit(X), n_pairs=5).value > 0


@pytest.mark.parametrize(
    ("model", "options", "error", "words"),
    [
        (Normals(), {"conditions": []}, ValueError, "conditions must hold one or more"),
        (Normals(), {"n_pairs": 0}, ValueError, "n_pairs"),
        (Normals(), {"distance": "cosine"}, ValueError, "distance must be 'euclidean'"),
        (Normals(), {"distance": lambda X, Y: X - Y, "random_state": 0}, ValueError, "one for each pair"),
        (object(), {}, MissingMethodError, "sample"),
    ],
)
def test_errors_name_the_remedy(model, options, error, words):
    with pytest.raises(error, match=words):
        sample_diversity(model, **options)
