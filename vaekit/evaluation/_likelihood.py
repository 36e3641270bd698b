"""How well a fitted model explains data: importance-sampled likelihood and reconstruction."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from sklearn.utils import gen_batches

from vaekit.evaluation._estimate import Estimate, mean_estimate
from vaekit.evaluation._fitted import look_into, reads_columns, require
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._containers import as_array, take_rows
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import count_rows, flat_rows, floats, row_blocks
from vaekit.utils._typing import RandomStateLike
from vaekit.utils._warnings import warn_user

ROWS_AT_ONCE = 1024
VALUES_AT_ONCE = 2**20  # of codes handed to one call, 8 MiB: few calls, and memory that does not grow with their number
FEWEST_EFFECTIVE = 10
ROUNDING = 1e-12  # variances below it are those of equal weights


class ImportanceNLL(NamedTuple):
    """What `importance_nll` returns, in nats.

    Attributes
    ----------
    value, standard_error : float
        Mean of -log p(x) over rows, with the standard error that comes from the rows being a sample (NaN beside an
        infinite value).
    per_row : ndarray of shape (n_rows,)
        -log p(x) of each row.
    effective_sample_size : ndarray of shape (n_rows,)
        (sum w)^2 / sum w^2 of each row, from 1 to S; 0 where every weight is 0, as then the row's value is
        infinite.
    sampling_error : float
        Standard error of `value` that comes from the importance samples alone; infinite if a row's value is, NaN where
        too few draws decide it.
    bias : float
        How much `value` is too high in expectation, since the logarithm of a mean lies below its expectation; infinite
        or NaN where `sampling_error` is.
    """

    value: float
    standard_error: float
    per_row: np.ndarray
    effective_sample_size: np.ndarray
    sampling_error: float
    bias: float

    __repr__ = short_repr

    __repr__ = short_repr


class ReconstructionError(NamedTuple):
    """What `reconstruction_error` returns.

    Attributes
    ----------
    value, standard_error : float
        Mean of -log p(x | z) over rows with z the posterior mean, in nats per row.
    sampled : Estimate
        The same with z drawn from the posterior, `(value, standard_error)`.
    root_mean_square : float
        Root of the mean squared difference between x and its decoded mean, per value, in the units of X.
    """

    value: float
    standard_error: float
    sampled: Estimate
    root_mean_square: float

    __repr__ = short_repr


@guarded_arithmetic
def importance_nll(
    estimator: Any, X: ArrayLike, n_importance_samples: int = 21000, *, random_state: RandomStateLike = None
) -> ImportanceNLL:
    r"""Negative log likelihood of data by importance sampling from the posterior.

    .. math::
        -\log p(x) \approx -\log \frac1S \sum_{s=1}^S w_s, \qquad
        w_s = \frac{p(x | z_s)\, p(z_s)}{q(z_s | x)}, \quad z_s \sim q(z | x)

    whose sampling variance and bias are, to first order in the variance of the weights (the delta method),

    .. math::
        v = \frac{1}{\mathrm{ESS}} - \frac1S, \qquad b = \frac v2, \qquad
        \mathrm{ESS} = \frac{(\sum_s w_s)^2}{\sum_s w_s^2}.

    Parameters
    ----------
    estimator : fitted object
        With `sample_posterior`, `log_posterior`, `log_prior` and `log_likelihood`. Pipelines and searches are looked
        through.
    X : array-like of shape (n_rows, ...)
        Data, best held out.
    n_importance_samples : int, default=21000
        S, importance samples for each row. More of them lower variance and bias.
    random_state : int, RandomState instance or None, default=None
        Decides the samples.

    Returns
    -------
    nll : ImportanceNLL
        `value`, `standard_error`, `per_row`, `effective_sample_size`, `sampling_error`, `bias`: nats per row, in the
        units of X (for a pipeline: of X as the model sees it), lower is better.

    Raises
    ------
    NoDensityError
        If the model lacks one of the densities.

    Warns
    -----
    UserWarning
        If the effective sample size of a row is below 10: its value is an upper bound (in expectation) then, no
        estimate. If that of the squared weights is below 10, see the notes: `sampling_error` and `bias` are NaN.

    Notes
    -----
    The error is itself a mean, of squared weights, and where few draws carry these it is too small: the draws that
    would show it are the ones that did not come. So `sampling_error` and `bias` are given only if the squared weights
    have an effective sample size of their own, (sum w^2)^2 / sum w^4, of at least 10 (the harmonic mean over rows, each
    with its share of the variance; a single sample shows no variance at all). Of normal log weights with deviation 1
    some hundreds of samples are enough, with 1.5 several thousands.

    Weights are added up as they come, so memory does not grow with their number. Grey images under a Bernoulli
    likelihood have no density on [0, 1]: their values compare models with that likelihood alone. Densities of tables
    depend on units: rescaling a column by c shifts every value by log c.

    References
    ----------
    D. J. Rezende, S. Mohamed, D. Wierstra, "Stochastic Backpropagation and Approximate Inference in Deep Generative
    Models", ICML 2014, appendix E. Section 5.1 of Bhalodia, Lee, Elhabian, "dpVAEs" (ACCV 2020) prints the
    logarithm of an expectation without the minus sign.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import importance_nll
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> importance_nll(vae, X, n_importance_samples=100, random_state=0).value < -vae.score(X)  # the bound is no better
    True
    """
    nll, deciding = estimate_nll(estimator, X, n_importance_samples, random_state)
    if math.isnan(nll.sampling_error):
        warn_user(
            "sampling_error and bias are NaN: few draws would decide them (the squared weights have an effective "
            f"sample size of {deciding:.1f}, below {FEWEST_EFFECTIVE}); raise n_importance_samples.",
        )
    return nll


def estimate_nll(estimator, X, n_importance_samples, random_state):
    """Return an ImportanceNLL, and the effective sample size of the squared weights that decide its error."""
    estimator, X = look_into(estimator, X)
    require(estimator, "The likelihood", "log_prior", "log_posterior", "log_likelihood", "sample_posterior")
    n_importance_samples = check_count(n_importance_samples, "n_importance_samples")
    random_state = make_random_state(random_state)
    blocks = (take_rows(X, rows) for rows in gen_batches(count_rows(X), ROWS_AT_ONCE))
    log_sums = [_log_sums_of_weights(estimator, block, n_importance_samples, random_state) for block in blocks]
    return _summarize(*np.concatenate(log_sums, axis=1), n_importance_samples)


def _log_sums_of_weights(estimator, X, n_importance_samples, random_state):
    """log sum_s w_s^k of each row, for k = 1, 2, 4."""
    powers, log_sums = np.array([1, 2, 4]), np.full((3, count_rows(X)), -np.inf)
    done, n_draws = 0, 1  # the first draw tells how long codes are
    while done < n_importance_samples:
        Z = estimator.sample_posterior(X, n_samples=n_draws, random_state=random_state)
        Z = np.reshape(floats(Z), (n_draws, count_rows(X), -1))
        log_joint = floats(estimator.log_likelihood(X, Z)) + floats(estimator.log_prior(Z))
        log_w = log_joint - floats(estimator.log_posterior(X, Z))
        log_sums = np.logaddexp(log_sums, [logsumexp(power * log_w, axis=0) for power in powers])
        done += n_draws
        n_draws = min(n_importance_samples - done, max(1, VALUES_AT_ONCE // Z[0].size))
    return log_sums


def _summarize(log_sum, log_sum_of_squares, log_sum_of_fourths, n_importance_samples):
    per_row = math.log(n_importance_samples) - log_sum
    reached = log_sum > -np.inf  # by at least one draw
    effective, variance = np.zeros_like(log_sum), np.full_like(log_sum, np.inf)
    effective[reached] = np.exp(2 * log_sum[reached] - log_sum_of_squares[reached])
    variance[reached] = np.maximum(1 / effective[reached] - 1 / n_importance_samples, 0)
    if np.any(effective < FEWEST_EFFECTIVE):
        warn_user(
            f"{np.sum(effective < FEWEST_EFFECTIVE)} of {len(per_row)} rows have an effective sample size below "
            f"{FEWEST_EFFECTIVE}: their values are upper bounds, no estimates; raise n_importance_samples.",
        )
    deciding = np.inf
    if reached.all():
        deciding = _deciding_samples(
            variance, np.exp(2 * log_sum_of_squares - log_sum_of_fourths), n_importance_samples
        )
    if deciding < FEWEST_EFFECTIVE:
        variance[:] = np.nan
    error, bias = float(np.sqrt(variance.sum()) / len(variance)), float(variance.mean() / 2)
    return ImportanceNLL(*mean_estimate(per_row), per_row, effective, error, bias), deciding


def _deciding_samples(variance, effective_of_squares, n_importance_samples):
    """Effective sample size of the squared weights: the harmonic mean over rows, by their shares of the variance."""
    if n_importance_samples == 1:
        return 1.0
    total = variance.sum()
    return total / np.sum(variance / effective_of_squares) if total > len(variance) * ROUNDING else np.inf


@guarded_arithmetic
def reconstruction_error(
    estimator: Any, X: ArrayLike, *, n_samples: int = 1, random_state: RandomStateLike = None
) -> ReconstructionError:
    r"""Mean of :math:`-\log p(x | z)`, at posterior means and at posterior samples.

    Parameters
    ----------
    estimator : fitted object
        With `transform`, `inverse_transform`, `log_likelihood` and `sample_posterior`. Pipelines and searches are
        looked through.
    X : array-like of shape (n_rows, ...)
        Data.
    n_samples : int, default=1
        Posterior draws of each row.
    random_state : int, RandomState instance or None, default=None
        Decides the draws.

    Returns
    -------
    error : ReconstructionError
        `value` (at posterior means), `standard_error`, `sampled`, in nats per row; `root_mean_square` in the units of
        X. Lower is better. Negative log densities of real values may be below 0; those of grey images under a Bernoulli
        likelihood have the entropy of the images, not 0, as their least value.

    Raises
    ------
    NoDensityError, MissingMethodError
        If the model has no likelihood, or cannot decode.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import reconstruction_error
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> error = reconstruction_error(vae, X, random_state=0)
    >>> error.value < error.sampled.value  # a noisy code reconstructs less well
    True
    """
    estimator, X = look_into(estimator, X)
    needs = "log_likelihood", "sample_posterior", "transform", "inverse_transform"
    require(estimator, "The reconstruction error", *needs)
    n_samples = check_count(n_samples, "n_samples")
    means = floats(estimator.transform(X))
    drawn = estimator.sample_posterior(X, n_samples=n_samples, random_state=make_random_state(random_state))
    drawn = np.reshape(floats(drawn), (n_samples, *means.shape))
    return ReconstructionError(
        *mean_estimate(-floats(estimator.log_likelihood(X, means))),
        mean_estimate(-np.mean(floats(estimator.log_likelihood(X, drawn)), axis=0)),
        _root_mean_square(estimator, X, means),
    )


def decoding_error(estimator, X):
    """Root of the mean squared difference between X and its decoded posterior means, per value, in the units of X."""
    require(estimator, "The root mean square difference", "transform", "inverse_transform")
    return _root_mean_square(estimator, X, floats(estimator.transform(X)))


def _root_mean_square(estimator, X, means):
    if reads_columns(estimator):  # which share no unit
        return math.nan
    squares = 0.0
    for rows in gen_batches(len(means), ROWS_AT_ONCE):
        squares += _sum_of_squares(take_rows(X, rows), as_array(estimator.inverse_transform(means[rows])))
    return math.sqrt(squares / math.prod(X.shape))


def _sum_of_squares(X, Y):
    """Sum of squared differences, in blocks, so that float64 copies of images stay small."""
    differences = (flat_rows(take_rows(X, rows)) - flat_rows(Y[rows]) for rows in row_blocks(X))
    return sum(float(np.square(difference).sum()) for difference in differences)
