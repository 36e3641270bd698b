"""Independent sources whose scales change from segment to segment, observed through an invertible nonlinear map."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_scalar

from vaekit.datasets._base import bunch_or_pair
from vaekit.utils._ambient import guarded
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike

BEND = 3.0
LOCATIONS, SCALES = (-2.0, 2.0), (0.5, 2.0)


@guarded
def make_nonlinear_ica(
    n_samples: int = 4000,
    *,
    n_components: int = 4,
    n_features: int | None = None,
    n_segments: int = 20,
    n_layers: int = 2,
    noise: float = 0.0,
    random_state: RandomStateLike = None,
    return_X_y: bool = False,
) -> Any:
    r"""Make a nonlinear mixture of independent sources whose means and scales depend on a segment.

    Sources are drawn as :math:`z_i | u \sim N(m_i(u), s_i(u)^2)`, with m uniform in [-2, 2] and s in [0.5, 2], and then
    brought to mean 0 and variance 1 over all rows. Observed is

    .. math:: x = A\, f(R_n \cdots f(R_1 z)) + \text{noise} \cdot e, \qquad f(v) = \operatorname{arcsinh}(3 v) / 3

    with rotations R and orthonormal columns A. Without the segments the sources cannot be told from other independent
    ones; with them they can, up to their order and a map of each, where there are at least 2 n_components + 1 segments.

    Parameters
    ----------
    n_samples : int, default=4000
        Number of rows, spread evenly over the segments; at least `n_segments`.
    n_components : int, default=4
        Number of sources, the length of z.
    n_features : int, default=None
        Number of columns, the length of x; at least `n_components`, which is the default.
    n_segments : int, default=20
        Number of values of u.
    n_layers : int, default=2
        n: how often the sources are turned and bent; 0 is a linear mixture.
    noise : float, default=0.0
        Standard deviation of what is added to each column.
    random_state : int, RandomState instance or None, default=None
        Draws the map, the means and scales, the sources and the noise.
    return_X_y : bool, default=False
        Whether to return `(data, factors)` instead of a Bunch.

    Returns
    -------
    mixture : :class:`~sklearn.utils.Bunch`
        data : ndarray of float64 of shape (n_samples, n_features)
            The rows x.
        factors : ndarray of float64 of shape (n_samples, n_components)
            The sources z: continuous, so that `factor_sizes` is None.
        factor_names : tuple of str
            source0, source1, ...
        factor_sizes : None
            The sources have no classes.
        segments : ndarray of int64 of shape (n_samples,)
            u of each row, 0 .. n_segments - 1, in order: what an identifiable model is conditioned on.
        locations, scales : ndarray of float64 of shape (n_segments, n_components)
            Mean and standard deviation of each source, given the segment, in the units of `factors`.
        loadings : ndarray of float64 of shape (n_features, n_components)
            A.
        rotations : ndarray of float64 of shape (n_layers, n_components, n_components)
            R_1, R_2, ...
        DESCR : str
            Description.

    Raises
    ------
    ValueError
        If a count or `noise` is out of range.

    References
    ----------
    I. Khemakhem, D. P. Kingma, R. P. Monti, A. Hyvarinen, "Variational autoencoders and nonlinear ICA: a unifying
    framework", AISTATS 2020, section 5.1, https://arxiv.org/abs/1907.04809 (there with leaky layers).

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.datasets import make_nonlinear_ica
    >>> world = make_nonlinear_ica(n_features=8, random_state=0)
    >>> z = world.data @ world.loadings
    >>> for rotation in world.rotations[::-1]:
    ...     z = np.sinh(3 * z) / 3 @ rotation
    >>> bool(np.allclose(z, world.factors))
    True
    """
    n_features = n_components if n_features is None else n_features
    check_scalar(n_components, "n_components", Integral, min_val=1)
    check_scalar(n_features, "n_features", Integral, min_val=n_components)
    check_scalar(n_segments, "n_segments", Integral, min_val=1)
    check_scalar(n_samples, "n_samples", Integral, min_val=max(2, n_segments))
    check_scalar(n_layers, "n_layers", Integral, min_val=0)
    check_scalar(noise, "noise", Real, min_val=0)
    random_state = make_random_state(random_state)
    A = _orthonormal(n_features, n_components, random_state)
    R = np.array([_orthonormal(n_components, n_components, random_state) for _ in range(n_layers)])
    locations = random_state.uniform(*LOCATIONS, size=(n_segments, n_components))
    scales = random_state.uniform(*SCALES, size=(n_segments, n_components))
    segments = np.arange(n_samples) * n_segments // n_samples
    Z = locations[segments] + scales[segments] * random_state.standard_normal((n_samples, n_components))
    centre, unit = Z.mean(axis=0), Z.std(axis=0)
    Z = (Z - centre) / unit
    X = bent(Z, R) @ A.T
    return bunch_or_pair(
        return_X_y,
        data=X + noise * random_state.standard_normal(X.shape),
        factors=Z,
        factor_names=tuple(f"source{i}" for i in range(n_components)),
        factor_sizes=None,
        segments=segments,
        locations=(locations - centre) / unit,
        scales=scales / unit,
        loadings=A,
        rotations=R.reshape(n_layers, n_components, n_components),
        DESCR="Independent sources whose means and scales depend on a segment, observed through an invertible map.",
    )


def bent(Z, rotations):
    """Return f(R_n ... f(R_1 z)) of each row."""
    for R in rotations:
        Z = np.arcsinh(BEND * Z @ R.T) / BEND
    return Z


def _orthonormal(n_rows, n_columns, random_state):
    return np.linalg.qr(random_state.standard_normal((n_rows, n_columns)))[0]
