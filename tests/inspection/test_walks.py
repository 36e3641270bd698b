"""Ways through latent space as arrays."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from vaekit.inspection import attribute_vector, latent_walk, lerp, slerp

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 3))
SPACES = ("generation", "representation")


class Model(BaseEstimator):
    """Codes are half of X; generation space is their cube."""

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        return np.asarray(X) / 2

    def inverse_transform(self, X):
        return 2 * X

    def to_generation_space(self, Z):
        return Z**3

    def to_representation_space(self, Z0):
        return np.cbrt(Z0)


@pytest.mark.parametrize("path", ["slerp", "lerp"])
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("model", [Model(), make_pipeline(FunctionTransformer(), Model())], ids=["model", "pipeline"])
def test_walks_join_the_codes_of_their_rows(model, path, space):
    walks = latent_walk(model, X[:4], X[4:8], n_steps=5, path=path, space=space)
    assert walks.shape == (4, 5, 3)
    assert_allclose(walks[:, [0, -1]], np.stack([X[:4], X[4:8]], axis=1) / 2, atol=1e-12)


def test_a_walk_is_made_in_its_space():
    a, b = X[:1] / 2, X[1:2] / 2
    ends = Model(), X[:1], X[1:2]
    halfway = {space: latent_walk(*ends, n_steps=3, path="lerp", space=space)[:, 1] for space in SPACES}
    assert_allclose(halfway["representation"], (a + b) / 2)
    assert_allclose(halfway["generation"], np.cbrt((a**3 + b**3) / 2))
    arc = latent_walk(Model(), X[:1], X[1:2], n_steps=3, space="representation")
    assert_allclose(arc, slerp(a, b, [0, 0.5, 1]))


def test_slerp_keeps_the_length_of_equal_ends_and_lerp_does_not():
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    t = np.linspace(0, 1, 7)
    arcs, lines = slerp(unit[:10], unit[10:], t), lerp(unit[:10], unit[10:], t)
    assert_allclose(np.linalg.norm(arcs, axis=-1), 1, atol=1e-12)
    assert (np.linalg.norm(lines[:, 3], axis=-1) < 1).all()
    assert_allclose(lines[:, 3], (unit[:10] + unit[10:]) / 2)


def test_the_vector_of_an_attribute_is_the_difference_of_means():
    has = X[:, 0] > 0
    expected = X[has].mean(axis=0) / 2 - X[~has].mean(axis=0) / 2
    for attribute in (has, has.astype(int), has.tolist()):
        assert_allclose(attribute_vector(Model(), X, attribute), expected)
    shifted = np.vstack([X, X + [1.0, 0, -2.0]])
    assert_allclose(attribute_vector(Model(), shifted, np.arange(40) >= 20), [0.5, 0, -1])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: latent_walk(Model(), X[:3], X[:4]), "X_from and X_to must have as many rows"),
        (lambda: latent_walk(Model(), X, X, path="arc"), "path must be one of"),
        (lambda: latent_walk(Model(), X, X, space="latent"), "space 'generation' or 'representation'"),
        (lambda: latent_walk(Model(), X, X, n_steps=0), "'n_steps' parameter must be a positive integer"),
        (lambda: attribute_vector(Model(), X, np.ones(20)), "all rows are of one kind"),
        (lambda: attribute_vector(Model(), X, np.ones(19)), "one truth value for each of 20 rows"),
        (lambda: attribute_vector(Model(), X, np.arange(20)), "one truth value for each of 20 rows"),
        (lambda: slerp(X, X[:3], [0.5]), "Walks go from rows to as many rows"),
    ],
)
def test_errors_teach(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_model_of_one_space_is_walked_in_it():
    class Encoder:
        def transform(self, X):
            return np.asarray(X)

    assert_allclose(latent_walk(Encoder(), X[:1], X[1:2], path="lerp", space="representation")[0, -1], X[1])
    with pytest.raises(AttributeError, match="Inspection asks for the method 'to_generation_space'"):
        latent_walk(Encoder(), X[:1], X[1:2])
