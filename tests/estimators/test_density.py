"""Densities in nats per row, in the units of X: against scipy, against quadrature, against each other."""

import numpy as np
import pytest
from family import WITH_DENSITY, X, same_bits, tiny
from scipy import stats
from scipy.special import logsumexp
from sklearn.datasets import make_moons

from vaekit import DPVAE
from vaekit.fitted._densities import noise_of_row
from vaekit.likelihoods import Laplace, Normal
from vaekit.nn import MLP
from vaekit.utils._torch import whitened_noise

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")

WIDE = X * [1e-3, 1.0, 50.0, 1e6]
BINARY = X > 2
Z = np.random.default_rng(3).normal(size=(4, 35, 2))


# ------------------------------------------------------------------ each density alone


def bernoulli(x, mean):
    return np.where(x == 1, np.log(mean), np.log1p(-mean))


@pytest.mark.parametrize(
    ("A", "params", "log_density"),
    [
        (X, {"likelihood": Normal(scale=0.7)}, lambda x, m: stats.norm(m, 0.7).logpdf(x)),
        (X + 1e5, {"likelihood": Normal(scale=0.7)}, lambda x, m: stats.norm(m, 0.7).logpdf(x)),
        (X, {"likelihood": Laplace(scale=0.7)}, lambda x, m: stats.laplace(m, 0.7).logpdf(x)),
        (X, {"likelihood": Normal(scale=0.7), "standardize": None}, lambda x, m: stats.norm(m, 0.7).logpdf(x)),
        (X, {"likelihood": Normal(scale=0.7), "standardize": "column"}, lambda x, m: stats.norm(m, 0.7).logpdf(x)),
        (BINARY, {"likelihood": "bernoulli"}, bernoulli),
    ],
)
def test_the_likelihood_is_scipys_in_the_units_of_the_data(A, params, log_density):
    model = tiny("VAE", **params).fit(A)
    for codes in (Z, Z[0]):
        mean = model.inverse_transform(codes.reshape(-1, 2)).reshape(*codes.shape[:-1], 4)
        np.testing.assert_allclose(model.log_likelihood(A, codes), log_density(A, mean).sum(axis=-1), rtol=2e-4)


@pytest.mark.parametrize("name", WITH_DENSITY)
def test_posterior_and_plain_prior_are_scipys(name):
    model = tiny(name).fit(X)
    loc, scale = model.posterior(X)
    expected = stats.norm(loc.astype(float), scale.astype(float)).logpdf(Z).sum(axis=-1)
    np.testing.assert_allclose(model.log_posterior(X, Z), expected, rtol=1e-5, atol=1e-4)
    if model.get_params()["prior"] == "normal":
        np.testing.assert_allclose(model.log_prior(Z), stats.norm.logpdf(Z).sum(axis=-1), rtol=1e-5)
    else:
        assert not np.allclose(model.log_prior(Z), stats.norm.logpdf(Z).sum(axis=-1), rtol=1e-5)


def test_a_learned_prior_integrates_to_one():
    moons = make_moons(400, noise=0.05, random_state=0)[0]
    model = DPVAE(n_components=2, max_epochs=40, learning_rate=5e-3, random_state=0).fit(moons)
    reach = 1.5 * np.abs(model.to_representation_space(4 * np.eye(2).repeat(2, 0) * [[1], [-1], [1], [-1]])).max() + 2
    axis, step = np.linspace(-reach, reach, 300, retstep=True)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    density = np.exp(model.log_prior(grid))
    assert density.sum() * step**2 == pytest.approx(1, abs=0.02)
    gap = np.abs(model.log_prior(grid) - stats.norm.logpdf(grid).sum(axis=-1))[density > 1e-3]
    assert gap.max() > 0.5  # it has learned something
    # and its samples follow it: the share of them in a half-plane is the density's
    drawn = model.to_representation_space(np.random.default_rng(0).normal(size=(20000, 2)))
    assert np.mean(drawn[:, 0] > 0.3) == pytest.approx(density[:, axis > 0.3].sum() * step**2, abs=0.02)


# ------------------------------------------------------------------ bounds


def elbo(model, A, noise):
    """ELBO from the public densities, for some noise of shape (n, n_components)."""
    loc, scale = (part.astype(float) for part in model.posterior(A))
    codes = loc + scale * noise[:, None]
    entropy = np.log(scale).sum(axis=1) + loc.shape[1] * 0.5 * np.log(2 * np.pi * np.e)
    return (model.log_likelihood(A, codes) + model.log_prior(codes)).mean(axis=0) + entropy


def log_weights(model, A, noise):
    loc, scale = (part.astype(float) for part in model.posterior(A))
    codes = loc + scale * (noise if noise.ndim == 3 else noise[:, None])
    return model.log_likelihood(A, codes) + model.log_prior(codes) - model.log_posterior(A, codes)


def own_noise(model, A, n_samples):
    """The noise of each row, (n_samples, n_rows, 2), that its importance-weighted bound is made of."""
    rows = model.model_.blueprint.preprocessing.to_network(A)
    return np.stack([noise_of_row(row, 0, (n_samples, 2)) for row in rows], axis=1)


@pytest.mark.parametrize(
    ("name", "A"),
    [(name, X) for name in WITH_DENSITY if name != "IWAE"]
    + [(name, A) for name in ("VAE", "DPVAE") for A in (WIDE, BINARY > 0)],
)
def test_the_score_is_the_elbo_of_the_public_densities(name, A):
    model = tiny(name).fit(A)
    noise = whitened_noise(32, 2)
    np.testing.assert_allclose(model.score_samples(A), elbo(model, A, noise), rtol=1e-4, atol=1e-3)
    assert model.score(A) == np.mean(model.score_samples(A))
    assert same_bits(model.score_samples(A), model.score_samples(A))
    bound = logsumexp(log_weights(model, A, own_noise(model, A, 6)), axis=0) - np.log(6)
    np.testing.assert_allclose(model.score_samples(A, n_importance_samples=6), bound, rtol=1e-4, atol=1e-3)


def quadrature(n_points):
    """Nodes (n_points ** 2, 2) and weights of a standard normal in two dimensions."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(n_points)
    grid = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
    return grid, np.outer(weights, weights).ravel() / (2 * np.pi)


def exact_elbo(model, A):
    grid, weights = quadrature(20)
    return weights @ log_weights(model, A, grid)


def test_few_noise_vectors_are_exact_where_the_decoder_is_linear():
    model = tiny("VAE", network=MLP(hidden_layer_sizes=()), max_epochs=20).fit(X)
    np.testing.assert_allclose(model.score_samples(X), exact_elbo(model, X), rtol=1e-5)


@pytest.fixture(scope="module", params=["normal", "decoupled"])
def trained(request):
    """A model trained long enough for its decoder to bend."""
    return tiny("VAE", prior=request.param, batch_size=64, max_epochs=300, learning_rate=1e-2).fit(X)


def test_and_close_where_it_is_not(trained):
    gap = trained.score_samples(X) - exact_elbo(trained, X)
    assert np.abs(gap).mean() < 0.05
    assert abs(gap.mean()) < 0.02


def test_more_importance_samples_make_a_tighter_bound(trained):
    bounds = [trained.score(X)] + [trained.score_samples(X, n).mean() for n in (4, 32, 256)]
    grid, weights = quadrature(20)
    exact = logsumexp(log_weights(trained, X, grid), axis=0, b=weights[:, None]).mean()  # log p(x), seen from q
    assert np.diff(bounds).min() > 0
    assert bounds[1] < exact - 0.01
    assert exact - bounds[-1] < (exact - bounds[1]) / 2
    assert bounds[-1] < exact + 0.01
    assert abs(trained.score_samples(X, 1).mean() - bounds[0]) < 0.5  # one sample: the same bound, with noise


# ------------------------------------------------------------------ units


SCALES = {
    "common": np.array(8.0),
    "small": np.array(2.0**-20),
    "columns": 2.0 ** np.array([0, -3, 5, 1]),
}


@pytest.mark.parametrize("name", ["VAE", "DPVAE", "InfoVAE"])
@pytest.mark.parametrize("scale", SCALES)
def test_a_change_of_units_shifts_the_density_and_nothing_else(name, scale):
    unit = SCALES[scale]
    params = {"standardize": "column" if unit.ndim else "auto"}
    one, other = tiny(name, **params).fit(X), tiny(name, **params).fit(X * unit)
    assert same_bits(one.transform(X), other.transform(X * unit))
    shift = -np.log(np.broadcast_to(unit, 4)).sum()
    np.testing.assert_allclose(other.score_samples(X * unit) - one.score_samples(X), shift, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        other.log_likelihood(X * unit, Z) - one.log_likelihood(X, Z), shift, rtol=1e-6, atol=1e-9
    )
    np.testing.assert_array_equal(other.sample(5), one.sample(5) * unit)


@pytest.mark.parametrize("unit", [0.01, 3.7e4])
def test_so_it_does_for_units_that_round(unit):
    one, other = tiny("VAE").fit(X), tiny("VAE").fit(X * unit)
    np.testing.assert_allclose(other.score_samples(X * unit) - one.score_samples(X), -4 * np.log(unit), rtol=1e-3)


def test_a_fixed_scale_is_in_the_units_of_the_data():
    one, other = tiny("VAE", likelihood=Normal(scale=0.5)).fit(X), tiny("VAE", likelihood=Normal(scale=4.0)).fit(8 * X)
    assert same_bits(one.transform(X), other.transform(8 * X))
    np.testing.assert_allclose(other.score_samples(8 * X) - one.score_samples(X), -4 * np.log(8), rtol=1e-9)


def test_a_shift_changes_nothing():
    one, other = tiny("VAE").fit(X), tiny("VAE").fit(X + 64)
    np.testing.assert_allclose(other.score_samples(X + 64), one.score_samples(X), rtol=1e-4)
    np.testing.assert_allclose(other.sample(5), one.sample(5) + 64, rtol=1e-5)


def test_bytes_have_the_density_of_their_values():
    """A Bernoulli's probabilities have no units: 0 .. 255 stand for 0 .. 1."""
    images = np.random.default_rng(0).integers(0, 2, size=(12, 4, 4)).astype(np.uint8)
    one, other = tiny("VAE", max_epochs=1).fit(images), tiny("VAE", max_epochs=1).fit(255 * images)
    assert same_bits(one.score_samples(images), other.score_samples(255 * images))


# ------------------------------------------------------------------ support


def test_later_rows_outside_the_support_have_codes_but_no_score():
    model = tiny("VAE", likelihood="bernoulli").fit(BINARY)
    assert np.isfinite(model.transform(3 * BINARY)).all()
    calls = {"score": (), "score_samples": (), "log_likelihood": (Z[0],), "partial_fit": ()}
    codes = model.transform(BINARY)
    for method, arguments in calls.items():
        with pytest.raises(ValueError, match=r"X lies in \[0, 3\].*values in \[0, 1\]"):
            getattr(model, method)(3 * BINARY, *arguments)
    with pytest.raises(ValueError, match=r"X lies in \[0, 3\]"):
        model.set_params(warm_start=True).fit(3 * BINARY)
    assert same_bits(model.transform(BINARY), codes)
