"""Linear-Gaussian models with the public methods of a fitted estimator; everything about them is known exactly."""

import tracemalloc

import numpy as np
from scipy.stats import multivariate_normal, norm
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state

from vaekit.exceptions import NoDensityError


def peak_bytes(function):
    """Return the most memory that a function held at a time in arrays and objects of its own, and its result."""
    tracemalloc.start()
    try:
        result = function()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


class GaussianWorld(TransformerMixin, BaseEstimator):
    """z0 ~ N(0, I), z = shift + spread * z0, x ~ N(W z, noise^2 I), q(z|x) = N(A x + offset, scale^2)."""

    def __init__(self, W=((1.0,),), noise=1.0, A=((0.5,),), offset=0.0, scale=0.7, shift=0.0, spread=1.0):
        self.W, self.noise, self.A, self.offset, self.scale = W, noise, A, offset, scale
        self.shift, self.spread = shift, spread

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def posterior(self, X):
        loc = np.asarray(X, dtype=float) @ np.asarray(self.A).T + self.offset
        return loc, np.broadcast_to(self.scale, loc.shape)

    def transform(self, X):
        return self.posterior(X)[0]

    def sample_posterior(self, X, n_samples=1, random_state=None):
        loc, scale = self.posterior(X)
        return loc + scale * check_random_state(random_state).standard_normal((n_samples, *loc.shape))

    def log_posterior(self, X, Z):
        return norm.logpdf(Z, *self.posterior(X)).sum(axis=-1)

    def log_prior(self, Z):
        return norm.logpdf(Z, self.shift, self.spread).sum(axis=-1)

    def log_likelihood(self, X, Z):
        return norm.logpdf(np.asarray(X, dtype=float), self._decode(Z), self.noise).sum(axis=-1)

    def inverse_transform(self, X):
        return self._decode(X)

    def to_generation_space(self, Z):
        return (np.asarray(Z) - self.shift) / self.spread

    def to_representation_space(self, Z0):
        return self.shift + self.spread * np.asarray(Z0)

    def sample(self, n_samples=1, random_state=None):
        Z0 = check_random_state(random_state).standard_normal((n_samples, np.shape(self.W)[1]))
        return self._decode(self.to_representation_space(Z0))

    def _decode(self, Z):
        return np.asarray(Z) @ np.asarray(self.W).T

    def exact_log_marginal(self, X):
        W = np.asarray(self.W)
        mean = W @ np.broadcast_to(self.shift, W.shape[1])
        covariance = (W * np.square(self.spread)) @ W.T + np.square(self.noise) * np.eye(len(W))
        return np.atleast_1d(multivariate_normal.logpdf(X, mean, covariance))

    def with_exact_posterior(self):
        """The same model encoding by Bayes' rule (the columns of W must be orthogonal)."""
        W, variance, noise_variance = np.asarray(self.W), np.square(self.spread), np.square(self.noise)
        precision = np.square(W).sum(axis=0) / noise_variance + 1 / variance
        A = (W / noise_variance / precision).T
        offset = np.broadcast_to(self.shift, W.shape[1]) / variance / precision
        return GaussianWorld(W, self.noise, A, offset, precision**-0.5, self.shift, self.spread)


def collapsed_world(loc, scale, shift=0.0, spread=1.0):
    """q(z|x) = q(z) = N(loc, scale^2) for every x, against p(z) = N(shift, spread^2), one latent."""
    return GaussianWorld(A=((0.0,),), offset=loc, scale=scale, shift=shift, spread=spread)


def four_dimensional_world(**changes):
    """Two latents, four features, a decoupled prior and a posterior that is close to the exact one."""
    W = np.array([[1.0, 0.5], [1.0, -0.5], [-1.0, 0.5], [1.0, 0.5]])
    exact = GaussianWorld(W, noise=0.5, shift=0.3, spread=np.array([1.5, 0.8])).with_exact_posterior()
    return exact.set_params(**{"scale": 1.2 * exact.scale, **changes})


class WarpedWorld:
    """Another model's latents z as z' = sinh(z): no longer normal, though everything said about x is the same."""

    def __init__(self, world):
        self.world = world

    def sample_posterior(self, X, n_samples=1, random_state=None):
        return np.sinh(self.world.sample_posterior(X, n_samples, random_state))

    def log_posterior(self, X, Z):
        return self.world.log_posterior(X, np.arcsinh(Z)) + self._log_jacobian(Z)

    def log_prior(self, Z):
        return self.world.log_prior(np.arcsinh(Z)) + self._log_jacobian(Z)

    def log_likelihood(self, X, Z):
        return self.world.log_likelihood(X, np.arcsinh(Z))

    def to_generation_space(self, Z):
        return self.world.to_generation_space(np.arcsinh(Z))

    def to_representation_space(self, Z0):
        return np.sinh(self.world.to_representation_space(Z0))

    @staticmethod
    def _log_jacobian(Z):
        return -0.5 * np.log1p(np.square(Z)).sum(axis=-1)


class Sampler:
    """A model that samples and nothing else."""

    def __init__(self, world):
        self.world = world

    def sample(self, n_samples=1, random_state=None):
        return self.world.sample(n_samples, random_state)


class Deterministic(GaussianWorld):
    """A model whose codes are points, as it is with scale=0: they have no density."""

    def log_posterior(self, X, Z):
        raise NoDensityError("A point has no density.")


class Replay:
    """A model that generates given rows, from the first on."""

    def __init__(self, rows):
        self.rows = rows

    def sample(self, n_samples=1, random_state=None):
        return self.rows[:n_samples]


class Bottleneck:
    """A model that encodes and decodes and nothing else."""

    def __init__(self, world):
        self.world = world

    def transform(self, X):
        return self.world.transform(X)

    def inverse_transform(self, X):
        return self.world.inverse_transform(X)


class Denies(GaussianWorld):
    """A model that has `log_prior` by name alone."""

    def log_prior(self, Z):
        raise NoDensityError("This prior has no density.")


class TwoHumpsWithoutSampler(GaussianWorld):
    """A prior that is no image of N(0, I): a mixture of N(-9, I) and N(9, I), in one space."""

    def log_prior(self, Z):
        return np.logaddexp(norm.logpdf(Z, -9, 1).sum(axis=-1), norm.logpdf(Z, 9, 1).sum(axis=-1)) - np.log(2)

    def to_generation_space(self, Z):
        return Z

    to_representation_space = to_generation_space


class TwoHumps(TwoHumpsWithoutSampler):
    """The same, with the method to draw from it."""

    def sample_prior(self, n_samples, random_state):
        normal = random_state.standard_normal((n_samples, np.shape(self.W)[1]))
        return random_state.choice([-9.0, 9.0], (n_samples, 1)) + normal

    def sample(self, n_samples=1, random_state=None):
        return self._decode(self.sample_prior(n_samples, check_random_state(random_state)))


class Speaks:
    """Another model whose methods give their numbers as something else than arrays."""

    def __init__(self, world, convert):
        self.world, self.convert = world, convert

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        method = getattr(self.world, name)
        return lambda *args, **kwargs: self._converted(method(*args, **kwargs))

    def _converted(self, values):
        return tuple(map(self.convert, values)) if isinstance(values, tuple) else self.convert(values)
