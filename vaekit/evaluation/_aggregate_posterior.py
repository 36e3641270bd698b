"""The aggregate posterior q(z): its density over all encodings, its draws, and the KL split by it."""

import math
from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from scipy.stats import norm

from vaekit.evaluation._estimate import Estimate, mean_estimate
from vaekit.evaluation._fitted import look_into, require, same_density
from vaekit.evaluation._mixture_density import aggregate_posterior_log_density
from vaekit.exceptions import NoDensityError
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._containers import take_rows
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import count_rows, floats
from vaekit.utils._typing import RandomStateLike

PAIRS_AT_ONCE = 2**18  # points x rows handed to an object's own log_posterior


class KLParts(NamedTuple):
    """What `kl_decomposition` returns, each an `Estimate` in nats per row."""

    mutual_information: Estimate
    total_correlation: Estimate
    dimension_kl: Estimate
    kl: Estimate

    __repr__ = short_repr


@guarded_arithmetic
class AggregatePosterior(ABC):
    r"""The aggregate posterior :math:`q(z) = \frac1N \sum_n q(z | x_n)` of a set of rows.

    Made by `from_arrays` (means and scales of diagonal normals) or `from_estimator` (a fitted object and rows; any
    posterior with a density).

    Attributes
    ----------
    n_encodings : int
        N, the number of rows encoded.
    n_components : int
        Number of latents.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.evaluation import AggregatePosterior
    >>> q = AggregatePosterior.from_arrays(loc=np.array([[-1.0, 0.0], [1.0, 0.0]]), scale=np.full((2, 2), 0.1))
    >>> q.log_density([[1.0, 0.0]]).round(3)
    array([2.074])
    >>> q.sample(3, random_state=0).shape
    (3, 2)
    """

    def __init__(self, n_encodings: int, n_components: int) -> None:
        self.n_encodings = n_encodings
        self.n_components = n_components

    def __repr__(self):
        return f"AggregatePosterior(n_encodings={self.n_encodings}, n_components={self.n_components})"

    @staticmethod
    def from_arrays(
        loc: ArrayLike,
        scale: ArrayLike,
        *,
        dtype: str = "float64",
        device: str | torch.device | None = None,
        compile: bool = False,
    ) -> Self:
        """Return the mixture of diagonal normals with these means and standard deviations.

        Parameters
        ----------
        loc, scale : array-like of shape (n_encodings, n_components)
            Means and standard deviations.
        dtype, device, compile
            As in `aggregate_posterior_log_density`.

        Returns
        -------
        aggregate_posterior : AggregatePosterior
        """
        return _MixtureOfNormals(loc, scale, dtype=dtype, device=device, compile=compile)

    @staticmethod
    def from_estimator(
        estimator: Any,
        X: ArrayLike,
        *,
        dtype: str = "float64",
        device: str | torch.device | None = None,
        compile: bool = False,
    ) -> Self:
        """Encode X with a fitted object and return the mixture of its posteriors.

        Posteriors that prove to be diagonal normals are kept as means and scales. Any other posterior is asked for its
        density pair by pair, through `log_posterior`, which takes far longer.

        Parameters
        ----------
        estimator : fitted object
            With `posterior(X)`, or `log_posterior(X, Z)` and `sample_posterior(X, n_samples, random_state)`. Pipelines
            and searches are looked through.
        X : array-like of shape (n_encodings, ...)
            Rows.
        dtype, device, compile
            As in `aggregate_posterior_log_density`.

        Returns
        -------
        aggregate_posterior : AggregatePosterior

        Raises
        ------
        NoDensityError
            If the posterior has no density.
        """
        estimator, X = look_into(estimator, X)
        if not hasattr(estimator, "posterior"):
            return _MixtureOfPosteriors(estimator, X)
        loc, scale = map(floats, estimator.posterior(X))
        if not np.all(scale > 0):
            raise NoDensityError(
                f"The encoder of {type(estimator).__name__} is deterministic (a posterior scale of 0): its aggregate "
                "posterior is a set of points without a density."
            )
        if _is_diagonal_normal(estimator, X, loc, scale):
            return _MixtureOfNormals(loc, scale, dtype=dtype, device=device, compile=compile)
        return _MixtureOfPosteriors(estimator, X)

    @abstractmethod
    def log_density(self, Z: Any) -> Any:
        """log q(z) at points Z of shape (..., n_components), in nats per point."""

    @abstractmethod
    def marginal_log_density(self, Z: Any) -> Any:
        """log q(z_l) of each component by itself, of the shape of Z, in nats."""

    @abstractmethod
    def _draw(self, rows, random_state):
        """Draw one z from the posterior of each of these rows."""

    def sample(self, n_samples: int = 1, random_state: RandomStateLike = None, *, return_rows: bool = False) -> Any:
        """Draw from q(z): a row at random, then a code from its posterior.

        Parameters
        ----------
        n_samples : int, default=1
            Number of draws.
        random_state : int, RandomState instance or None, default=None
            Decides the draws.
        return_rows : bool, default=False
            Whether to return the row of each draw, too.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components)
            Draws.
        rows : ndarray of shape (n_samples,)
            Only with `return_rows=True`: the row whose posterior each was drawn from.
        """
        n_samples = check_count(n_samples, "n_samples")
        random_state = make_random_state(random_state)
        rows = random_state.randint(self.n_encodings, size=n_samples)
        Z = self._draw(rows, random_state)
        return (Z, rows) if return_rows else Z

    def decompose_kl(self, Z: ArrayLike, log_posterior: ArrayLike, log_prior: ArrayLike) -> KLParts:
        r"""Split the mean of log q(z|x) - log p(z) over given draws.

        .. math::
            E_x KL[q(z|x) \| p(z)] = \underbrace{E \log \frac{q(z|x)}{q(z)}}_{MI}
            + \underbrace{E \log \frac{q(z)}{\prod_l q(z_l)}}_{TC}
            + \underbrace{E \log \frac{\prod_l q(z_l)}{p(z)}}_{DW}

        Parameters
        ----------
        Z : array-like of shape (n_rows, n_components) or (n_samples, n_rows, n_components)
            Draws from q(z | x) of some rows, best rows that this aggregate posterior was not made of.
        log_posterior, log_prior : array-like of shape (n_rows,) or (n_samples, n_rows)
            log q(z | x) and log p(z) of those draws, in nats.

        Returns
        -------
        decomposition : KLParts
            `mutual_information`, `total_correlation`, `dimension_kl` and their sum `kl`, each `(value,
            standard_error)`, in nats per row. Draws of one row are averaged first: rows are what is independent.
        """
        Z, log_posterior, log_prior = map(floats, (Z, log_posterior, log_prior))
        log_q = self.log_density(Z)
        log_q_product = self.marginal_log_density(Z).sum(axis=-1)
        terms = (log_posterior - log_q, log_q - log_q_product, log_q_product - log_prior, log_posterior - log_prior)
        return KLParts(*(mean_estimate(term.reshape(-1, term.shape[-1]).mean(axis=0)) for term in terms))


@guarded_arithmetic
class _MixtureOfNormals(AggregatePosterior):
    """Diagonal normals, as arrays."""

    def __init__(self, loc, scale, **options):
        self.loc, self.scale = map(floats, (loc, scale))
        self.options = options  # of aggregate_posterior_log_density
        self.log_density(self.loc[:1])  # refuses encodings that are no mixture
        super().__init__(*self.loc.shape)

    def log_density(self, Z):
        """log q(z) at points Z of shape (..., n_components), in nats per point."""
        return aggregate_posterior_log_density(floats(Z), self.loc, self.scale, **self.options)

    def marginal_log_density(self, Z):
        """log q(z_l) of each component by itself, of the shape of Z, in nats."""
        columns = np.split(floats(Z), self.n_components, axis=-1)
        mixtures = zip(columns, *(np.split(a, self.n_components, axis=1) for a in (self.loc, self.scale)))
        return np.stack([aggregate_posterior_log_density(*mixture, **self.options) for mixture in mixtures], axis=-1)

    def _draw(self, rows, random_state):
        return self.loc[rows] + self.scale[rows] * random_state.standard_normal((len(rows), self.n_components))


@guarded_arithmetic
class _MixtureOfPosteriors(AggregatePosterior):
    """Posteriors of any family, asked through the object's own methods."""

    def __init__(self, estimator, X):
        require(estimator, "An aggregate posterior", "log_posterior", "sample_posterior")
        self.estimator, self.X = estimator, X
        one_draw = estimator.sample_posterior(take_rows(X, slice(0, 1)), random_state=np.random.RandomState(0))
        super().__init__(count_rows(X), np.shape(one_draw)[-1])

    def log_density(self, Z):
        """log q(z) at points Z of shape (..., n_components), in nats per point."""
        Z = floats(Z)
        flat = Z.reshape(-1, Z.shape[-1])
        n_blocks = 1 + len(flat) * self.n_encodings // PAIRS_AT_ONCE
        log_q = [self._log_mean_of_posteriors(points) for points in np.array_split(flat, n_blocks)]
        return np.concatenate(log_q).reshape(Z.shape[:-1])

    def _log_mean_of_posteriors(self, points):
        pairs = np.broadcast_to(points[:, None], (len(points), self.n_encodings, points.shape[1]))
        return logsumexp(floats(self.estimator.log_posterior(self.X, pairs)), axis=1) - math.log(self.n_encodings)

    def marginal_log_density(self, Z):
        """Raise: only diagonal normals have marginals in closed form."""
        raise NoDensityError(
            f"The posterior of {type(self.estimator).__name__} is no diagonal normal, the only one whose components "
            "have known densities one by one; use log_density."
        )

    def _draw(self, rows, random_state):
        drawn = self.estimator.sample_posterior(take_rows(self.X, rows), random_state=random_state)
        return floats(drawn).reshape(len(rows), self.n_components)


def _is_diagonal_normal(estimator, X, loc, scale):
    """Tell from a few points whether `log_posterior`, where there is one, is that of N(loc, scale^2)."""
    if not hasattr(estimator, "log_posterior"):
        return True
    few = slice(0, 8)
    Z = loc[few] + scale[few] * np.random.RandomState(0).standard_normal((4, *loc[few].shape))
    return same_density(
        estimator.log_posterior(take_rows(X, few), Z), norm.logpdf(Z, loc[few], scale[few]).sum(axis=-1)
    )
