"""The aggregate posterior q(z): its exact density over all encodings, its draws, and the KL split by it."""

import functools
import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import logsumexp
from scipy.stats import norm

from vaekit.evaluation._estimate import Estimate, mean_estimate
from vaekit.evaluation._fitted import (
    check_count,
    count_rows,
    last_step,
    make_random_state,
    require,
    same_density,
    take_rows,
)
from vaekit.exceptions import NoDensityError

LOG_2PI = math.log(2 * math.pi)
CPU_BLOCK = (128, 2048)  # points x encodings: what a block is made of stays in a core's second-level cache
GPU_BLOCK = (1024, 16384)  # enough work to hide the launches
NEGLIGIBLE = -80.0  # terms below exp(-80) of the largest cannot be seen in the sum, yet exp is slow on them
PAIRS_AT_ONCE = 2**18  # points x rows handed to an object's own log_posterior


def aggregate_posterior_log_density(Z, loc, scale, *, dtype="float64", device=None, compile=False):
    r"""Log density of the aggregate posterior, the mixture of all encodings, at any points.

    .. math:: \log q(z) = \log \frac1N \sum_{n=1}^N \prod_l N(z_l; \mu_{nl}, \sigma_{nl}^2)

    Parameters
    ----------
    Z : array-like or Tensor of shape (..., n_components)
        Points z.
    loc, scale : array-like or Tensor of shape (n_encodings, n_components)
        Means and standard deviations of q(z | x_n), as `posterior(X)` gives them.
    dtype : {"float64", "float32"}, default="float64"
        Precision of the pairwise terms; their exponentials are summed in float64 either way. "float32" takes about
        half the time; its relative error of 1e-6 stays below 1e-4 nats at points that the mixture reaches, but not at
        points hundreds of standard deviations from every encoding.
    device : str or torch.device, default=None
        Where to compute; None is where `Z` is (the CPU for arrays).
    compile : bool, default=False
        Whether to fuse the inner loop with `torch.compile`: another two to three times faster after seconds of warm-up,
        once per process. Needs a C++ compiler on the CPU.

    Returns
    -------
    log_density : ndarray (Tensor where `Z` is one, on its device) of shape (...), float64
        In nats per point.

    Raises
    ------
    ValueError
        If shapes do not match, a value is not finite, or a scale is not positive.
    RuntimeError
        If `compile=True` finds no working compiler.

    Notes
    -----
    The standardised difference is formed as :math:`(z - \mu) / \sigma`, block by block. Expanding the square into a
    matrix product would lose :math:`\log q` altogether for sharp posteriors. Time of order
    n_points x n_encodings x n_components; memory of order n_encodings x n_components.
    No gradient passes.

    References
    ----------
    M. D. Hoffman, M. J. Johnson, "ELBO surgery: yet another way to carve up the variational evidence lower bound",
    NIPS workshop on Advances in Approximate Bayesian Inference 2016, equation 3 (definition of q(z)).

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.evaluation import aggregate_posterior_log_density
    >>> loc, scale = np.array([[-1.0], [1.0]]), np.ones((2, 1))
    >>> aggregate_posterior_log_density([[0.0]], loc, scale).round(4)
    array([-1.4189])
    """
    if dtype not in ("float64", "float32"):
        raise ValueError(f"dtype must be 'float64' or 'float32', got {dtype!r}.")
    points = _as_tensor(Z, "Z", dtype, device or getattr(Z, "device", "cpu"))
    loc, scale = (_as_tensor(a, name, dtype, points.device) for a, name in ((loc, "loc"), (scale, "scale")))
    _check_encodings(points, loc, scale)
    with torch.no_grad():
        flat = points.reshape(-1, points.shape[-1])
        log_q = _log_mean_of_normals(flat, loc, scale, compile).reshape(points.shape[:-1])
    return log_q.to(Z.device) if isinstance(Z, torch.Tensor) else log_q.cpu().numpy()


def _as_tensor(values, name, dtype, device):
    if not isinstance(values, torch.Tensor):
        values = torch.from_numpy(np.require(values, dtype=dtype, requirements="W"))
    if not torch.isfinite(values).all():
        raise ValueError(f"{name} contains NaN or infinity; pass finite values.")
    return values.detach().to(device=device, dtype=getattr(torch, dtype))


def _check_encodings(points, loc, scale):
    if loc.ndim != 2 or loc.shape != scale.shape or len(loc) == 0:
        raise ValueError(
            f"loc and scale must both be of shape (n_encodings, n_components), got {tuple(loc.shape)} and "
            f"{tuple(scale.shape)}."
        )
    if points.ndim < 1 or points.shape[-1] != loc.shape[1]:
        raise ValueError(f"Z must be of shape (..., {loc.shape[1]}) as the encodings are, got {tuple(points.shape)}.")
    if not (scale > 0).all():
        raise ValueError("scale must be positive: encodings without spread are points, and points have no density.")


def _log_mean_of_normals(z, loc, scale, compile):
    """log (1/N) sum_n N(z; mu_n, sigma_n^2) of shape (n_points,), accumulated over blocks of points and encodings."""
    block_of_points, block_of_encodings = CPU_BLOCK if z.device.type == "cpu" else GPU_BLOCK
    log_sum_of_normals = _compiled() if compile else _log_sum_of_normals
    log_norm = -scale.log().sum(1) - 0.5 * LOG_2PI * loc.shape[1]
    encodings = [
        (mu.T.contiguous(), sigma.reciprocal().T.contiguous(), constant)
        for mu, sigma, constant in zip(*(a.split(block_of_encodings) for a in (loc, scale, log_norm)))
    ]
    log_q = torch.full((len(z),), -math.inf, dtype=torch.float64, device=z.device)
    for points, total in zip(z.split(block_of_points), log_q.split(block_of_points)):
        columns = points.T.unsqueeze(-1).contiguous()
        for block in encodings:
            torch.logaddexp(total, log_sum_of_normals(columns, *block), out=total)
    return log_q - math.log(len(loc))


def _log_sum_of_normals(z, mu, inverse_sigma, log_norm):
    """log sum_n exp(log_norm_n - 1/2 sum_l ((z_l - mu_nl) / sigma_nl)^2) of one block, components first, in float64."""
    log_q = log_norm.expand(z.shape[1], -1).clone()
    standardized = torch.empty_like(log_q)
    for z_l, mu_l, inverse_sigma_l in zip(z, mu, inverse_sigma):
        torch.sub(z_l, mu_l, out=standardized).mul_(inverse_sigma_l)
        log_q.addcmul_(standardized, standardized, value=-0.5)
    largest = log_q.amax(1, keepdim=True).clamp_min(torch.finfo(log_q.dtype).min)
    terms = log_q.sub_(largest).clamp_min_(NEGLIGIBLE).exp_()
    return largest.squeeze(1).double() + terms.sum(1, dtype=torch.float64).log()


@functools.cache
def _compiled():
    compiled = torch.compile(_log_sum_of_normals, dynamic=True)

    def log_sum_of_normals(*block):
        try:
            return compiled(*block)
        except RuntimeError as error:
            raise RuntimeError("compile=True found no working compiler for this device; use compile=False.") from error

    return log_sum_of_normals


class KLParts(NamedTuple):
    """What `kl_decomposition` returns, each an `Estimate` in nats per row."""

    mutual_information: Estimate
    total_correlation: Estimate
    dimension_kl: Estimate
    kl: Estimate


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

    def __init__(self, n_encodings, n_components):
        self.n_encodings = n_encodings
        self.n_components = n_components

    @staticmethod
    def from_arrays(loc, scale, *, device=None, compile=False):
        """Return the mixture of diagonal normals with these means and standard deviations.

        Parameters
        ----------
        loc, scale : array-like of shape (n_encodings, n_components)
            Means and standard deviations.
        device, compile
            As in `aggregate_posterior_log_density`.

        Returns
        -------
        aggregate_posterior : AggregatePosterior
        """
        return _MixtureOfNormals(loc, scale, device, compile)

    @staticmethod
    def from_estimator(estimator, X, *, device=None, compile=False):
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
        device, compile
            As in `aggregate_posterior_log_density`.

        Returns
        -------
        aggregate_posterior : AggregatePosterior

        Raises
        ------
        NoDensityError
            If the posterior has no density.
        """
        estimator, X = last_step(estimator, X)
        if not hasattr(estimator, "posterior"):
            return _MixtureOfPosteriors(estimator, X)
        loc, scale = (np.asarray(parameter, dtype=np.float64) for parameter in estimator.posterior(X))
        if not np.all(scale > 0):
            raise NoDensityError(
                f"The encoder of {type(estimator).__name__} is deterministic (a posterior scale of 0): its aggregate "
                "posterior is a set of points without a density."
            )
        if _is_diagonal_normal(estimator, X, loc, scale):
            return _MixtureOfNormals(loc, scale, device, compile)
        return _MixtureOfPosteriors(estimator, X)

    @abstractmethod
    def log_density(self, Z):
        """log q(z) at points Z of shape (..., n_components), in nats per point."""

    @abstractmethod
    def marginal_log_density(self, Z):
        """log q(z_l) of each component by itself, of the shape of Z, in nats."""

    @abstractmethod
    def _draw(self, rows, random_state):
        """Draw one z from the posterior of each of these rows."""

    def sample(self, n_samples=1, random_state=None, *, return_rows=False):
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
        check_count(n_samples, "n_samples")
        random_state = make_random_state(random_state)
        rows = random_state.randint(self.n_encodings, size=n_samples)
        Z = self._draw(rows, random_state)
        return (Z, rows) if return_rows else Z

    def decompose_kl(self, Z, log_posterior, log_prior):
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
        log_q = self.log_density(Z)
        log_q_product = self.marginal_log_density(Z).sum(axis=-1)
        terms = (log_posterior - log_q, log_q - log_q_product, log_q_product - log_prior, log_posterior - log_prior)
        return KLParts(*(mean_estimate(term.reshape(-1, term.shape[-1]).mean(axis=0)) for term in terms))


class _MixtureOfNormals(AggregatePosterior):
    """Diagonal normals, as arrays."""

    def __init__(self, loc, scale, device, compile):
        self.loc, self.scale = (np.asarray(parameter, dtype=np.float64) for parameter in (loc, scale))
        self.options = {"device": device, "compile": compile}
        self.log_density(self.loc[:1])  # refuses encodings that are no mixture
        super().__init__(*self.loc.shape)

    def log_density(self, Z):
        """log q(z) at points Z of shape (..., n_components), in nats per point."""
        return aggregate_posterior_log_density(np.asarray(Z), self.loc, self.scale, **self.options)

    def marginal_log_density(self, Z):
        """log q(z_l) of each component by itself, of the shape of Z, in nats."""
        columns = np.split(np.asarray(Z), self.n_components, axis=-1)
        mixtures = zip(columns, *(np.split(a, self.n_components, axis=1) for a in (self.loc, self.scale)))
        return np.stack([aggregate_posterior_log_density(*mixture, **self.options) for mixture in mixtures], axis=-1)

    def _draw(self, rows, random_state):
        return self.loc[rows] + self.scale[rows] * random_state.standard_normal((len(rows), self.n_components))


class _MixtureOfPosteriors(AggregatePosterior):
    """Posteriors of any family, asked through the object's own methods."""

    def __init__(self, estimator, X):
        require(estimator, "An aggregate posterior", "log_posterior", "sample_posterior")
        self.estimator, self.X = estimator, X
        one_draw = estimator.sample_posterior(take_rows(X, slice(0, 1)), random_state=np.random.RandomState(0))
        super().__init__(count_rows(X), np.shape(one_draw)[-1])

    def log_density(self, Z):
        """log q(z) at points Z of shape (..., n_components), in nats per point."""
        Z = np.asarray(Z, dtype=np.float64)
        flat = Z.reshape(-1, Z.shape[-1])
        n_blocks = 1 + len(flat) * self.n_encodings // PAIRS_AT_ONCE
        log_q = [self._log_mean_of_posteriors(points) for points in np.array_split(flat, n_blocks)]
        return np.concatenate(log_q).reshape(Z.shape[:-1])

    def _log_mean_of_posteriors(self, points):
        pairs = np.broadcast_to(points[:, None], (len(points), self.n_encodings, points.shape[1]))
        return logsumexp(self.estimator.log_posterior(self.X, pairs), axis=1) - math.log(self.n_encodings)

    def marginal_log_density(self, Z):
        """Raise: only diagonal normals have marginals in closed form."""
        raise NoDensityError(
            f"The posterior of {type(self.estimator).__name__} is no diagonal normal, the only one whose components "
            "have known densities one by one; use log_density."
        )

    def _draw(self, rows, random_state):
        drawn = self.estimator.sample_posterior(take_rows(self.X, rows), random_state=random_state)
        return np.asarray(drawn, dtype=np.float64).reshape(len(rows), self.n_components)


def _is_diagonal_normal(estimator, X, loc, scale):
    """Tell from a few points whether `log_posterior`, where there is one, is that of N(loc, scale^2)."""
    if not hasattr(estimator, "log_posterior"):
        return True
    few = slice(0, 8)
    Z = loc[few] + scale[few] * np.random.RandomState(0).standard_normal((4, *loc[few].shape))
    return same_density(
        estimator.log_posterior(take_rows(X, few), Z), norm.logpdf(Z, loc[few], scale[few]).sum(axis=-1)
    )
