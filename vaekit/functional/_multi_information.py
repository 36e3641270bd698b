"""Multi-information of codes, as a kernel density over a batch sees it."""

import math

from torch import Tensor

from vaekit.functional._row_blocks import in_row_blocks

SMALLEST_VARIANCE = 1e-12  # of a component whose codes are all the same: its kernels still have a width


def deviations(z: Tensor) -> Tensor:
    """Standard deviation of every component over the rows (n_rows, n_components), with a gradient at 0."""
    return (z.var(0, correction=0) + SMALLEST_VARIANCE).sqrt()


def multi_information(z: Tensor, bandwidth: float | None = None) -> Tensor:
    r"""Log ratio of the joint density of codes to the product of its marginals, a kernel density over the rows.

    .. math::
        \log q(z_i) - \sum_k \log q_k(z_{ik}), \qquad
        q(z_i) = \frac{1}{B} \sum_j \prod_k N(z_{ik}; z_{jk}, (h s_k)^2), \qquad
        q_k(z_{ik}) = \frac{1}{B} \sum_j N(z_{ik}; z_{jk}, (h s_k)^2),

    with :math:`s_k` the deviation of component k over the rows. The :math:`q_k` are the marginals of q, so the ratio is
    that of one distribution: 0 for the rows of a full grid, and the same for codes of another scale.

    Parameters
    ----------
    z : Tensor of shape (n_rows, n_components)
        Codes of a batch.
    bandwidth : float, default=None
        h, in deviations; None is Silverman's rule, (4 / ((d + 2) B))^(1 / (d + 4)) for d components and B rows.

    Returns
    -------
    log_ratio : Tensor of shape (n_rows,)
        In nats per row; its mean estimates the multi-information (total correlation) of the codes.

    Notes
    -----
    Time of order n_rows^2 n_components; so is memory up to some 16 MiB, beyond which rows are taken in blocks. The
    authors' code takes a bandwidth of its own, s_k, for the marginals; then independent codes, too, are at another
    value than 0.

    References
    ----------
    K. Hsu et al., "Tripod: Three Complementary Inductive Biases for Disentangled Representation Learning", ICML 2024,
    https://arxiv.org/abs/2404.10282, section 4.2. B. Silverman, "Density Estimation for Statistics and Data Analysis",
    1986, eq. 4.14.

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import multi_information
    >>> grid = torch.cartesian_prod(torch.arange(3.0), torch.arange(3.0))
    >>> multi_information(grid).abs().max() < 1e-6, multi_information(grid[[0, 4, 8]]).mean() > 0.4
    (tensor(True), tensor(True))
    """
    n_rows, n_components = z.shape
    scaled = z / (deviations(z) * (silverman(n_rows, n_components) if bandwidth is None else bandwidth))
    joint, marginals = in_row_blocks(
        lambda rows, centres: _kernel_sums(centres[rows], centres), n_rows, z.numel(), scaled
    )
    return joint - marginals + (n_components - 1) * math.log(n_rows)


def _kernel_sums(z, centres):
    """Log sums of the kernels at rows z, and of those of each component; constants are those of both alike."""
    log_kernels = -0.5 * (z[:, None] - centres[None]).square()
    return log_kernels.sum(-1).logsumexp(1), log_kernels.logsumexp(1).sum(-1)


def silverman(n_rows, n_components):
    """Bandwidth, in deviations, that is best for normal codes."""
    return (4 / ((n_components + 2) * n_rows)) ** (1 / (n_components + 4))
