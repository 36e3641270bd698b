"""Leakage: how much of the aggregate posterior lies where the prior hardly generates."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2
from sklearn.exceptions import UndefinedMetricWarning

from vaekit.evaluation._aggregate_posterior import AggregatePosterior
from vaekit.evaluation._estimate import mean_estimate
from vaekit.evaluation._fitted import generation_log_density, look_into, require
from vaekit.utils._ambient import guarded, guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import floats
from vaekit.utils._typing import RandomStateLike
from vaekit.utils._warnings import warn_user


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

    __repr__ = short_repr


@guarded_arithmetic
def leakage_curve(
    estimator: Any,
    X: ArrayLike,
    thresholds: ArrayLike,
    *,
    threshold: str = "generation",
    n_samples: int = 5000,
    random_state: RandomStateLike = None,
    aggregate_posterior: AggregatePosterior | None = None,
) -> LeakageCurve:
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
        tau, log densities in nats; `standard_normal_thresholds` gives those that some share of the prior's own draws
        falls short of.
    threshold : {"generation", "representation"}, default="generation"
        What is held against tau: log N(g(z); 0, I) in generation space, which can be compared between models, or
        log p(z) in representation space, which changes with the scale of z. The same thing for a normal prior.
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
    IncompatibleChoiceError
        If the prior is no image of N(0, I), such as a mixture, and `threshold` is "generation".
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
    space and log q in representation space, and twins cannot be compared.

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
    estimator, X = look_into(estimator, X)
    require(estimator, "Leakage", "log_prior")
    n_samples = check_count(n_samples, "n_samples")
    q = aggregate_posterior or AggregatePosterior.from_estimator(estimator, X)
    Z = q.sample(n_samples, random_state)
    log_ratio = q.log_density(Z) - floats(estimator.log_prior(Z))
    return _leakage(log_ratio, prior_density(estimator, Z, threshold, "threshold"), np.ravel(thresholds).astype(float))


@guarded
def standard_normal_thresholds(shares: ArrayLike, n_components: int) -> float | Any:
    r"""Log densities that given shares of a standard normal's own draws fall short of.

    .. math:: \log N(z_0; 0, I) = -\tfrac12 (L \log 2\pi + |z_0|^2), \qquad |z_0|^2 \sim \chi^2_L

    Parameters
    ----------
    shares : float or array-like of shape (n_thresholds,)
        Probabilities in (0, 1).
    n_components : int
        Number of latents, L.

    Returns
    -------
    thresholds : float or ndarray of shape (n_thresholds,)
        In nats; thresholds for `leakage_curve`.

    Examples
    --------
    >>> from vaekit.evaluation import standard_normal_thresholds
    >>> standard_normal_thresholds([0.01, 0.1], n_components=2).round(3)
    array([-6.443, -4.14 ])
    """
    return -0.5 * (n_components * math.log(2 * math.pi) + chi2.isf(shares, n_components))


def _leakage(log_ratio, density, thresholds):
    """Mean of log_ratio * 1[density < tau] for each tau, NaN where the indicator is never 1."""
    below = density[:, None] < thresholds
    fraction = below.mean(axis=0)
    leaks = np.array([mean_estimate(column) for column in np.where(below, log_ratio[:, None], 0).T]).reshape(-1, 2)
    leaks[fraction == 0] = np.nan
    if np.any(fraction == 0):
        warn_user(
            f"No draw of q(z) lies below the thresholds {thresholds[fraction == 0].tolist()}: no leakage was seen, and "
            "its value is NaN there; raise n_samples or the thresholds.",
            UndefinedMetricWarning,
        )
    return LeakageCurve(thresholds, *leaks.T, fraction)


def prior_density(estimator, Z, space, name):
    """Log density of codes under the prior: of their points in generation space, or their own."""
    if space == "generation":
        remedy = f"pass {name}='representation' to compare by the density of the codes themselves"
        return generation_log_density(estimator, Z, remedy)
    if space == "representation":
        return floats(estimator.log_prior(Z))
    raise ValueError(f"{name} must be 'generation' or 'representation', got {space!r}.")
