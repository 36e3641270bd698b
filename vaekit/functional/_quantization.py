"""Codes on a grid of a few values."""

import torch
from torch import Tensor


def quantize(z: Tensor, n_values: int) -> Tensor:
    r"""Bring every number to one of V values from -1 to 1, with the derivative of what was rounded.

    .. math::
        z_q = \frac{2 \, \mathrm{round}((\tanh z + 1) / 2 \cdot (V - 1))}{V - 1} - 1,
        \qquad \frac{d z_q}{d z} := 1 - \tanh^2 z

    Parameters
    ----------
    z : Tensor
        Any numbers.
    n_values : int
        V, at least 2.

    Returns
    -------
    quantized : Tensor
        Of the same shape; exactly the values of the grid.

    References
    ----------
    F. Mentzer et al., "Finite Scalar Quantization: VQ-VAE Made Simple", ICLR 2024, https://arxiv.org/abs/2309.15505,
    section 3.1.

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import quantize
    >>> quantize(torch.tensor([-2.0, -0.3, 0.2, 5.0]), 5)
    tensor([-1.0000, -0.5000,  0.0000,  1.0000])
    """
    c = torch.tanh(z)
    on_grid = grid_values(torch.round((c + 1) / 2 * (n_values - 1)), n_values)
    return on_grid.detach() + (c - c.detach())  # the second is 0, so that values are those of the grid


def grid_values(numbers: Tensor, n_values: int) -> Tensor:
    """Values from -1 to 1 that have these numbers, 0 to n_values - 1: 2 number / (n_values - 1) - 1."""
    top = n_values - 1
    return (2 * numbers - top) / top


def grid_numbers(values: Tensor, n_values: int) -> Tensor:
    """Numbers of values, as integers; of numbers between values, those of the nearest."""
    return torch.round((values + 1) / 2 * (n_values - 1)).long()
