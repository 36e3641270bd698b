"""Where prior and aggregate posterior disagree: pockets, which only the prior reaches, and leaks, which it misses."""

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from vaekit.evaluation._aggregate_posterior import AggregatePosterior
from vaekit.evaluation._estimate import mean_estimate
from vaekit.evaluation._fitted import (
    base_log_density,
    check_count,
    draw_prior,
    last_step,
    make_random_state,
    require,
)


class LowPosteriorSamples(NamedTuple):
    """What `low_posterior_samples` returns, lowest aggregate posterior first.

    Attributes
    ----------
    representation : ndarray of shape (n_samples, n_components)
        Codes z.
    generation : ndarray of shape (n_samples, n_components)
        The same points in the space where the prior is plainly normal, z0 = g(z).
    data : ndarray of shape (n_samples, ...)
        Their decoded means, in the units and the shape of the data.
    log_q : ndarray of shape (n_samples,)
        log q(z), in nats.
    """

    representation: np.ndarray
    generation: np.ndarray
    data: np.ndarray
    log_q: np.ndarray


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
    generation: np.ndarray
    data: np.ndarray
    log_q: np.ndarray
    log_prior: np.ndarray
    row: np.ndarray


class LeakageCurve(NamedTuple):
    """What `leakage_curve` returns, each an array of shape (n_thresholds,).

    Attributes
    ----------
    thresholds : ndarray
        tau, in nats.
    value, standard_error : ndarray
        Leakage below each threshold, in nats; NaN where no draw lies below.
    fraction : ndarray
        Share of draws below each threshold.
    """

    thresholds: np.ndarray
    value: np.ndarray
    standard_error: np.ndarray
    fraction: np.ndarray


def low_posterior_samples(
    estimator, X, n_samples=100, *, n_candidates=None, random_state=None, aggregate_posterior=None
):
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
    estimator, X = last_step(estimator, X)
    require(estimator, "Low-posterior sampling", "inverse_transform", "to_generation_space")
    q = aggregate_posterior or AggregatePosterior.from_estimator(estimator, X)
    candidates, log_q = prior_candidates(estimator, q, n_samples, n_candidates, random_state)
    lowest = np.argsort(log_q, kind="stable")[:n_samples]
    return LowPosteriorSamples(*_in_three_spaces(estimator, candidates[lowest]), log_q[lowest])


def high_posterior_samples(
    estimator, X, n_samples=100, *, n_candidates=None, rank_by="base", random_state=None, aggregate_posterior=None
):
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
    rank_by : {"base", "latent"}, default="base"
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
    estimator, X = last_step(estimator, X)
    require(estimator, "High-posterior sampling", "log_prior", "inverse_transform", "to_generation_space")
    n_candidates = _count_candidates(n_samples, n_candidates)
    q = aggregate_posterior or AggregatePosterior.from_estimator(estimator, X)
    candidates, rows = q.sample(n_candidates, random_state, return_rows=True)
    lowest = np.argsort(_prior_density(estimator, candidates, rank_by, "rank_by"), kind="stable")[:n_samples]
    Z = candidates[lowest]
    return HighPosteriorSamples(
        *_in_three_spaces(estimator, Z), q.log_density(Z), np.asarray(estimator.log_prior(Z)), rows[lowest]
    )


def leakage_curve(
    estimator, X, thresholds, *, threshold="base", n_samples=5000, random_state=None, aggregate_posterior=None
):
    r"""How much of the aggregate posterior lies where the prior hardly generates.

    .. math:: LS(\tau) = E_{q(z)}\left[ (\log q(z) - \log p(z)) \; 1[a(z) < \tau] \right]

    with a(z) the prior's density of z (see `threshold`).

    Parameters
    ----------
    estimator : fitted object
        With `log_prior` and a posterior that has a density. Pipelines and searches are looked through.
    X : array-like of shape (N, ...)
        Rows whose encodings make q(z).
    thresholds : array-like of shape (n_thresholds,)
        tau, log densities in nats. A standard normal's own draws have a mean of -1.42 per latent.
    threshold : {"base", "latent"}, default="base"
        What is held against tau: log N(g(z); 0, I) in generation space, which can be compared between models, or
        log p(z) in latent space, which changes with the scale of z. The same thing for a normal prior.
    n_samples : int, default=5000
        Draws from q(z).
    random_state : int, RandomState instance or None, default=None
        Decides the draws.
    aggregate_posterior : AggregatePosterior, default=None
        That of X, where it was made before.

    Returns
    -------
    curve : LeakageCurve
        `thresholds`, `value`, `standard_error` (nats) and `fraction` (share of draws below), lower is better. With tau
        rising to infinity the value becomes KL[q(z) || p(z)]; in between it is not monotone and may be negative.

    Raises
    ------
    NoDensityError
        If the prior or the posterior has no density.
    ValueError
        If `threshold` is unknown.

    Warns
    -----
    UndefinedMetricWarning
        If no draw lies below a threshold; its value is NaN then (no leakage was seen).

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020, eq. 6,
    https://arxiv.org/abs/1911.10506, with the Jacobian of g kept in the ratio: as printed, log p is taken in generation
    space and log q in latent space, and twins cannot be compared.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import leakage_curve
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> curve = leakage_curve(vae, X, [-3, float("inf")], random_state=0)
    >>> bool(curve.fraction[0] < curve.fraction[1] == 1)
    True
    """
    estimator, X = last_step(estimator, X)
    require(estimator, "Leakage", "log_prior")
    check_count(n_samples, "n_samples")
    q = aggregate_posterior or AggregatePosterior.from_estimator(estimator, X)
    Z = q.sample(n_samples, random_state)
    log_ratio = q.log_density(Z) - estimator.log_prior(Z)
    return _leakage(log_ratio, _prior_density(estimator, Z, threshold, "threshold"), np.ravel(thresholds).astype(float))


def prior_candidates(estimator, aggregate_posterior, n_samples, n_candidates, random_state):
    """Return draws of the prior to choose `n_samples` from, with log q(z) of each."""
    n_candidates = _count_candidates(n_samples, n_candidates)
    n_components = aggregate_posterior.n_components
    candidates = draw_prior(estimator, n_candidates, n_components, make_random_state(random_state))
    return candidates, aggregate_posterior.log_density(candidates)


def _count_candidates(n_samples, n_candidates):
    check_count(n_samples, "n_samples")
    n_candidates = 10 * n_samples if n_candidates is None else n_candidates
    check_count(n_candidates, "n_candidates")
    if n_candidates < n_samples:
        raise ValueError(f"n_candidates={n_candidates} are too few to keep n_samples={n_samples} of them.")
    return n_candidates


def _leakage(log_ratio, density, thresholds):
    """Mean of log_ratio * 1[density < tau] for each tau, NaN where the indicator is never 1."""
    below = density[:, None] < thresholds
    fraction = below.mean(axis=0)
    leaks = np.array([mean_estimate(column) for column in np.where(below, log_ratio[:, None], 0).T]).reshape(-1, 2)
    leaks[fraction == 0] = np.nan
    if np.any(fraction == 0):
        warnings.warn(
            f"No draw of q(z) lies below the thresholds {thresholds[fraction == 0].tolist()}: no leakage was seen, and "
            "its value is NaN there; raise n_samples or the thresholds.",
            UndefinedMetricWarning,
            stacklevel=3,
        )
    return LeakageCurve(thresholds, *leaks.T, fraction)


def _prior_density(estimator, Z, space, name):
    if space == "base":
        return base_log_density(estimator, Z)
    if space == "latent":
        return np.asarray(estimator.log_prior(Z))
    raise ValueError(f"{name} must be 'base' or 'latent', got {space!r}.")


def _in_three_spaces(estimator, Z):
    return Z, np.asarray(estimator.to_generation_space(Z)), np.asarray(estimator.inverse_transform(Z))
