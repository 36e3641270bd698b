"""Samples and decoded codes."""

import numpy as np
import pytest
from family import IMAGES, WITH_TWO_SPACES, X, same_bits, tiny
from scipy.stats import laplace, norm

from vaekit import VAE
from vaekit.likelihoods import Laplace, Normal

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


@pytest.mark.parametrize("name", WITH_TWO_SPACES)
def test_a_sample_is_a_decoded_draw_of_the_prior(name):
    model = tiny(name).fit(X)
    noise = np.random.RandomState(7).standard_normal((6, 2))
    expected = model.inverse_transform(model.to_representation_space(noise))
    np.testing.assert_allclose(model.sample(6, random_state=7, noise=False), expected, rtol=1e-6)
    state = np.random.RandomState(7)
    assert same_bits(state.standard_normal((6, 2)), noise)
    drawn = model.sample_likelihood(model.to_representation_space(noise), random_state=state)
    np.testing.assert_allclose(model.sample(6, random_state=7), drawn, rtol=1e-6)


def test_samples_are_decided_by_the_random_state():
    model = tiny("DPVAE").fit(X)
    assert same_bits(model.sample(4), model.sample(4))
    assert same_bits(model.sample(4), model.sample(4, random_state=0))
    assert not same_bits(model.sample(4), model.sample(4, random_state=1))
    state = np.random.RandomState(0)
    assert not same_bits(model.sample(4, random_state=state), model.sample(4, random_state=state))
    assert model.sample().shape == (1, 4)


def test_samples_come_from_the_prior_that_was_trained():
    """Codes pushed away from the origin by a learned prior are met by its samples, not by plain normal noise."""
    model = tiny("DPVAE", batch_size=64, max_epochs=300, learning_rate=1e-2).fit(X)
    noise = np.random.default_rng(0).normal(size=(2000, 2))
    from_prior = model.to_representation_space(noise)
    loc, scale = model.posterior(X)
    spread = np.sqrt(loc.var(axis=0) + (scale**2).mean(axis=0))
    np.testing.assert_allclose(from_prior.mean(axis=0), loc.mean(axis=0), atol=0.35 * spread.max())
    np.testing.assert_allclose(from_prior.std(axis=0), spread, rtol=0.35)


def test_decoding_follows_the_codes():
    model = tiny("VAE", batch_size=64, max_epochs=300, learning_rate=1e-2).fit(X)
    decoded = model.inverse_transform(model.transform(X))
    assert np.mean((decoded - X) ** 2) < 0.3 * X.var(axis=0).mean()
    shuffled = model.inverse_transform(model.transform(X)[::-1])
    assert np.mean((shuffled - X) ** 2) > X.var(axis=0).mean()


# ------------------------------------------------------------------ noise, or none


@pytest.mark.parametrize(
    ("rows", "draws"),
    [
        (X, True),
        (X > 2, True),
        (IMAGES, False),
        (IMAGES / 255.0, False),
        (IMAGES > 99, False),
        (IMAGES[:, None], False),
    ],
)
def test_tables_are_drawn_and_images_decoded(rows, draws):
    model = tiny("VAE").fit(rows)
    assert same_bits(model.sample(7), model.sample(7, noise=draws))
    assert same_bits(model.sample(7), model.sample(7, noise=np.bool_(draws)))
    assert not same_bits(model.sample(7), model.sample(7, noise=not draws))
    assert model.sample(7, noise=True).shape == model.sample(7, noise=False).shape == (7, *rows.shape[1:])


def test_a_row_taken_for_an_image_is_a_table():
    model = tiny("VAE").fit(IMAGES.reshape(len(IMAGES), -1))
    assert same_bits(model.sample(5), model.sample(5, noise=True))


@pytest.mark.parametrize("noise", ["yes", None, 1, 0.0, np.array([True, False])])
def test_noise_is_a_choice_of_three(noise):
    with pytest.raises(ValueError, match="The 'noise' parameter must be True, False or 'auto'"):
        tiny("VAE").fit(X).sample(2, noise=noise)


def test_draws_are_the_means_of_the_same_codes_and_noise_of_the_scale():
    model = tiny("VAE").fit(X)
    errors = (model.sample(4000) - model.sample(4000, noise=False)) / model.likelihood_scale_
    assert np.abs(errors.mean(axis=0)).max() < 4 / np.sqrt(4000)
    np.testing.assert_allclose(errors.std(axis=0), 1, atol=4 / np.sqrt(8000))
    assert abs(np.corrcoef(errors.T) - np.eye(4)).max() < 4 / np.sqrt(4000)


@pytest.mark.parametrize(
    ("likelihood", "distribution"),
    [
        ("normal", norm), ("laplace", laplace), ("squared_error", norm), (Normal(scale=0.3), norm),
        (Normal(scale="per_feature"), norm), (Laplace(scale="per_feature"), laplace), (Normal(scale="learned"), norm),
    ],
)  # fmt: skip
@pytest.mark.parametrize("standardize", ["auto", "column"])
def test_errors_of_draws_have_the_distribution_of_the_likelihood(likelihood, distribution, standardize):
    """Kolmogorov's distance of 4 times 2000 draws is below its 1e-4 quantile."""
    model = tiny("VAE", likelihood=likelihood, standardize=standardize).fit(X * [1, 5, 0.2, 3])
    Z = np.zeros((2000, 2))
    errors = (model.sample_likelihood(Z, random_state=3) - model.inverse_transform(Z)) / model.likelihood_scale_
    levels = np.sort(distribution.cdf(errors).ravel())
    assert np.abs(levels - (np.arange(8000) + 0.5) / 8000).max() < 2.2 / np.sqrt(8000)


def test_a_squared_error_is_a_normal_where_it_is_sampled():
    model = tiny("WAE").fit(X)
    errors = model.sample(4000) - model.sample(4000, noise=False)
    np.testing.assert_allclose(errors.std(axis=0), model.likelihood_scale_, rtol=4 / np.sqrt(8000))


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        (IMAGES, {0, 255}),  # in the units of X, as means are
        ((IMAGES > 99).astype(np.uint8), {0, 1}),  # a mask in bytes
        (IMAGES > 99, {0, 1}),
        (X > 2, {0, 1}),
    ],
    ids=["bytes", "mask", "bool images", "bool table"],
)
def test_bernoulli_draws_are_black_or_white(rows, values):
    model = tiny("VAE").fit(rows)
    drawn, means = (model.sample(3000, noise=noise) for noise in (True, False))
    assert set(np.unique(drawn)) == values
    white = max(values)
    assert drawn.mean() / white == pytest.approx(means.mean() / white, abs=4 * 0.5 / np.sqrt(3000))
    assert drawn.dtype == means.dtype


@pytest.mark.parametrize("rows", [X, IMAGES, IMAGES / 255.0], ids=["table", "bytes", "grey"])
def test_draws_of_codes_do_not_depend_on_what_follows(rows):
    """Noise is drawn in the order of rows, however many are decoded at a time."""
    model, Z = tiny("VAE").fit(rows), np.random.default_rng(0).normal(size=(700, 2))
    everything = model.sample_likelihood(Z, random_state=5)
    for n_rows in (1, 128, 300):
        assert same_bits(model.sample_likelihood(Z[:n_rows], random_state=5), everything[:n_rows])
        assert same_bits(model.sample(n_rows, noise=False), model.sample(700, noise=False)[:n_rows])


def test_draws_are_decided_by_the_random_state():
    model, Z = tiny("VAE", random_state=3).fit(X), np.zeros((5, 2))
    assert same_bits(model.sample_likelihood(Z), model.sample_likelihood(Z, random_state=3))
    assert not same_bits(model.sample_likelihood(Z), model.sample_likelihood(Z, random_state=4))
    state = np.random.RandomState(0)
    assert not same_bits(model.sample_likelihood(Z, state), model.sample_likelihood(Z, state))


@pytest.mark.parametrize(("scale", "offset"), [(1e39, 0), (1e-300, 0), (1, -1e300), (1e305, 0)])
def test_images_beyond_single_precision_come_back_in_double(scale, offset):
    images = np.random.default_rng(0).uniform(size=(20, 3, 4)) * scale + offset
    model = VAE(n_components=2, max_epochs=2, random_state=0).fit(images)
    decoded = model.inverse_transform(model.transform(images))
    assert decoded.dtype == np.float64
    assert decoded.shape == images.shape
    np.testing.assert_allclose(decoded.mean(), images.mean(), rtol=0.3)
    assert np.isfinite(model.sample(5)).all()


def test_a_density_beyond_single_precision_is_its_lowest_number():
    model = VAE(n_components=2, max_epochs=1, random_state=0).fit(np.random.default_rng(0).normal(size=(20, 3)))
    found = model.log_prior(np.full((2, 2), 1e30))
    assert np.isfinite(found).all()
    assert (found < -1e29).all()
