"""What a step in time costs under a Laplace transition."""

import math

import torch
from torch import Tensor


def laplace_cross_entropy(loc: Tensor, logvar: Tensor, rate: float | Tensor) -> Tensor:
    r"""Cross-entropy of normal steps under a Laplace distribution around 0, one number per component.

    .. math::
        -E_{d \sim N(m, s^2)} \log \tfrac{\lambda}{2} e^{-\lambda |d|} = -\log \tfrac{\lambda}{2}
        + \lambda \left[ s \sqrt{2 / \pi}\, e^{-m^2 / 2 s^2} + m\, \mathrm{erf}(m / s \sqrt 2) \right]

    Parameters
    ----------
    loc : Tensor of shape (..., n_components)
        Mean step :math:`m`.
    logvar : Tensor of shape (..., n_components)
        Log variance :math:`\log s^2` of the step.
    rate : float or Tensor
        :math:`\lambda`, the inverse of the mean absolute step.

    Returns
    -------
    cross_entropy : Tensor of shape (..., n_components)
        In nats; less the entropy of the steps it is a divergence.

    References
    ----------
    Klindt et al., "Towards Nonlinear Disentanglement in Natural Data with Temporal Sparse Coding", ICLR 2021,
    appendix A, https://arxiv.org/abs/2007.10930

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import laplace_cross_entropy
    >>> laplace_cross_entropy(torch.tensor(0.0), torch.tensor(0.0), rate=1.0)
    tensor(1.4910)
    """
    scale = torch.exp(logvar / 2)
    standardized = loc / scale
    mean_size = scale * math.sqrt(2 / math.pi) * torch.exp(-standardized.square() / 2)
    mean_size = mean_size + loc * torch.erf(standardized / math.sqrt(2))
    return rate * mean_size - torch.log(rate * torch.ones_like(loc) / 2)
