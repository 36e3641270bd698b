"""Maximum mean discrepancy between two sets of points."""

import math

import torch
from torch import Tensor

from vaekit.functional._row_blocks import are_few, in_row_blocks

MOST_FOR_MEDIAN = 4096  # points whose median distance is taken for that of all
IMQ_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
RBF_SCALES = (1.0, 5.0, 10.0, 20.0, 40.0)

# name: (kernel of the squared distance and the bandwidth, default bandwidth for L components)
KERNELS = {
    "rbf": (lambda d2, s2: torch.exp(-d2 / (2 * s2)), lambda L: L),
    "rbf_multi": (lambda d2, s2: sum(torch.exp(-d2 / (2 * s2 * c)) for c in RBF_SCALES), lambda L: 1.0),
    "infovae": (lambda d2, s2: torch.exp(-d2 / s2), lambda L: L**2),
    "imq": (lambda d2, C: C / (C + d2), lambda L: 2 * L),
    "imq_multi": (lambda d2, C: sum(C * c / (C * c + d2) for c in IMQ_SCALES), lambda L: 2 * L),
}


def maximum_mean_discrepancy(
    a: Tensor, b: Tensor, kernel: str = "rbf", bandwidth: float | str | None = None, unbiased: bool = False
) -> Tensor:
    r"""Squared maximum mean discrepancy between two sets of points.

    .. math:: MMD^2 = E\, k(a, a') - 2 E\, k(a, b) + E\, k(b, b')

    Parameters
    ----------
    a : Tensor of shape (n_rows_a, n_components)
        One set, such as codes.
    b : Tensor of shape (n_rows_b, n_components)
        The other, such as samples of the prior.
    kernel : {"rbf", "rbf_multi", "infovae", "imq", "imq_multi"}, default="rbf"
        With :math:`d^2` the squared distance and :math:`L` the number of components:

        * "rbf": :math:`e^{-d^2 / 2 s^2}`, bandwidth :math:`s^2 = L`;
        * "rbf_multi": the sum of "rbf" over :math:`s^2` times 1, 5, 10, 20, 40, :math:`s^2 = 1`;
        * "infovae": :math:`e^{-d^2 / s^2}`, :math:`s^2 = L^2`, as in the code of the InfoVAE paper;
        * "imq": :math:`C / (C + d^2)`, bandwidth :math:`C = 2 L`;
        * "imq_multi": the sum of "imq" over C times .1, .2, .5, 1, 2, 5, 10.
    bandwidth : float, "median" or None, default=None
        :math:`s^2` or :math:`C`; the median of the squared distances between all points (of more than 4096, between
        that many of them), which has no gradient; or the value above. Larger ones see coarser differences.
    unbiased : bool, default=False
        Leave out the distance of a point to itself. The estimate then has the right mean, but may be negative.

    Returns
    -------
    mmd2 : Tensor of shape ()
        Never negative (up to rounding) unless `unbiased`. It has no unit.

    Raises
    ------
    ValueError
        If the kernel or the bandwidth is unknown, or `unbiased` is asked of a set of fewer than two rows.

    Notes
    -----
    Time of order (n_rows_a + n_rows_b)² n_components; memory of order (n_rows_a + n_rows_b)² up to some 16 MiB, beyond
    which rows are taken in blocks.

    References
    ----------
    Gretton et al., "A Kernel Two-Sample Test", JMLR 2012, eqs. 3 and 5 (the cross term keeps all pairs),
    https://jmlr.org/papers/v13/gretton12a.html. Kernels: Zhao, Song and Ermon, "InfoVAE", AAAI 2019,
    https://arxiv.org/abs/1706.02262; Tolstikhin et al., "Wasserstein Auto-Encoders", ICLR 2018, section 4,
    https://arxiv.org/abs/1711.01558; Li, Swersky and Zemel, "Generative Moment Matching Networks", ICML 2015,
    https://arxiv.org/abs/1502.02761

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import maximum_mean_discrepancy
    >>> maximum_mean_discrepancy(torch.tensor([[0.0], [1.0]]), torch.tensor([[5.0], [6.0]]))
    tensor(1.6064)
    """
    kernel_of, default_bandwidth = _kernel_named(kernel)
    if unbiased and min(len(a), len(b)) < 2:
        raise ValueError(
            f"unbiased=True compares rows in pairs: give sets of two rows or more, got {len(a)} and {len(b)}."
        )
    s2 = _bandwidth(bandwidth, a, b, default_bandwidth(a.shape[-1]))
    within = _mean_off_diagonal if unbiased else _mean
    k_aa, k_ab, k_bb = within(kernel_of, a, a, s2), _mean(kernel_of, a, b, s2), within(kernel_of, b, b, s2)
    return k_aa - 2 * k_ab + k_bb


def _kernel_named(name):
    if name not in KERNELS:
        raise ValueError(f"kernel={name!r} is unknown: choose one of {', '.join(map(repr, KERNELS))}.")
    return KERNELS[name]


def _squared_distances(u, v):
    # Not by a matrix product: |u|² + |v|² - 2 u·v loses the digits of close points, and all of them in half precision.
    return torch.cdist(u, v, compute_mode="donot_use_mm_for_euclid_dist").square()


def _bandwidth(bandwidth, a, b, default):
    if bandwidth is None:
        return default
    if bandwidth == "median":
        return _median_squared_distance(torch.cat([a, b]).detach())
    if isinstance(bandwidth, str) or not bandwidth > 0:
        raise ValueError(f"bandwidth={bandwidth!r} is no bandwidth: give a positive number, 'median' or None.")
    return bandwidth


def _median_squared_distance(points):
    points = points[:: math.ceil(len(points) / MOST_FOR_MEDIAN)]
    d2 = _squared_distances(points, points)
    i, j = torch.triu_indices(*d2.shape, offset=1, device=d2.device)
    return d2[i, j].median().clamp(min=torch.finfo(d2.dtype).tiny)  # 0 if most points coincide


def _mean(kernel_of, u, v, s2):
    """Mean of the kernel over all pairs of a row u and a row v."""
    if are_few(len(u) * len(v)):
        return kernel_of(_squared_distances(u, v), s2).mean()
    return _row_sums(kernel_of, u, v, s2).mean() / len(v)


def _mean_off_diagonal(kernel_of, u, v, s2):
    """The same without those of a row and itself."""
    n = len(u)
    if are_few(n * n):
        k = kernel_of(_squared_distances(u, v), s2)
        return (k.sum() - k.diagonal().sum()) / (n * (n - 1))
    of_itself = kernel_of(u.new_zeros(()), s2)
    return (_row_sums(kernel_of, u, v, s2) - of_itself).mean() / (n - 1)


def _row_sums(kernel_of, u, v, s2):
    def sums(rows, u, v):
        return kernel_of(_squared_distances(u[rows], v), s2).sum(-1)

    return in_row_blocks(sums, len(u), len(v), u, v)
