"""Kullback-Leibler divergence, entropy and density of diagonal normals, all in nats."""

import math

import torch
from torch import Tensor

LOG_2PI = math.log(2 * math.pi)


def normal_log_density(x: Tensor, loc: Tensor, logvar: Tensor) -> Tensor:
    r"""Log density of univariate normals, elementwise.

    .. math:: \log N(x; \mu, \sigma^2) = -\tfrac12 [(x - \mu)^2 / \sigma^2 + \log \sigma^2 + \log 2\pi]

    Parameters
    ----------
    x : Tensor
        Points, any shape.
    loc : Tensor
        Mean :math:`\mu`, broadcast with `x`.
    logvar : Tensor
        Log variance :math:`\log \sigma^2`, broadcast with `x`.

    Returns
    -------
    log_density : Tensor
        In nats, of the broadcast shape; the sum over the last axis is the log density of a diagonal normal.

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import normal_log_density
    >>> normal_log_density(torch.tensor(1.0), loc=torch.tensor(0.0), logvar=torch.tensor(0.0))
    tensor(-1.4189)
    """
    scaled = (x - loc) * torch.exp(-logvar / 2)
    return -0.5 * scaled.square() - 0.5 * (logvar + LOG_2PI)  # the second part may be smaller than the first


def kl_normal(loc: Tensor, logvar: Tensor) -> Tensor:
    r"""Kullback-Leibler divergence from the standard normal, one number per component.

    .. math:: KL[N(\mu, \sigma^2) \,\|\, N(0, 1)] = \tfrac12 (\mu^2 + \sigma^2 - \log \sigma^2 - 1)

    Parameters
    ----------
    loc : Tensor of shape (..., n_components)
        Mean :math:`\mu`.
    logvar : Tensor of shape (..., n_components)
        Log variance :math:`\log \sigma^2`.

    Returns
    -------
    kl : Tensor of shape (..., n_components)
        In nats, never negative. The sum over the last axis is the divergence of a row.

    References
    ----------
    Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, appendix B, https://arxiv.org/abs/1312.6114

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import kl_normal
    >>> kl_normal(torch.tensor([[0.0, 3.0]]), torch.tensor([[0.0, 0.0]])).sum(-1)
    tensor([4.5000])
    """
    # expm1 keeps the digits of a component that is nearly the prior.
    return 0.5 * (loc.square() + torch.expm1(logvar) - logvar)


def entropy_normal(logvar: Tensor) -> Tensor:
    r"""Entropy of diagonal normals, one number per row.

    .. math:: H = \tfrac12 \sum_j (\log \sigma_j^2 + \log 2\pi + 1)

    Parameters
    ----------
    logvar : Tensor of shape (..., n_components)
        Log variance :math:`\log \sigma_j^2`.

    Returns
    -------
    entropy : Tensor of shape (...)
        In nats, summed over the components.

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import entropy_normal
    >>> entropy_normal(torch.zeros(1, 2))
    tensor([2.8379])
    """
    return 0.5 * (logvar + (LOG_2PI + 1)).sum(-1)


def clamp_logvar(raw: Tensor, low: float = -20.0, high: float = 10.0) -> Tensor:
    """Keep log variances in a safe interval without cutting their gradient.

    The value is `raw` clamped to [low, high], exactly `raw` inside; the gradient is that of `raw` everywhere, so a
    variance that left the interval can come back.

    Parameters
    ----------
    raw : Tensor
        What an encoder gave, any shape.
    low, high : float, default=-20.0, 10.0
        Smallest and largest log variance.

    Returns
    -------
    logvar : Tensor
        Of the shape of `raw`. What is not finite in `raw` becomes NaN: it is not hidden.

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import clamp_logvar
    >>> raw = torch.tensor([-30.0, 0.5, 12.0], requires_grad=True)
    >>> logvar = clamp_logvar(raw)
    >>> logvar.sum().backward()
    >>> logvar.tolist(), raw.grad.tolist()
    ([-20.0, 0.5, 10.0], [1.0, 1.0, 1.0])
    """
    value = raw.detach()
    return value.clamp(low, high) + (raw - value)


def free_bits(kl_per_component: Tensor, floor: float, per: str = "batch") -> Tensor:
    r"""KL divergence with a part that costs nothing more once it is below a floor.

    .. math::
        \text{batch:}\; \sum_j \max(\tfrac1B \sum_i KL_{ij}, \lambda)
        \qquad \text{row:}\; \tfrac1B \sum_i \max(\sum_j KL_{ij}, \lambda)

    Parameters
    ----------
    kl_per_component : Tensor of shape (n_rows, n_components)
        Divergence of each row and component, in nats.
    floor : float
        The free nats :math:`\lambda >= 0`, of a component (`per="batch"`) or of a row's total (`per="row"`).
        Raising it lets the code carry more information for free.
    per : {"batch", "row"}, default="batch"
        Where the floor applies: to each component's batch mean, or to each row's sum over components.

    Returns
    -------
    kl : Tensor of shape ()
        In nats per row. A floor of 0 gives the KL; a part below the floor has no gradient, one at the floor has its
        own.

    Raises
    ------
    ValueError
        If `per` is another word.

    References
    ----------
    Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow", NeurIPS 2016, appendix on free
    bits, https://arxiv.org/abs/1606.04934

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import free_bits
    >>> free_bits(torch.tensor([[0.1, 2.0], [0.3, 4.0]]), floor=0.5)
    tensor(3.5000)
    """
    if per == "batch":
        return _at_least(kl_per_component.mean(0), floor).sum()
    if per == "row":
        return _at_least(kl_per_component.sum(-1), floor).mean()
    raise ValueError(f"per={per!r} is unknown: choose 'batch' (floor on each component's mean) or 'row' (on each row).")


def _at_least(kl, floor):
    """Return max(kl, floor), with gradient 1 at the floor; that of `clamp` is 1 or 0, by the version of torch."""
    return torch.where(kl < floor, floor, kl)
