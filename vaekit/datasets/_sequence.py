"""Sequences with a known answer: autoregressive factors, observed through a map that can be undone."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.signal import lfilter

from vaekit.datasets._base import bunch_or_pair, check_counts, check_option
from vaekit.utils._ambient import guarded
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike

BURN_IN = 1000
BEND = 3.0


@guarded
def make_ar1_sequence(
    n_samples: int = 1000,
    *,
    n_components: int = 2,
    n_features: int | None = None,
    autocorrelation: ArrayLike = 0.8,
    innovation: str = "normal",
    mixing: str = "linear",
    random_state: RandomStateLike = None,
    return_X_y: bool = False,
) -> Any:
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
    check_counts(n_samples=n_samples, n_components=n_components, n_features=n_features)
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
