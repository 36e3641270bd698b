"""Total correlation of codes, and the covariance of their aggregated posterior."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from vaekit.functional._divergence import normal_log_density
from vaekit.functional._row_blocks import in_row_blocks
from vaekit.utils._repr import short_repr


class TotalCorrelationTerms(NamedTuple):
    """The three parts of log q(z|x) - log p(z), each of shape (n_rows,), in nats."""

    mutual_information: Tensor
    total_correlation: Tensor
    dimension_kl: Tensor

    __repr__ = short_repr


def total_correlation_terms(
    z: Tensor,
    loc: Tensor,
    logvar: Tensor,
    dataset_size: int | None = None,
    aggregate: str = "mss",
    log_prior: Tensor | None = None,
    components: tuple[Tensor, Tensor] | None = None,
) -> TotalCorrelationTerms:
    r"""Split each row's KL estimate into mutual information, total correlation and dimension-wise KL.

    .. math::
        \log \frac{q(z|x)}{p(z)} = \underbrace{\log \frac{q(z|x)}{q(z)}}_{MI}
        + \underbrace{\log \frac{q(z)}{\prod_l q(z_l)}}_{TC}
        + \underbrace{\log \frac{\prod_l q(z_l)}{p(z)}}_{DW}

    where the aggregated posterior is estimated from components j with log weights :math:`w_{ij}`,

    .. math::
        \log q(z_i) = \log \sum_j e^{w_{ij}} \prod_l q(z_{il} | x_j), \qquad
        \log q(z_{il}) = \log \sum_j e^{w_{ij}} q(z_{il} | x_j).

    Parameters
    ----------
    z : Tensor of shape (n_rows, n_components)
        One sample of each row's posterior.
    loc, logvar : Tensor of shape (n_rows, n_components)
        Means and log variances of the rows' posteriors.
    dataset_size : int, default=None
        Number of training rows, N; needed by "mss" and "mws".
    aggregate : {"mss", "mws", "batch", "full"}, default="mss"
        How q(z) is estimated. The weights, with B rows in the batch:

        * "mss" (minibatch stratified sampling): 1 / N for the row itself, (N - B + 1) / (N (B - 1)) for the next
          one, 1 / (B - 1) for the others; its q(z) is unbiased;
        * "mws" (minibatch weighted sampling): 1 / (N B), whose values are shifted by constants;
        * "batch": 1 / B, the batch as the whole mixture;
        * "full": 1 / N over the encodings of all rows, given as `components`; the exact q(z), for small data.
    log_prior : Tensor of shape (n_rows,), default=None
        :math:`\log p(z)`; None is the standard normal. With a prior that does not factorise the third term is no
        longer a sum of divergences and may be negative in the mean.
    components : tuple of two Tensors of shape (n_encodings, n_components), default=None
        Means and log variances of all current encodings, for "full" alone; a third Tensor of shape (n_encodings,) are
        their weights, all the same without it.

    Returns
    -------
    terms : TotalCorrelationTerms
        `mutual_information`, `total_correlation`, `dimension_kl`, each of shape (n_rows,), in nats. They add up to
        :math:`\log q(z|x) - \log p(z)` for every estimate of q(z); the batch means are what an objective weighs.

    Raises
    ------
    ValueError
        If `aggregate` is unknown or lacks what it needs, or if "mss" gets fewer than two rows or more than N.

    Notes
    -----
    Time of order n_rows × n_encodings × n_components; so is memory up to some 16 MiB, beyond which rows are taken in
    blocks. Values on a batch serve as a loss, not as a measure of a fitted model.

    References
    ----------
    Chen, Li, Grosse and Duvenaud, "Isolating Sources of Disentanglement in Variational Autoencoders", NeurIPS 2018,
    eq. 2 and appendix C (with 1 / N at the row itself, where the estimate is unbiased),
    https://arxiv.org/abs/1802.04942

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import total_correlation_terms
    >>> loc, logvar = torch.tensor([[-1.0], [1.0]]), torch.zeros(2, 1)
    >>> terms = total_correlation_terms(loc, loc, logvar, aggregate="batch")
    >>> terms.total_correlation  # one component is never correlated with another
    tensor([0., 0.])
    """
    log_weights_of = _mixture_log_weights(z, dataset_size, aggregate, components)
    log_q_z_given_x = normal_log_density(z, loc, logvar).sum(-1)
    of_components = (components or (loc, logvar))[:2]
    log_q_z, log_q_z_product = in_row_blocks(
        lambda rows, z, loc, logvar: _aggregate_log_densities(z[rows], loc, logvar, log_weights_of(rows)),
        len(z),
        of_components[0].numel(),
        z,
        *of_components,
    )
    if log_prior is None:
        log_prior = normal_log_density(z, torch.zeros_like(z), torch.zeros_like(z)).sum(-1)
    return TotalCorrelationTerms(
        mutual_information=log_q_z_given_x - log_q_z,
        total_correlation=log_q_z - log_q_z_product,
        dimension_kl=log_q_z_product - log_prior,
    )


def _mixture_log_weights(z, dataset_size, aggregate, components):
    """What gives the log weights of some rows: (n_rows, n_encodings), or one for all of them where these are equal."""
    n_rows = len(z)
    if (aggregate == "full") != (components is not None):
        raise ValueError("aggregate='full' and components=(loc, logvar) of all encodings belong together: give both.")
    if aggregate in ("mss", "mws") and dataset_size is None:
        raise ValueError(f"aggregate={aggregate!r} needs dataset_size, the number of training rows.")
    if aggregate == "mss":
        return _stratified_log_weights(n_rows, dataset_size, z)
    if aggregate == "mws":
        return _for_all_rows(z.new_full((1, 1), -math.log(dataset_size * n_rows)))
    if aggregate == "batch":
        return _for_all_rows(z.new_full((1, 1), -math.log(n_rows)))
    if aggregate == "full":
        loc, _, *weight = components
        shares = (weight[0] / weight[0].sum()).log().to(z) if weight else z.new_full((1, 1), -math.log(len(loc)))
        return _for_all_rows(shares)
    raise ValueError(f"aggregate={aggregate!r} is unknown: choose 'mss', 'mws', 'batch' or 'full'.")


def _for_all_rows(log_weights):
    return lambda rows: log_weights


def _stratified_log_weights(B, N, like):
    """Log weights of minibatch stratified sampling: rows of a circulant matrix, each of which sums to 1."""
    if not 2 <= B <= N:
        raise ValueError(
            f"aggregate='mss' needs a batch of 2 to dataset_size={N} rows, got {B}: change the batch or dataset_size."
        )
    M, place = B - 1, torch.arange(B, device=like.device)

    def of(rows):
        offset = (place - place[rows, None]) % B
        log_weights = like.new_full(offset.shape, -math.log(M))
        log_weights = log_weights.where(offset != 0, -math.log(N))
        return log_weights.where(offset != 1, math.log((N - M) / (N * M)))

    return of


def _aggregate_log_densities(z, loc, logvar, log_weights):
    """Return log q(z) and log prod_l q(z_l), each of shape (n_rows,)."""
    # axes (l, i, j), so that all sums over components j run over the last one
    A = normal_log_density(z.mT[:, :, None], loc.mT[:, None, :], logvar.mT[:, None, :])
    joint, marginals = log_weights + A.sum(0), log_weights + A
    likeliest = joint.argmax(-1, keepdim=True)
    return _logsumexp(joint, likeliest), _logsumexp(marginals, likeliest.expand(*marginals.shape[:-1], 1)).sum(0)


def _logsumexp(x, index):
    """Log of the sum of exponentials over the last axis, as x - log softmax(x) at an index where x is not small."""
    # torch.logsumexp gives the same in twice the time: on a CPU its exp is slow where it underflows, here mostly.
    return (x.gather(-1, index) - x.log_softmax(-1).gather(-1, index)).squeeze(-1)


def aggregate_covariance(loc: Tensor, logvar: Tensor | None = None) -> Tensor:
    r"""Covariance of the posterior means, or of the aggregated posterior.

    .. math:: Cov[\mu] = \tfrac1B \sum_i (\mu_i - \bar\mu)(\mu_i - \bar\mu)^T, \qquad
        Cov[z] = Cov[\mu] + \tfrac1B \sum_i diag(\sigma_i^2)

    Parameters
    ----------
    loc : Tensor of shape (n_rows, n_components)
        Means :math:`\mu_i`.
    logvar : Tensor of shape (n_rows, n_components), default=None
        Log variances; given, the result is the covariance of z.

    Returns
    -------
    covariance : Tensor of shape (n_components, n_components)
        Divided by the number of rows.

    References
    ----------
    Kumar, Sattigeri and Balakrishnan, "Variational Inference of Disentangled Latent Concepts from Unlabeled
    Observations", ICLR 2018, eq. 5, https://arxiv.org/abs/1711.00848

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import aggregate_covariance
    >>> aggregate_covariance(torch.tensor([[-1.0, 0.0], [1.0, 0.0]]), torch.zeros(2, 2))
    tensor([[2., 0.],
            [0., 1.]])
    """
    centred = loc - loc.mean(0)
    covariance = centred.mT @ centred / len(loc)
    return covariance if logvar is None else covariance + torch.diag_embed(logvar.exp().mean(0))


def dip_penalty(loc: Tensor, logvar: Tensor, lambda_od: float, lambda_d: float, kind: str = "ii") -> Tensor:
    r"""Distance of the codes' covariance from the identity (disentangled inferred prior).

    .. math:: \lambda_{od} \sum_{i \ne j} C_{ij}^2 + \lambda_d \sum_i (C_{ii} - 1)^2

    Parameters
    ----------
    loc, logvar : Tensor of shape (n_rows, n_components)
        Means and log variances of the posteriors.
    lambda_od : float
        Weight of the off-diagonal entries; raising it asks for less correlated codes.
    lambda_d : float
        Weight of the diagonal entries; raising it holds the variances at 1.
    kind : {"i", "ii"}, default="ii"
        C is the covariance of the means ("i") or that of z ("ii").

    Returns
    -------
    penalty : Tensor of shape ()
        Never negative; 0 where C is the identity. Both (i, j) and (j, i) count.

    Raises
    ------
    ValueError
        If `kind` is another word.

    References
    ----------
    Kumar, Sattigeri and Balakrishnan, "Variational Inference of Disentangled Latent Concepts from Unlabeled
    Observations", ICLR 2018, eqs. 6-7, https://arxiv.org/abs/1711.00848

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import dip_penalty
    >>> loc = torch.tensor([[-1.0, -1.0], [1.0, 1.0]])
    >>> dip_penalty(loc, torch.zeros(2, 2), lambda_od=10, lambda_d=1, kind="i")
    tensor(20.)
    """
    if kind not in ("i", "ii"):
        raise ValueError(f"kind={kind!r} is unknown: choose 'i' (covariance of the means) or 'ii' (covariance of z).")
    C = aggregate_covariance(loc, logvar if kind == "ii" else None)
    diagonal = C.diagonal()
    off_diagonal = C - torch.diag_embed(diagonal)
    return lambda_od * off_diagonal.square().sum() + lambda_d * (diagonal - 1).square().sum()


def standardize(z: Tensor, eps: float = 1e-12) -> Tensor:
    r"""Bring every component to mean 0 and variance 1 over the rows; total correlation does not see it.

    .. math:: \frac{z_{nl} - \bar z_l}{\sqrt{\frac1N \sum_m (z_{ml} - \bar z_l)^2 + \epsilon}}

    Parameters
    ----------
    z : Tensor of shape (n_rows, n_components)
        Codes. Gradients pass, through mean and variance too, so that none is left along a component's scale.
    eps : float, default=1e-12
        Keeps a component without spread finite, at 0.

    Returns
    -------
    standardized : Tensor of shape (n_rows, n_components)

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import standardize
    >>> standardize(torch.tensor([[1.0, 10.0], [2.0, 10.0], [3.0, 40.0]]))
    tensor([[-1.2247, -0.7071],
            [ 0.0000, -0.7071],
            [ 1.2247,  1.4142]])
    """
    centred = z - z.mean(0)
    return centred * (centred.square().mean(0) + eps).rsqrt()


def permute_dims(z: Tensor, noise: Tensor) -> Tensor:
    r"""Permute the rows of every component on its own, as if the components were independent.

    Parameters
    ----------
    z : Tensor of shape (n_rows, n_components)
        Codes, samples of q(z).
    noise : Tensor of shape (n_rows, n_components)
        Independent draws of any continuous distribution; the order of each column is its permutation.

    Returns
    -------
    permuted : Tensor of shape (n_rows, n_components)
        Each column holds the values of that column of `z`: approximate samples of :math:`\prod_j q(z_j)`.

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    Kim and Mnih, "Disentangling by Factorising", ICML 2018, algorithm 1, https://arxiv.org/abs/1802.05983

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import permute_dims
    >>> z = torch.tensor([[1.0, 10.0], [2.0, 20.0]])
    >>> permute_dims(z, noise=torch.tensor([[0.9, 0.1], [0.4, 0.5]]))
    tensor([[ 2., 10.],
            [ 1., 20.]])
    """
    if noise.shape != z.shape:
        raise ValueError(f"noise has shape {tuple(noise.shape)}, z has {tuple(z.shape)}: give one draw for each code.")
    return z.gather(0, noise.argsort(0))
