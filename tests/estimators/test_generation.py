"""Samples and decoded codes."""

import numpy as np
import pytest
from family import WITH_TWO_SPACES, X, same_bits, tiny

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
