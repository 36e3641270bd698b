import numpy as np
import pytest
from gaussian_worlds import GaussianWorld, Sampler, collapsed_world, four_dimensional_world, peak_bytes
from scipy.stats import norm
from sklearn.base import clone

from vaekit.evaluation import _likelihood, importance_nll, reconstruction_error
from vaekit.evaluation._likelihood import decoding_error
from vaekit.exceptions import NoDensityError
from vaekit.utils import _rows

X = four_dimensional_world().sample(50, random_state=1) + np.random.default_rng(1).normal(scale=0.5, size=(50, 4))

# Few samples do where each weight is known; the one test of the warning hears it all the same.
pytestmark = pytest.mark.filterwarnings("ignore:.*effective sample size")


class WithNoise(GaussianWorld):
    """Posterior draws from given noise, one value after another."""

    def sample_posterior(self, X, n_samples=1, random_state=None):
        loc, scale = self.posterior(X)
        noise = [next(self.noise_values) for _ in range(n_samples)]
        return loc + scale * np.reshape(noise, (n_samples, 1, 1))


@pytest.mark.parametrize("codes_at_once", [1, 3, 100])
def test_four_known_samples(codes_at_once, monkeypatch):
    """z ~ N(0, 1), x | z ~ N(z, 1), x = 1, q = N(.3, .49), eps = -1, -.3, .4, 1.2."""
    monkeypatch.setattr(_likelihood, "VALUES_AT_ONCE", codes_at_once)
    world = WithNoise(A=((0.3,),), scale=0.7)
    world.noise_values = iter([-1, -0.3, 0.4, 1.2])
    assert world.exact_log_marginal([[1.0]])[0] == pytest.approx(-1.5155121235, abs=1e-8)
    nll = importance_nll(world, [[1.0]], 4)
    assert nll.value == pytest.approx(1.5112252462, abs=1e-8)
    z = 0.3 + 0.7 * np.array([-1, -0.3, 0.4, 1.2])
    w = np.exp(norm.logpdf(1, z) + norm.logpdf(z) - norm.logpdf(z, 0.3, 0.7))
    assert nll.effective_sample_size[0] == pytest.approx(w.sum() ** 2 / np.sum(w**2), rel=1e-10)


def test_three_known_weights():
    class Weighted(WithNoise):
        def log_likelihood(self, X, Z):
            return super().log_posterior(X, Z) - super().log_prior(Z) + np.squeeze(Z, -1)

    world = Weighted(A=((0.0,),), scale=1.0)
    world.noise_values = iter([-1, -2, -3])
    assert importance_nll(world, [[0.0]], 3).value == pytest.approx(1.6910063242, abs=1e-8)


def test_exact_posterior_gives_the_exact_marginal():
    world = four_dimensional_world().with_exact_posterior()
    nll = importance_nll(world, X, 3)
    np.testing.assert_allclose(nll.per_row, -world.exact_log_marginal(X), atol=1e-10)
    np.testing.assert_allclose(nll.effective_sample_size, 3)
    assert nll.sampling_error < 1e-7


@pytest.mark.parametrize("seed", range(3))
def test_marginal_of_a_linear_gaussian_model(seed):
    world = four_dimensional_world()
    nll = importance_nll(world, X, 2000, random_state=seed)
    exact = -world.exact_log_marginal(X)
    assert abs(nll.value - exact.mean()) < 3 * nll.sampling_error
    assert nll.sampling_error < 0.01
    assert nll.value == pytest.approx(nll.per_row.mean(), rel=1e-12)
    assert nll.standard_error == pytest.approx(nll.per_row.std(ddof=1) / np.sqrt(50), rel=1e-12)


def test_blocks_of_rows_keep_their_order(monkeypatch):
    monkeypatch.setattr(_likelihood, "ROWS_AT_ONCE", 7)
    world = four_dimensional_world().with_exact_posterior()
    np.testing.assert_allclose(importance_nll(world, X, 2).per_row, -world.exact_log_marginal(X), atol=1e-10)


@pytest.mark.filterwarnings("default:.*effective sample size")
def test_few_effective_samples_are_reported():
    world = four_dimensional_world(scale=0.01)
    with pytest.warns(UserWarning, match="rows have an effective sample size below 10"):
        nll = importance_nll(world, X, 100, random_state=0)
    assert nll.effective_sample_size.min() >= 1


class LogNormalWeights:
    """log w ~ N(-deviation^2 / 2, deviation^2): -log p(x) is 0, and the sizes of all errors are known."""

    def __init__(self, deviation, n_components=1):
        self.deviation, self.n_components = deviation, n_components

    def sample_posterior(self, X, n_samples=1, random_state=None):
        return random_state.standard_normal((n_samples, len(X), self.n_components))

    def log_posterior(self, X, Z):
        return norm.logpdf(Z).sum(axis=-1)

    def log_prior(self, Z):
        return norm.logpdf(Z).sum(axis=-1)

    def log_likelihood(self, X, Z):
        return self.deviation * Z[..., 0] - self.deviation**2 / 2


NARROW = {"narrow": 0.85, "a little narrow": 0.95, "wide": 1.25}  # posteriors, as shares of the exact one's deviation
KNOWN_WEIGHTS = {
    "log weights of deviation .5": (LogNormalWeights(0.5), np.zeros((20, 1))),
    "log weights of deviation 1": (LogNormalWeights(1.0), np.zeros((20, 1))),
    **{name: (four_dimensional_world().with_exact_posterior(), X[:20], share) for name, share in NARROW.items()},
}


def repeated(world, rows, n_samples, n_times=100):
    return [importance_nll(world, rows, n_samples, random_state=seed) for seed in range(n_times)]


@pytest.mark.parametrize("name", KNOWN_WEIGHTS)
def test_claimed_error_is_the_spread_of_repetitions(name):
    """The deviation of 100 values is known within 7%, their mean within 10% of that deviation."""
    world, rows, *share = KNOWN_WEIGHTS[name]
    if share:
        world = clone(world).set_params(scale=share[0] * world.scale)
    exact = -world.exact_log_marginal(rows).mean() if share else 0.0
    found = repeated(world, rows, 1000)
    values, errors, biases = (np.array([getattr(nll, n) for nll in found]) for n in ("value", "sampling_error", "bias"))
    given = np.isfinite(errors)
    np.testing.assert_array_equal(given, np.isfinite(biases))
    assert given.mean() > 0.8
    assert np.sqrt(np.mean(errors[given] ** 2)) == pytest.approx(values.std(), rel=0.2)
    assert abs(values.mean() - exact - biases[given].mean()) < 0.25 * values.std()


FEW_CARRY = {
    "log weights of deviation 3": (LogNormalWeights(3.0), np.zeros((20, 1)), 200),
    "log weights of deviation 2": (LogNormalWeights(2.0), np.zeros((20, 1)), 2000),
    "a posterior of half the deviation": (four_dimensional_world(scale=0.5 * four_dimensional_world().scale), X, 200),
    "one sample": (four_dimensional_world(), X, 1),
}


@pytest.mark.filterwarnings("default:.*effective sample")
@pytest.mark.parametrize("name", FEW_CARRY)
def test_an_error_that_few_draws_would_decide_is_withheld(name):
    """Claimed from the same draws it would be too small, most of the time by far."""
    world, rows, n_samples = FEW_CARRY[name]
    for seed in range(20):
        with pytest.warns(UserWarning, match="sampling_error and bias are NaN: few draws would decide them"):
            nll = importance_nll(world, rows, n_samples, random_state=seed)
        assert np.isnan([nll.sampling_error, nll.bias]).all()
        assert np.isfinite(nll.per_row).all()


def test_many_samples_make_up_for_poor_weights():
    nll = importance_nll(LogNormalWeights(1.5), np.zeros((50, 1)), 50_000, random_state=0)
    assert nll.sampling_error == pytest.approx(np.sqrt(np.expm1(1.5**2) / 50_000 / 50), rel=0.2)
    assert nll.bias == pytest.approx(np.expm1(1.5**2) / 50_000 / 2, rel=0.3)
    assert abs(nll.value) < 4 * nll.sampling_error


@pytest.mark.parametrize("n_components", [1, 3])
def test_many_samples_take_few_calls_and_little_memory(n_components):
    """21,000 samples of 250 rows: a call for 8 MiB of codes, not one for every few draws."""
    calls = []

    class Counted(LogNormalWeights):
        def sample_posterior(self, X, n_samples=1, random_state=None):
            calls.append(n_samples)
            return np.zeros((n_samples, len(X), self.n_components), dtype=np.float32)

    peak, nll = peak_bytes(lambda: importance_nll(Counted(0.5, n_components), np.zeros((250, 1)), 21_000))
    assert sum(calls) == 21_000
    assert len(calls) <= 2 + np.ceil(21_000 * 250 * n_components / 2**20)
    assert peak < 100 * 2**20
    assert nll.value == pytest.approx(0.125, rel=1e-6)


@pytest.mark.filterwarnings("error::RuntimeWarning", "default:.*effective sample size")
def test_a_row_that_no_draw_explains_has_no_effective_sample():
    class Impossible(GaussianWorld):
        """A row of negative values cannot be generated."""

        def log_likelihood(self, X, Z):
            return np.where(np.sum(X, axis=-1) < 0, -np.inf, super().log_likelihood(X, Z))

    rows = np.abs(X[:20]) * np.where(np.arange(20) == 3, -1, 1)[:, None]
    with pytest.warns(UserWarning, match="1 of 20 rows have an effective sample size below 10"):
        nll = importance_nll(Impossible(**four_dimensional_world(scale=1.0).get_params()), rows, 2000, random_state=0)
    np.testing.assert_array_equal(np.isinf(nll.per_row), np.arange(20) == 3)
    assert nll.effective_sample_size[3] == 0
    assert (nll.value, nll.sampling_error, nll.bias) == (np.inf, np.inf, np.inf)
    assert np.isnan(nll.standard_error)
    error = reconstruction_error(Impossible(**four_dimensional_world().get_params()), rows, random_state=0)
    assert (error.value, error.sampled.value) == (np.inf, np.inf)


def test_reconstruction_is_the_likelihood_at_the_codes():
    world = four_dimensional_world()
    error = reconstruction_error(world, X, random_state=0)
    difference = X - world.inverse_transform(world.transform(X))
    at_means = -norm.logpdf(difference, scale=0.5).sum(axis=1)
    assert error.value == pytest.approx(at_means.mean(), rel=1e-12)
    assert error.standard_error == pytest.approx(at_means.std(ddof=1) / np.sqrt(50), rel=1e-12)
    assert error.root_mean_square == pytest.approx(np.sqrt(np.mean(difference**2)), rel=1e-12)


def test_reconstruction_does_not_depend_on_blocks(monkeypatch):
    world = four_dimensional_world()
    at_once = reconstruction_error(world, X, random_state=0).root_mean_square
    monkeypatch.setattr(_likelihood, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(_rows, "VALUES_AT_ONCE", 12)
    assert reconstruction_error(world, X, random_state=0).root_mean_square == pytest.approx(at_once, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_reconstruction_of_images_takes_no_copy_of_all_in_double_precision(dtype):
    class Codec:
        def transform(self, X):
            return np.zeros((len(X), 2), dtype=np.float32)

        def inverse_transform(self, X):
            return np.zeros((len(X), 32, 32), dtype=np.float32)

    images = np.full((8000, 32, 32), 3, dtype=dtype)
    peak, error = peak_bytes(lambda: decoding_error(Codec(), images))
    assert error == 3
    assert peak < 8 * images.size  # not one such copy


def test_sampled_reconstruction_adds_the_variance_of_the_codes():
    world = collapsed_world(0.0, 0.7)
    error = reconstruction_error(world, np.zeros((20000, 1)), random_state=0)
    assert abs(error.sampled.value - error.value - 0.5 * 0.49) < 3 * error.sampled.standard_error


@pytest.mark.parametrize("function", [importance_nll, reconstruction_error])
def test_a_model_without_likelihood_is_told_so(function):
    with pytest.raises(NoDensityError, match=r"needs .*log_likelihood.*which Sampler has not"):
        function(Sampler(four_dimensional_world()), X)
