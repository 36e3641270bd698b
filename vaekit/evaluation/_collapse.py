"""Which latents a fitted model uses."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaekit.evaluation._fitted import has_standard_normal_prior, look_into, require
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import floats


class CollapseReport(NamedTuple):
    """What `collapse_report` returns; arrays of shape (n_components,).

    Attributes
    ----------
    n_active : int
        Number of active components.
    active : ndarray of bool
        Which ones.
    variance : ndarray
        Variance of the posterior means over rows, in squared units of the latents.
    variance_share : ndarray
        Share of the aggregate variance that is the means', in [0, 1]: 0 where the code is noise, 1 where it is exact.
    kl : ndarray
        Mean KL of q(z_j | x) to N(0, 1), in nats, infinite for a deterministic encoder; NaN for any other prior, which
        has no KL by component.
    """

    n_active: int
    active: np.ndarray
    variance: np.ndarray
    variance_share: np.ndarray
    kl: np.ndarray

    __repr__ = short_repr


@guarded_arithmetic
def collapse_report(estimator: Any, X: ArrayLike, *, threshold: float = 0.01) -> CollapseReport:
    r"""Count the components whose posterior means move with the data.

    With a standard normal prior component j is active where :math:`\mathrm{Var}_x\, \mu_j(x) > t`; with any other
    prior, under which the scale of a latent means nothing, where

    .. math:: \frac{\mathrm{Var}_x\, \mu_j(x)}{\mathrm{Var}_x\, \mu_j(x) + E_x\, \sigma_j^2(x)} > t

    Parameters
    ----------
    estimator : fitted object
        With `posterior(X)`, and `log_prior` if the prior has a density. Pipelines and searches are looked through.
    X : array-like of shape (n_rows, ...)
        Data.
    threshold : float, default=0.01
        t, at least 0.

    Returns
    -------
    report : CollapseReport
        `n_active`, `active`, `variance`, `variance_share`, `kl`. A component with a KL below about 0.01 nats tells
        nothing about the data.

    Raises
    ------
    MissingMethodError
        If the model has no posterior parameters.
    ValueError
        If the threshold is negative.

    References
    ----------
    Y. Burda, R. Grosse, R. Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016, section 5.2,
    https://arxiv.org/abs/1509.00519

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import collapse_report
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> collapse_report(vae, X).n_active <= 2
    True
    """
    if not threshold >= 0:
        raise ValueError(f"threshold must be a number of at least 0, got {threshold!r}.")
    estimator, X = look_into(estimator, X)
    require(estimator, "A collapse report", "posterior")
    loc, scale = map(floats, estimator.posterior(X))
    variance = loc.var(axis=0)
    spread = np.square(scale).mean(axis=0)
    share = np.divide(variance, variance + spread, out=np.zeros_like(variance), where=variance > 0)
    is_standard = hasattr(estimator, "log_prior") and has_standard_normal_prior(estimator, loc)
    active = (variance if is_standard else share) > threshold
    kl = _mean_kl(loc, scale) if is_standard else np.full_like(variance, np.nan)
    return CollapseReport(int(active.sum()), active, variance, share, kl)


def _mean_kl(loc, scale):
    """KL[N(loc, scale^2) || N(0, 1)] = (loc^2 + scale^2 - 1) / 2 - log scale, mean over rows."""
    with np.errstate(divide="ignore"):  # without noise it is infinite
        return (0.5 * (loc**2 + scale**2 - 1) - np.log(scale)).mean(axis=0)


@guarded_arithmetic
def over_pruned(estimators: Sequence[Any], X: ArrayLike, n_factors: int, *, threshold: float = 0.01) -> np.ndarray:
    """Tell which models have switched off so many latents that there are fewer left than factors.

    Such a model cannot tell all factors apart, whatever it has learned: comparisons of how they are told apart leave
    it out.

    Parameters
    ----------
    estimators : sequence of fitted objects
        As for `collapse_report`.
    X : array-like of shape (n_rows, ...)
        Data.
    n_factors : int
        Number of factors that vary in the data.
    threshold : float, default=0.01
        As for `collapse_report`.

    Returns
    -------
    is_over_pruned : ndarray of bool of shape (n_estimators,)
        `[model for model, out in zip(models, over_pruned(models, X, 5)) if not out]` keeps the rest.

    Raises
    ------
    MissingMethodError
        If a model has no posterior parameters.
    ValueError
        If a number is out of range.

    References
    ----------
    D. Zietlow, M. Rolinek, G. Martius, "Demystifying inductive biases for (beta-)VAE based architectures", ICML 2021,
    https://arxiv.org/abs/2102.06822.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import over_pruned
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> bool(over_pruned([vae], X, 3)[0])
    True
    """
    n_factors = check_count(n_factors, "n_factors")
    n_active = [collapse_report(estimator, X, threshold=threshold).n_active for estimator in estimators]
    return np.array(n_active, dtype=int) < n_factors
