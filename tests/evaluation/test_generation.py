import numpy as np
import pytest
import torch
from gaussian_worlds import GaussianWorld, Sampler, collapsed_world, four_dimensional_world

from vaekit.evaluation import (
    low_posterior_frechet_distance,
    sample_frechet_distance,
    sample_kernel_distance,
    sample_precision_recall,
)
from vaekit.exceptions import MissingMethodError
from vaekit.metrics import frechet_distance, kernel_distance

WORLD = four_dimensional_world()
X = WORLD.sample(400, random_state=1)


def test_samples_of_the_true_model_are_close_and_others_are_not():
    true = sample_frechet_distance(WORLD, X, random_state=0)
    shifted = sample_frechet_distance(WORLD, X + 3, random_state=0)
    assert true < 0.02 * X.var(axis=0).sum()
    assert shifted == pytest.approx(36, rel=0.1)


def test_distance_is_that_of_the_samples_features():
    features = lambda rows: rows[:, :2] ** 2  # noqa: E731
    fake = WORLD.sample(150, random_state=3)
    expected = frechet_distance(features(X), features(fake))
    assert sample_frechet_distance(Sampler(WORLD), X, features, 150, random_state=3) == pytest.approx(
        expected, rel=1e-9
    )


def test_kernel_distance_is_that_of_the_samples_features_and_knows_its_error():
    features = lambda rows: rows[:, :2] ** 2  # noqa: E731
    expected = kernel_distance(features(X), features(WORLD.sample(400, random_state=3)), subset_size=400)
    found = sample_kernel_distance(Sampler(WORLD), X, features, subset_size=400, random_state=3)
    assert found.value == pytest.approx(expected.value, rel=1e-9)
    true, shifted = (sample_kernel_distance(WORLD, rows, random_state=0) for rows in (X, X + 3))
    assert abs(true.value) < 3 * true.standard_error
    assert shifted.value > 5 * shifted.standard_error


def test_precision_and_recall_see_what_is_missing():
    half = GaussianWorld(W=((1.0,),), spread=0.2)
    broad = np.random.default_rng(0).normal(size=(500, 1))
    scores = sample_precision_recall(half, broad, random_state=0)
    assert scores.precision == 1
    assert scores.recall < 0.6
    assert sample_precision_recall(half.set_params(spread=1.0), broad, random_state=0).recall > 0.9


def test_features_are_asked_once_of_each_set_and_of_no_more_rows_than_needed():
    asked = []
    features = lambda rows: asked.append(len(rows)) or rows  # noqa: E731
    sample_frechet_distance(WORLD, X, features, 150, random_state=0)
    sample_precision_recall(WORLD, X, features, 50, random_state=0)
    assert asked == [400, 150, 50, 50]


def test_features_may_be_a_torch_module():
    network = torch.nn.Linear(4, 2).double()
    distance = sample_frechet_distance(WORLD, X, lambda rows: network(torch.tensor(rows)), random_state=0)
    weight, bias = network.weight.detach().cpu().numpy(), network.bias.detach().cpu().numpy()
    expected = sample_frechet_distance(WORLD, X, lambda rows: rows @ weight.T + bias, random_state=0)
    assert distance == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_low_posterior_samples_are_farther_from_the_data():
    """The encoder reaches the right half of what the prior generates; the data lie there."""
    world = collapsed_world(1.0, 0.5)
    data = np.random.default_rng(0).normal(1, 0.5, size=(300, 1))
    distances = low_posterior_frechet_distance(world, data, random_state=0)
    assert distances.value > distances.plain + 1
    assert distances.n_samples == 300
    few = low_posterior_frechet_distance(world, data, n_samples=50, n_candidates=50, random_state=0)
    assert few.value == pytest.approx(few.plain, rel=1e-9)  # nothing to choose from


def test_a_model_that_does_not_sample_is_told_so():
    class Encoder:
        pass

    with pytest.raises(MissingMethodError, match="needs sample, which Encoder has not"):
        sample_frechet_distance(Encoder(), X)


def test_a_single_sample_has_no_covariance():
    with pytest.raises(ValueError, match="minimum of 2"):
        sample_frechet_distance(WORLD, X, n_samples=1)
