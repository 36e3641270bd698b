"""The importance-weighted bound on a log likelihood."""

import math

from torch import Tensor


def importance_weighted_bound(log_weights: Tensor, dim: int = 0) -> Tensor:
    r"""Lower bound on the log likelihood from several samples of the posterior.

    .. math::
        L_K = \log \tfrac1K \sum_{k=1}^K w_k, \qquad \log w_k = \log p(x | z_k) + \log p(z_k) - \log q(z_k | x)

    Parameters
    ----------
    log_weights : Tensor of shape (n_importance_samples, n_rows)
        :math:`\log w_k`, in nats.
    dim : int, default=0
        The axis of the samples.

    Returns
    -------
    bound : Tensor of shape (n_rows,)
        In nats per row. One sample gives the evidence lower bound of that sample; in expectation the bound does not
        fall with more, and it is never below the mean of the same log weights.

    References
    ----------
    Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016, eq. 8,
    https://arxiv.org/abs/1509.00519

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import importance_weighted_bound
    >>> importance_weighted_bound(torch.tensor([-1.0, -2.0, -3.0]))
    tensor(-1.6910)
    """
    return log_weights.logsumexp(dim) - math.log(log_weights.shape[dim])
