"""Tiny worlds with a known answer: known factors, known mixing, known likelihood."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.stats import multivariate_normal
from sklearn.datasets import make_moons
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_scalar

from vaekit.datasets._base import bunch_or_pair, check_counts
from vaekit.datasets._grid import grid_factors
from vaekit.utils._ambient import guarded
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike


@guarded
def make_observed_factors(
    n_samples: int | None = None,
    *,
    factor_sizes: Sequence[int] = (3, 4, 5),
    noise: float = 0.0,
    random_state: RandomStateLike = None,
    return_X_y: bool = False,
) -> Any:
    """Make data that are their own factors, each in a column of its own, with noise.

    Column j of the data is factor j divided by its largest value, plus `noise` times a standard normal.

    Parameters
    ----------
    n_samples : int, default=None
        Number of distinct rows drawn at random from the grid of all combinations; None gives the grid itself.
    factor_sizes : sequence of int, default=(3, 4, 5)
        Number of values of each factor, at least 2.
    noise : float, default=0.0
        Standard deviation of the noise; the factors run from 0 to 1.
    random_state : int, RandomState instance or None, default=None
        Draws the sample and the noise.
    return_X_y : bool, default=False
        Whether to return `(data, factors)` instead of a Bunch.

    Returns
    -------
    observed : :class:`~sklearn.utils.Bunch`
        data : ndarray of float64 of shape (n_samples, n_factors)
            The factors, scaled to [0, 1], with noise.
        factors : ndarray of int64 of shape (n_samples, n_factors)
            0 .. factor_sizes[j] - 1 in column j.
        factor_names : tuple of str
            factor0, factor1, ...
        factor_sizes : tuple of int
            As given.
        DESCR : str
            Description.

    Raises
    ------
    ValueError
        If there are no sizes or one is below 2, `noise` is negative, or `n_samples` exceeds the grid.

    Examples
    --------
    >>> from vaekit.datasets import make_observed_factors
    >>> make_observed_factors(factor_sizes=(2, 3)).data
    array([[0. , 0. ], [0. , 0.5], [0. , 1. ], [1. , 0. ], [1. , 0.5], [1. , 1. ]])
    """
    if np.ndim(factor_sizes) != 1 or not len(factor_sizes):
        raise ValueError(
            f"factor_sizes must be a number of values for each factor, (3, 4, 5) say; got {factor_sizes!r}."
        )
    for size in factor_sizes:
        check_scalar(size, "factor_sizes", Integral, min_val=2)
    check_scalar(noise, "noise", Real, min_val=0)
    random_state = make_random_state(random_state)
    sizes = np.array(factor_sizes)
    factors = grid_factors(sizes, n_samples, random_state)
    return bunch_or_pair(
        return_X_y,
        data=factors / (sizes - 1) + noise * random_state.standard_normal(factors.shape),
        factors=factors,
        factor_names=tuple(f"factor{j}" for j in range(len(sizes))),
        factor_sizes=tuple(sizes.tolist()),
        DESCR="Factors observed directly, each in its own column, with normal noise.",
    )


@guarded
def make_linear_mixture(
    n_samples: int = 1000,
    *,
    n_components: int = 2,
    n_features: int = 5,
    noise_scale: float = 0.1,
    random_state: RandomStateLike = None,
    return_X_y: bool = False,
) -> Any:
    """Make data of the linear Gaussian factor model, for which everything is known in closed form.

    `z ~ N(0, I)`, `x = W z + s e` with `e ~ N(0, I)`; hence `x ~ N(0, C)` with `C = W W' + s^2 I`, and the posterior of
    z given x is normal with mean `W' C^-1 x` and covariance `I - W' C^-1 W`, whatever x is.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of rows.
    n_components : int, default=2
        Number of factors, the length of z.
    n_features : int, default=5
        Number of columns, the length of x.
    noise_scale : float, default=0.1
        The standard deviation s of the noise, positive.
    random_state : int, RandomState instance or None, default=None
        Draws the loadings, standard normal, then the factors and the noise.
    return_X_y : bool, default=False
        Whether to return `(data, factors)` instead of a Bunch.

    Returns
    -------
    mixture : :class:`~sklearn.utils.Bunch`
        data : ndarray of float64 of shape (n_samples, n_features)
            The rows x.
        factors : ndarray of float64 of shape (n_samples, n_components)
            The rows z: continuous, so that `factor_sizes` is None.
        factor_names : tuple of str
            factor0, factor1, ...
        factor_sizes : None
            The factors have no classes.
        loadings : ndarray of float64 of shape (n_features, n_components)
            W.
        noise_scale : float
            s.
        covariance : ndarray of float64 of shape (n_features, n_features)
            C.
        log_likelihood : ndarray of float64 of shape (n_samples,)
            log p(x) of each row, in nats.
        posterior_mean : ndarray of float64 of shape (n_samples, n_components)
            E(z | x) of each row.
        posterior_covariance : ndarray of float64 of shape (n_components, n_components)
            Cov(z | x), the same for all rows.
        DESCR : str
            Description.

    Raises
    ------
    ValueError
        If a count is below 1 or `noise_scale` is not positive.

    References
    ----------
    M. E. Tipping and C. M. Bishop, "Probabilistic principal component analysis", Journal of the Royal Statistical
    Society B 61, 1999, equations 2 to 8.

    Examples
    --------
    >>> from vaekit.datasets import make_linear_mixture
    >>> world = make_linear_mixture(500, random_state=0)
    >>> world.data.shape, world.loadings.shape, world.log_likelihood.shape
    ((500, 5), (5, 2), (500,))
    """
    check_counts(n_samples=n_samples, n_components=n_components, n_features=n_features)
    check_scalar(noise_scale, "noise_scale", Real, min_val=0, include_boundaries="neither")
    random_state = make_random_state(random_state)
    W = random_state.standard_normal((n_features, n_components))
    Z = random_state.standard_normal((n_samples, n_components))
    X = Z @ W.T + noise_scale * random_state.standard_normal((n_samples, n_features))
    C = W @ W.T + noise_scale**2 * np.eye(n_features)
    gain = np.linalg.solve(C, W)
    return bunch_or_pair(
        return_X_y,
        data=X,
        factors=Z,
        factor_names=tuple(f"factor{j}" for j in range(n_components)),
        factor_sizes=None,
        loadings=W,
        noise_scale=noise_scale,
        covariance=C,
        log_likelihood=multivariate_normal(cov=C).logpdf(X).reshape(n_samples),
        posterior_mean=X @ gain,
        posterior_covariance=np.eye(n_components) - W.T @ gain,
        DESCR="Linear Gaussian factor model with known loadings, noise, likelihood and posterior.",
    )


@guarded
def make_two_moons(
    n_samples: int = 2000,
    *,
    noise: float = 0.05,
    standardize: bool = True,
    random_state: RandomStateLike = None,
    return_X_y: bool = False,
) -> Any:
    """Make two interleaving half circles, standardised: the smallest data a Gaussian posterior cannot cover.

    Parameters
    ----------
    n_samples : int, default=2000
        Number of points, half of them on each moon.
    noise : float, default=0.05
        Standard deviation of the normal noise, in units of the circles' radius, before standardisation.
    standardize : bool, default=True
        Whether to give each column mean 0 and variance 1.
    random_state : int, RandomState instance or None, default=None
        Draws the noise and the order.
    return_X_y : bool, default=False
        Whether to return `(data, factors)` instead of a Bunch.

    Returns
    -------
    moons : :class:`~sklearn.utils.Bunch`
        data : ndarray of float64 of shape (n_samples, 2)
            The points.
        factors : ndarray of int64 of shape (n_samples, 1)
            The moon, 0 or 1.
        factor_names : tuple of str
            moon.
        factor_sizes : tuple of int
            2.
        DESCR : str
            Description.

    Raises
    ------
    ValueError
        If `n_samples` is below 2 or `noise` is negative.

    See Also
    --------
    sklearn.datasets.make_moons : The points before standardisation.

    Examples
    --------
    >>> from vaekit.datasets import make_two_moons
    >>> moons = make_two_moons(random_state=0)
    >>> moons.data.shape, moons.data.std(axis=0).round(6).tolist()
    ((2000, 2), [1.0, 1.0])
    """
    check_scalar(n_samples, "n_samples", Integral, min_val=2)
    check_scalar(noise, "noise", Real, min_val=0)
    X, moon = make_moons(n_samples, noise=noise, random_state=make_random_state(random_state))
    return bunch_or_pair(
        return_X_y,
        data=StandardScaler().fit_transform(X) if standardize else X,
        factors=moon.reshape(-1, 1),
        factor_names=("moon",),
        factor_sizes=(2,),
        DESCR="Two interleaving half circles with normal noise.",
    )
