"""Tiny worlds with a known answer: known factors, known mixing, known likelihood."""

from numbers import Integral, Real

import numpy as np
from scipy.signal import lfilter
from scipy.stats import multivariate_normal
from sklearn.datasets import make_moons
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_scalar

from vaekit.datasets._base import bunch_or_pair, check_option
from vaekit.datasets._grid import grid_factors
from vaekit.utils._ambient import guarded
from vaekit.utils._random import make_random_state

BURN_IN = 1000
BEND = 3.0


@guarded
def make_observed_factors(n_samples=None, *, factor_sizes=(3, 4, 5), noise=0.0, random_state=None, return_X_y=False):
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
    n_samples=1000, *, n_components=2, n_features=5, noise_scale=0.1, random_state=None, return_X_y=False
):
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
    _check_counts(n_samples=n_samples, n_components=n_components, n_features=n_features)
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
def make_ar1_sequence(
    n_samples=1000,
    *,
    n_components=2,
    n_features=None,
    autocorrelation=0.8,
    innovation="normal",
    mixing="linear",
    random_state=None,
    return_X_y=False,
):
    """Make a sequence of observations of independent autoregressive factors.

    `z_t = rho z_(t-1) + sqrt(1 - rho^2) e_t`, with e_t of variance 1, normal or Laplace, independent in time and
    between factors: every factor is stationary with variance 1 and correlation rho from one time to the next. Observed
    is `x_t = A z_t` (linear) or `x_t = A arcsinh(3 R z_t) / 3` (smooth) with a rotation R and orthonormal columns A, so
    that `z = A' x` or `z = R' sinh(3 A' x) / 3` takes the observations back.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of times.
    n_components : int, default=2
        Number of factors, the length of z.
    n_features : int, default=None
        Number of columns, the length of x; at least `n_components`, which is the default.
    autocorrelation : float or array-like of shape (n_components,), default=0.8
        The correlation rho, in (-1, 1), of all factors or of each.
    innovation : {"normal", "laplace"}, default="normal"
        The distribution of e_t. With normal innovations of equal rho, rotated factors are as good as the factors; with
        Laplace innovations they are not.
    mixing : {"linear", "smooth"}, default="linear"
        How the factors are observed.
    random_state : int, RandomState instance or None, default=None
        Draws the mixing matrices, then the innovations.
    return_X_y : bool, default=False
        Whether to return `(data, factors)` instead of a Bunch.

    Returns
    -------
    sequence : :class:`~sklearn.utils.Bunch`
        data : ndarray of float64 of shape (n_samples, n_features)
            The rows x_t, in order of time.
        factors : ndarray of float64 of shape (n_samples, n_components)
            The rows z_t: continuous, so that `factor_sizes` is None.
        factor_names : tuple of str
            factor0, factor1, ...
        factor_sizes : None
            The factors have no classes.
        autocorrelation : ndarray of float64 of shape (n_components,)
            rho of each factor.
        loadings : ndarray of float64 of shape (n_features, n_components)
            A.
        rotation : ndarray of float64 of shape (n_components, n_components)
            R; the identity when the mixing is linear.
        DESCR : str
            Description.

    Raises
    ------
    ValueError
        If a count, a correlation or a word is out of range.

    References
    ----------
    A. Hyvarinen and H. Morioka, "Nonlinear ICA of temporally dependent stationary sources", AISTATS 2017, equation 4;
    D. Klindt et al., "Towards nonlinear disentanglement in natural data with temporal sparse coding", ICLR 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.datasets import make_ar1_sequence
    >>> world = make_ar1_sequence(innovation="laplace", mixing="smooth", n_features=4, random_state=0)
    >>> unmixed = np.sinh(3 * world.data @ world.loadings) / 3 @ world.rotation
    >>> bool(np.allclose(unmixed, world.factors))
    True
    """
    n_features = n_components if n_features is None else n_features
    _check_counts(n_samples=n_samples, n_components=n_components, n_features=n_features)
    if n_features < n_components:
        raise ValueError(
            f"n_features={n_features} must be at least n_components={n_components}: no map could be undone."
        )
    rho = np.asarray(autocorrelation, dtype=float)
    if rho.shape not in ((), (n_components,)):
        raise ValueError(
            f"autocorrelation must be one number or one for each of n_components={n_components} factors; got "
            f"{autocorrelation!r}."
        )
    rho = np.broadcast_to(rho, (n_components,))
    if not (np.abs(rho) < 1).all():
        raise ValueError(f"autocorrelation must lie in (-1, 1) for a stationary sequence; got {autocorrelation!r}.")
    check_option("innovation", innovation, ("normal", "laplace"))
    check_option("mixing", mixing, ("linear", "smooth"))
    random_state = make_random_state(random_state)
    A = _orthonormal_columns(n_features, n_components, random_state)
    R = _orthonormal_columns(n_components, n_components, random_state) if mixing == "smooth" else np.eye(n_components)
    Z = _autoregression(n_samples, rho, innovation, random_state)
    return bunch_or_pair(
        return_X_y,
        data=(np.arcsinh(BEND * Z @ R.T) / BEND if mixing == "smooth" else Z) @ A.T,
        factors=Z,
        factor_names=tuple(f"factor{j}" for j in range(n_components)),
        factor_sizes=None,
        autocorrelation=rho.copy(),
        loadings=A,
        rotation=R,
        DESCR="Independent first-order autoregressive factors, observed through an invertible map.",
    )


@guarded
def make_two_moons(n_samples=2000, *, noise=0.05, standardize=True, random_state=None, return_X_y=False):
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
    X, moon = make_moons(n_samples, noise=noise, random_state=random_state)
    return bunch_or_pair(
        return_X_y,
        data=StandardScaler().fit_transform(X) if standardize else X,
        factors=moon.reshape(-1, 1),
        factor_names=("moon",),
        factor_sizes=(2,),
        DESCR="Two interleaving half circles with normal noise.",
    )


def _check_counts(**counts):
    for name, count in counts.items():
        check_scalar(count, name, Integral, min_val=1)


def _orthonormal_columns(n_rows, n_columns, random_state):
    """Return a matrix with orthonormal columns, uniformly distributed up to signs."""
    return np.linalg.qr(random_state.standard_normal((n_rows, n_columns)))[0]


def _autoregression(n_samples, rho, innovation, random_state):
    """Return z_t = rho z_(t-1) + sqrt(1 - rho^2) e_t after it has forgotten its start."""
    shape = (BURN_IN + n_samples, len(rho))
    unit = {"normal": random_state.normal, "laplace": random_state.laplace}[innovation](size=shape)
    e = unit / (np.sqrt(2) if innovation == "laplace" else 1)
    columns = [lfilter([np.sqrt(1 - r**2)], [1, -r], column) for r, column in zip(rho, e.T)]
    return np.stack(columns, axis=1)[BURN_IN:]
