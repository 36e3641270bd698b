"""Codes on a grid of a few values."""

import torch
from torch import Tensor
from torch.autograd import Function


def quantize(z: Tensor, n_values: int) -> Tensor:
    r"""Bring every number to one of V values from -1 to 1, with a derivative that leads out of the corners.

    .. math::
        z_q = \frac{2 \, \mathrm{round}((\tanh z + 1) / 2 \cdot (V - 1))}{V - 1} - 1,
        \qquad \frac{d L}{d z} := \frac{d L}{d z_q} \cdot
        \begin{cases}
            1 & \text{where descent takes } z \text{ towards } 0 \\ 1 - \tanh^2 z & \text{elsewhere}
        \end{cases}

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

    Notes
    -----
    The derivative of tanh alone, as published, wants networks that normalise what they give: in the first steps of
    others a decoder learns the mean row with whatever is at hand, codes too, and drives all of them into one corner of
    the grid. There no code differs from another, so that the decoder has nothing to learn from, and tanh has no
    derivative to bring them back.

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
    c = Bounded.apply(z)
    on_grid = grid_values(torch.round((c + 1) / 2 * (n_values - 1)), n_values)
    return on_grid.detach() + (c - c.detach())  # the second is 0, so that values are those of the grid


class Bounded(Function):
    """tanh, whose derivative is 1 where a step of descent, against the gradient, goes towards 0."""

    generate_vmap_rule = True

    @staticmethod
    def forward(z):
        """Bring z between -1 and 1."""
        return torch.tanh(z)

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keep both."""
        ctx.save_for_backward(*inputs, output)

    @staticmethod
    def backward(ctx, gradient):
        """Pass the gradient on, outwards by the derivative of tanh."""
        z, c = ctx.saved_tensors
        return gradient * torch.where(gradient * z > 0, 1.0, 1 - c.square())


def grid_values(numbers: Tensor, n_values: int) -> Tensor:
    """Values from -1 to 1 that have these numbers, 0 to n_values - 1: 2 number / (n_values - 1) - 1."""
    top = n_values - 1
    return (2 * numbers - top) / top


def grid_numbers(values: Tensor, n_values: int) -> Tensor:
    """Numbers of values, as integers; of numbers between values, those of the nearest."""
    return torch.round((values + 1) / 2 * (n_values - 1)).long()
