"""Samples from where prior and aggregate posterior disagree: pockets and leaks, reached by one of the two alone."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaekit.evaluation._aggregate_posterior import AggregatePosterior
from vaekit.evaluation._fitted import draw_prior, look_into, made_rows, require
from vaekit.evaluation._leakage import prior_density
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import floats
from vaekit.utils._typing import RandomStateLike


class LowPosteriorSamples(NamedTuple):
    """What `low_posterior_samples` returns, lowest aggregate posterior first.

    Attributes
    ----------
    representation : ndarray of shape (n_samples, n_components)
        Codes z.
    generation : ndarray of shape (n_samples, n_components) or None
        The same points in the space where the prior is plainly normal, z0 = g(z); None if it has no such space.
    data : ndarray of shape (n_samples, ...)
        Their decoded means, in the units and the shape of the data.
    log_q : ndarray of shape (n_samples,)
        log q(z), in nats.
    """

    representation: np.ndarray
    generation: np.ndarray | None
    data: np.ndarray
    log_q: np.ndarray

    __repr__ = short_repr


class HighPosteriorSamples(NamedTuple):
    """What `high_posterior_samples` returns, lowest prior first.

    Attributes
    ----------
    representation, generation, data, log_q : ndarray
        As in `LowPosteriorSamples`.
    log_prior : ndarray of shape (n_samples,)
        log p(z), in nats.
    row : ndarray of shape (n_samples,)
        The row of X from whose posterior each was drawn.
    """

    representation: np.ndarray
    generation: np.ndarray | None
    data: np.ndarray
    log_q: np.ndarray
    log_prior: np.ndarray
    row: np.ndarray

    __repr__ = short_repr


@guarded_arithmetic
def low_posterior_samples(
    estimator: Any,
    X: ArrayLike,
    n_samples: int = 100,
    *,
    n_candidates: int | None = None,
    random_state: RandomStateLike = None,
    aggregate_posterior: AggregatePosterior | None = None,
) -> LowPosteriorSamples:
    """Find the prior's samples that the encoder reaches least: its pockets.

    Draws candidates from the prior, ranks them by the density of the aggregate posterior and keeps the lowest. What
    the decoder makes of them was never trained.

    Parameters
    ----------
    estimator : fitted object
        With a prior to draw from, a posterior that has a density, and `inverse_transform`. Pipelines and searches are
        looked through.
    X : array-like of shape (N, ...)
        Rows whose encodings make q(z).
    n_samples : int, default=100
        Samples to keep.
    n_candidates : int, default=None
        Draws to choose from, at least `n_samples`; None is ten times as many. More candidates find deeper pockets.
    random_state : int, RandomState instance or None, default=None
        Decides the draws.
    aggregate_posterior : AggregatePosterior, default=None
        That of X, where it was made before.

    Returns
    -------
    samples : LowPosteriorSamples
        `representation`, `generation`, `data`, `log_q`, lowest density first.

    Raises
    ------
    NoDensityError, MissingMethodError
        If the model has no posterior density, or cannot decode.
    ValueError
        If there are fewer candidates than samples.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020, section 4.1,
    https://arxiv.org/abs/1911.10506 (which leaves the share of candidates open).

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import low_posterior_samples
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> low_posterior_samples(vae, X, n_samples=5, random_state=0).data.shape
    (5, 4)
    """
    estimator, X = look_into(estimator, X)
    require(estimator, "Low-posterior sampling", "inverse_transform")
    q = aggregate_posterior or AggregatePosterior.from_estimator(estimator, X)
    candidates, log_q = prior_candidates(estimator, q, n_samples, n_candidates, random_state)
    lowest = np.argsort(log_q, kind="stable")[:n_samples]
    return LowPosteriorSamples(*_in_three_spaces(estimator, candidates[lowest]), log_q[lowest])


@guarded_arithmetic
def high_posterior_samples(
    estimator: Any,
    X: ArrayLike,
    n_samples: int = 100,
    *,
    n_candidates: int | None = None,
    rank_by: str = "generation",
    random_state: RandomStateLike = None,
    aggregate_posterior: AggregatePosterior | None = None,
) -> HighPosteriorSamples:
    """Find the encoder's samples that the prior reaches least: its leaks.

    Draws candidates from the aggregate posterior, ranks them by the density of the prior and keeps the lowest. They
    decode well and are hardly ever generated.

    Parameters
    ----------
    estimator : fitted object
        With `log_prior`, a posterior that has a density, and `inverse_transform`. Pipelines and searches are looked
        through.
    X : array-like of shape (N, ...)
        Rows whose encodings make q(z).
    n_samples : int, default=100
        Samples to keep.
    n_candidates : int, default=None
        Draws to choose from, at least `n_samples`; None is ten times as many.
    rank_by : {"generation", "representation"}, default="generation"
        Rank by log N(g(z); 0, I), the density of the point in generation space, or by log p(z) itself. The same thing
        for a normal prior.
    random_state : int, RandomState instance or None, default=None
        Decides the draws.
    aggregate_posterior : AggregatePosterior, default=None
        That of X, where it was made before.

    Returns
    -------
    samples : HighPosteriorSamples
        `representation`, `generation`, `data`, `log_q`, `log_prior`, and `row`, the row of X from whose posterior each
        was drawn.

    Raises
    ------
    NoDensityError, MissingMethodError
        If the model lacks a density, or cannot decode.
    IncompatibleChoiceError
        If the prior is no image of N(0, I), such as a mixture, and `rank_by` is "generation".
    ValueError
        If there are fewer candidates than samples, or `rank_by` is unknown.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020, section 4.1,
    https://arxiv.org/abs/1911.10506

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import high_posterior_samples
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> high_posterior_samples(vae, X, n_samples=5, random_state=0).row.shape
    (5,)
    """
    estimator, X = look_into(estimator, X)
    require(estimator, "High-posterior sampling", "log_prior", "inverse_transform")
    n_candidates = _count_candidates(n_samples, n_candidates)
    q = aggregate_posterior or AggregatePosterior.from_estimator(estimator, X)
    candidates, rows = q.sample(n_candidates, random_state, return_rows=True)
    lowest = np.argsort(prior_density(estimator, candidates, rank_by, "rank_by"), kind="stable")[:n_samples]
    Z = candidates[lowest]
    return HighPosteriorSamples(
        *_in_three_spaces(estimator, Z), q.log_density(Z), floats(estimator.log_prior(Z)), rows[lowest]
    )


def prior_candidates(estimator, aggregate_posterior, n_samples, n_candidates, random_state):
    """Return draws of the prior to choose `n_samples` from, with log q(z) of each."""
    n_candidates = _count_candidates(n_samples, n_candidates)
    n_components = aggregate_posterior.n_components
    candidates = draw_prior(estimator, n_candidates, n_components, make_random_state(random_state))
    return candidates, aggregate_posterior.log_density(candidates)


def _count_candidates(n_samples, n_candidates):
    n_samples = check_count(n_samples, "n_samples")
    n_candidates = 10 * n_samples if n_candidates is None else n_candidates
    n_candidates = check_count(n_candidates, "n_candidates")
    if n_candidates < n_samples:
        raise ValueError(f"n_candidates={n_candidates} are too few to keep n_samples={n_samples} of them.")
    return n_candidates


def _in_three_spaces(estimator, Z):
    has_spaces = hasattr(estimator, "to_generation_space")
    Z0 = floats(estimator.to_generation_space(Z)) if has_spaces else None
    return Z, Z0, made_rows(estimator, estimator.inverse_transform(Z))
