import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA, FastICA

from vaekit.datasets import make_nonlinear_ica
from vaekit.metrics import mean_correlation_coefficient


def unmixed(world):
    z = world.data @ world.loadings
    for rotation in world.rotations[::-1]:
        z = np.sinh(3 * z) / 3 @ rotation
    return z


@pytest.mark.parametrize("n_layers", [0, 1, 3])
def test_the_map_can_be_undone(n_layers):
    world = make_nonlinear_ica(500, n_components=3, n_features=6, n_layers=n_layers, random_state=0)
    assert_allclose(unmixed(world), world.factors, atol=1e-8)
    assert world.rotations.shape == (n_layers, 3, 3)
    assert_allclose(world.loadings.T @ world.loadings, np.eye(3), atol=1e-12)


def test_sources_are_normal_in_each_segment():
    world = make_nonlinear_ica(60_000, n_components=2, n_segments=5, random_state=0)
    assert_array_equal(np.bincount(world.segments), np.full(5, 12_000))
    assert_allclose(world.factors.mean(axis=0), 0, atol=1e-12)
    assert_allclose(world.factors.std(axis=0), 1, atol=1e-12)
    for u in range(5):
        z = (world.factors[world.segments == u] - world.locations[u]) / world.scales[u]
        assert_allclose(np.cov(z.T), np.eye(2), atol=0.06)  # independent, given the segment
        assert_allclose(z.mean(axis=0), 0, atol=0.05)
        assert_allclose((z**4).mean(axis=0), 3, atol=0.25)


@pytest.mark.parametrize("method", [FastICA(random_state=0, max_iter=1000), PCA()], ids=["ica", "pca"])
def test_no_linear_method_finds_the_sources(method):
    worlds = [make_nonlinear_ica(random_state=seed) for seed in range(3)]
    found = [mean_correlation_coefficient(w.factors, method.fit_transform(w.data)) for w in worlds]
    assert np.mean(found) < 0.85


def test_noise_is_added_to_each_column():
    plain, noisy = (
        make_nonlinear_ica(5000, n_components=2, n_features=3, noise=noise, random_state=0) for noise in (0.0, 0.2)
    )
    assert_array_equal(plain.factors, noisy.factors)
    assert_allclose(np.cov((noisy.data - plain.data).T), 0.04 * np.eye(3), atol=0.004)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_components": 0}, "n_components == 0, must be >= 1"),
        ({"n_components": 3, "n_features": 2}, "n_features == 2, must be >= 3"),
        ({"n_samples": 10}, "n_samples == 10, must be >= 20"),
        ({"n_layers": -1}, "n_layers == -1, must be >= 0"),
        ({"noise": -1}, "noise == -1, must be >= 0"),
    ],
)
def test_errors_name_the_parameter(options, words):
    with pytest.raises(ValueError, match=words):
        make_nonlinear_ica(**options)
