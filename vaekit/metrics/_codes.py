"""Numbers from the codes alone."""

import numbers

import numpy as np
from numpy.typing import ArrayLike

from vaekit.tables._validation import at_unit_scale, check_codes
from vaekit.utils._ambient import guarded


@guarded
def gaussian_total_correlation(codes: ArrayLike) -> float:
    r"""Total correlation that the codes would have if they were Gaussian.

    .. math:: TC = \tfrac{1}{2} \left( \sum_j \log S_{jj} - \log \det S \right)

    with S the covariance of the codes: the divergence of N(m, S) from the product of its marginals.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        Codes.

    Returns
    -------
    total_correlation : float
        In nats, at least 0, lower is more independent; infinite when a code is a linear function of the others.
        Constant codes are independent of everything and do not count.

    References
    ----------
    F. Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of Disentangled
    Representations", ICML 2019, https://arxiv.org/abs/1811.12359, among its unsupervised scores.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.metrics import gaussian_total_correlation
    >>> round(gaussian_total_correlation([[0, 0], [0, 1], [1, 0], [1, 1]]), 3)
    0.0
    """
    codes = at_unit_scale(check_codes(codes))[0]
    varying = codes[:, np.ptp(codes, axis=0) > 0]
    if varying.shape[1] < 2:
        return 0.0
    return total_correlation_of_covariance(np.cov(varying, rowvar=False))


def total_correlation_of_covariance(covariance):
    """Total correlation of a Gaussian with this covariance: -1/2 log det of its correlation matrix, in nats."""
    scale = np.sqrt(np.diag(covariance))
    eigenvalues = np.linalg.eigvalsh(covariance / np.outer(scale, scale))
    if eigenvalues[0] <= len(scale) * np.finfo(float).eps:
        return np.inf
    return max(0.0, float(-0.5 * np.log(eigenvalues).sum()))


@guarded
def active_units(codes: ArrayLike, *, threshold: float = 0.01) -> int:
    """Count the codes whose posterior mean varies with the data: ``Var_x[mu_j(x)] > threshold``.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_codes)
        Posterior means.
    threshold : float, default=0.01
        Smallest (population) variance of an active code, at least 0.

    Returns
    -------
    n_active : int
        From 0 to n_codes.

    References
    ----------
    Y. Burda, R. Grosse, R. Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016, section 5.2,
    https://arxiv.org/abs/1509.00519.

    Examples
    --------
    >>> from vaekit.metrics import active_units
    >>> active_units([[-1.0, 0.01], [1.0, 0.02]])
    1
    """
    if not isinstance(threshold, numbers.Real) or threshold < 0:
        raise ValueError(f"threshold must be a number of at least 0, got {threshold!r}.")
    unit, exponent = at_unit_scale(check_codes(codes))
    with np.errstate(over="ignore"):  # a variance beyond all floats is above any threshold
        return int(np.sum(np.ldexp(unit.var(axis=0), 2 * exponent) > threshold))
