"""Affine coupling: an invertible map whose log-determinant is a sum."""

from collections.abc import Callable

import torch
from torch import Tensor

Conditioner = Callable[[Tensor], tuple[Tensor, Tensor]]


def coupling(z: Tensor, mask: Tensor, conditioner: Conditioner) -> tuple[Tensor, Tensor]:
    r"""One affine coupling block, from representation space towards generation space.

    .. math::
        u = b z, \qquad z_0 = b z + (1 - b) [z e^{s(u)} + t(u)], \qquad
        \log |\det \partial z_0 / \partial z| = \sum_l (1 - b_l)\, s_l(u)

    Parameters
    ----------
    z : Tensor of shape (..., n_components)
        Points.
    mask : Tensor of shape (n_components,)
        :math:`b`: 1 where a coordinate passes through, 0 where it is transformed.
    conditioner : callable
        :math:`u \mapsto (s, t)`, both of the shape of `z`. It sees the coordinates that pass through, zeros elsewhere;
        only its outputs at the transformed ones matter.

    Returns
    -------
    z0 : Tensor of shape (..., n_components)
        Transformed points.
    log_det : Tensor of shape (...)
        Log-determinant of the Jacobian per row.

    See Also
    --------
    coupling_inverse : The way back.

    References
    ----------
    Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP", ICLR 2017, eqs. 4-9,
    https://arxiv.org/abs/1605.08803. Bhalodia, Lee and Elhabian, "dpVAEs: Fixing Sample Generation for Regularized
    VAEs", ACCV 2020, eq. 4, https://arxiv.org/abs/1911.10506; the sum runs over the transformed coordinates, 1 - b.

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import coupling
    >>> double_the_rest = lambda u: (torch.full_like(u, 2.0).log(), torch.zeros_like(u))
    >>> coupling(torch.tensor([[1.0, 1.0]]), torch.tensor([1.0, 0.0]), double_the_rest)
    (tensor([[1., 2.]]), tensor([0.6931]))
    """
    s, t = _on_transformed_coordinates(z, mask, conditioner)
    return z * s.exp() + t, s.sum(-1)


def coupling_inverse(z0: Tensor, mask: Tensor, conditioner: Conditioner) -> tuple[Tensor, Tensor]:
    r"""Undo one affine coupling block.

    .. math::
        u = b z_0, \qquad z = b z_0 + (1 - b) [z_0 - t(u)]\, e^{-s(u)}, \qquad
        \log |\det \partial z / \partial z_0| = -\sum_l (1 - b_l)\, s_l(u)

    Parameters
    ----------
    z0 : Tensor of shape (..., n_components)
        Points in generation space.
    mask : Tensor of shape (n_components,)
        As in `coupling`.
    conditioner : callable
        As in `coupling`.

    Returns
    -------
    z : Tensor of shape (..., n_components)
        The points that `coupling` sends to `z0`.
    log_det : Tensor of shape (...)
        Log-determinant of this map per row, minus that of `coupling` at `z`.

    See Also
    --------
    coupling : The way there.

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import coupling_inverse
    >>> double_the_rest = lambda u: (torch.full_like(u, 2.0).log(), torch.zeros_like(u))
    >>> coupling_inverse(torch.tensor([[1.0, 2.0]]), torch.tensor([1.0, 0.0]), double_the_rest)
    (tensor([[1., 1.]]), tensor([-0.6931]))
    """
    s, t = _on_transformed_coordinates(z0, mask, conditioner)
    return (z0 - t) * (-s).exp(), -s.sum(-1)


def _on_transformed_coordinates(z, mask, conditioner):
    # With s = t = 0 where b = 1 the affine map is the identity there, and an overflow of exp(s) cannot leak in.
    passes = mask.to(torch.bool)
    return [torch.where(passes, 0.0, output) for output in conditioner(torch.where(passes, z, 0.0))]
