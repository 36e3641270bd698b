"""A linear VAE is probabilistic PCA: the one model of the family whose likelihood is known exactly.

Its best parameters give E_q log p(x, z) - log q(z | x) = log p(x), with the decoder's columns along the principal axes
(J. Lucas, G. Tucker, R. Grosse, M. Norouzi, "Don't Blame the ELBO! A Linear VAE Perspective on Posterior Collapse",
NeurIPS 2019).
"""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from skorch.callbacks import LRScheduler
from torch.optim.lr_scheduler import LambdaLR

from vaekit import VAE
from vaekit.likelihoods import Normal
from vaekit.nn import MLP

N_EPOCHS = 50


def towards_zero(epoch):
    return (1 - epoch / N_EPOCHS) ** 2


CLOSED_FORM, LEARNED = Normal(), Normal(scale="learned", initial_scale=1.0)


@pytest.fixture(scope="module", params=[(0, CLOSED_FORM), (1, CLOSED_FORM), (2, CLOSED_FORM), (0, LEARNED)], ids=str)
def world(request):
    """Rows of a factor model with isotropic noise, its maximum-likelihood probabilistic PCA, and a linear VAE."""
    seed, likelihood = request.param
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(8, 3)))[0] * [4, 2.5, 1.5]
    X = rng.normal(size=(2000, 3)) @ axes.T + rng.normal(size=(2000, 8)) + 5
    vae = VAE(
        n_components=3, network=MLP(hidden_layer_sizes=()), likelihood=likelihood,
        warmup=0, learning_rate=0.1, batch_size=100, max_epochs=N_EPOCHS, random_state=seed,
        callbacks=[LRScheduler(LambdaLR, lr_lambda=towards_zero)],
    ).fit(X)  # fmt: skip
    return X, PCA(3).fit(X), vae


def test_the_elbo_reaches_the_exact_likelihood_from_below(world):
    X, pca, vae = world
    gap = pca.score(X) - vae.score(X)
    assert 0 < gap < 0.01


def test_so_does_the_importance_weighted_bound(world):
    X, pca, vae = world
    bound = vae.score_samples(X, n_importance_samples=20).mean()
    assert vae.score(X) < bound < pca.score(X) + 1e-3  # where q is exact, all weights are equal


def test_the_decoder_points_along_the_principal_axes(world):
    _, pca, vae = world
    columns = vae.inverse_transform(np.eye(3)) - vae.inverse_transform(np.zeros((3, 3)))
    cosines = np.abs(columns @ pca.components_.T) / np.linalg.norm(columns, axis=1, keepdims=True)
    assert sorted(cosines.argmax(axis=1)) == [0, 1, 2]
    assert cosines.max(axis=1).min() > 0.99


def test_the_noise_is_that_of_probabilistic_pca(world):
    _, pca, vae = world
    Z = np.zeros((1, 3))
    log_scale = -vae.log_likelihood(vae.inverse_transform(Z), Z)[0] / 8 - 0.5 * np.log(2 * np.pi)
    assert np.exp(2 * log_scale) == pytest.approx(pca.noise_variance_, rel=0.03)
    assert vae.likelihood_scale_ == pytest.approx(np.exp(log_scale), rel=1e-5)


def test_the_scale_is_the_error_of_sampled_reconstructions(world):
    X, _, vae = world
    errors = X - vae.inverse_transform(vae.sample_posterior(X, random_state=5)[0])
    assert vae.likelihood_scale_ == pytest.approx(np.sqrt(np.mean(errors**2)), rel=0.02)


def deviations_from(X, samples):
    """Largest difference of means, deviations and correlations, each in its standard error for normal rows."""
    share = 1 / len(X) + 1 / len(samples)
    means = (samples.mean(axis=0) - X.mean(axis=0)) / X.std(axis=0) / np.sqrt(share)
    spreads = (samples.std(axis=0) / X.std(axis=0) - 1) / np.sqrt(share / 2)
    correlation = np.corrcoef(X.T)
    errors = np.where(np.eye(len(correlation)), 1, (1 - correlation**2) * np.sqrt(share))
    return [np.abs(z).max() for z in (means, spreads, (np.corrcoef(samples.T) - correlation) / errors)]


def test_draws_have_the_moments_of_the_data(world):
    X, _, vae = world
    assert max(deviations_from(X, vae.sample(10_000, random_state=1))) < 3.5  # of 44 numbers


def test_decoded_means_have_those_of_the_signal_alone(world):
    X, _, vae = world
    means, spreads, correlations = deviations_from(X, vae.sample(10_000, random_state=1, noise=False))
    assert means < 3.5
    assert min(spreads, correlations) > 10


def test_codes_are_the_posterior_means_of_probabilistic_pca(world):
    X, pca, vae = world
    signal = pca.explained_variance_ - pca.noise_variance_
    expected = pca.transform(X) * np.sqrt(signal) / pca.explained_variance_  # E[z | x], up to order and sign
    correlations = np.abs(np.corrcoef(vae.transform(X).T, expected.T)[:3, 3:])
    best = correlations.argmax(axis=1)
    assert correlations.max(axis=1).min() > 0.99
    np.testing.assert_allclose(vae.transform(X).std(axis=0), expected.std(axis=0)[best], rtol=0.03)
    scales = np.sqrt(pca.noise_variance_ / pca.explained_variance_)
    np.testing.assert_allclose(vae.posterior(X).scale.mean(axis=0), scales[best], rtol=0.05)
