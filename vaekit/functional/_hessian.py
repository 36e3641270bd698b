"""How far a decoder's latents act on what it gives one by one: its Hessian, known through second differences."""

from collections.abc import Callable

import torch
from torch import Tensor

from vaekit.functional._multi_information import deviations

SMALLEST_CURVATURE = 1e-10  # beside the squares of a decoder that is linear


def curvatures(decode: Callable[[Tensor], Tensor], z: Tensor, v: Tensor, step: float = 0.1) -> Tensor:
    """Second derivatives v'Hv of a decoder along directions, by central differences.

    v'Hv is (f(z + h v) - 2 f(z) + f(z - h v)) / h^2 for every number that f gives: exact where f is quadratic.

    Parameters
    ----------
    decode : callable
        Codes (..., n_rows, n_components) to tensors (..., n_rows, *decoded).
    z : Tensor of shape (n_rows, n_components)
        Codes.
    v : Tensor of shape (n_directions, n_rows, n_components)
        Directions.
    step : float, default=0.1
        h.

    Returns
    -------
    curvatures : Tensor of shape (n_directions, n_rows, n_outputs)
        With the decoded axes flattened into one.
    """
    moved = torch.cat([z[None], z + step * v, z - step * v])
    decoded = decode(moved)
    centre, ahead, behind = decoded.reshape(*moved.shape[:2], -1).split([1, len(v), len(v)])
    return (ahead - 2 * centre + behind) / step**2


def hessian_penalty(
    decode: Callable[[Tensor], Tensor], z: Tensor, signs: Tensor, directions: Tensor, step: float = 0.1
) -> Tensor:
    r"""Share of a decoder's second derivatives that mix latents.

    .. math::
        \frac{Var_{v \sim \pm 1}[v' S H S v]}{Var_{v \sim N(0, I)}[v' S H S v] + 10^{-10}}
        \approx \frac{\sum_{k \neq l} (s_k s_l H_{kl})^2}{\sum_{k, l} (s_k s_l H_{kl})^2},

    with H the Hessian of each number that the decoder gives, S the deviations of the codes over the rows; variances are
    over the directions of a row, and their means over rows and all that the decoder gives. 0 if no two latents act
    together (f is a sum of functions of one latent each); 1 for f = z_1 z_2. Measured in deviations, it does not change
    with the codes' scale.

    Parameters
    ----------
    decode : callable
        Codes (..., n_rows, n_components) to tensors (..., n_rows, *decoded).
    z : Tensor of shape (n_rows, n_components)
        Codes.
    signs, directions : Tensor of shape (n_directions, n_rows, n_components)
        Standard normal noise, at least two for each row: of the first only the sign is used.
    step : float, default=0.1
        Length of the central differences, in deviations of the codes.

    Returns
    -------
    penalty : Tensor of shape ()
        The ratio, without a unit; in [0, 1] as far as the mean variances are exact.

    Notes
    -----
    The authors' code takes a ratio for each row and averages those. With a few directions a row's ratio has tails so
    heavy that its mean says nothing: where the decoder is piecewise linear, one kink among the signs and none among the
    others make 10^10. The ratio of means has the same limit.

    References
    ----------
    K. Hsu et al., "Tripod: Three Complementary Inductive Biases for Disentangled Representation Learning", ICML 2024,
    https://arxiv.org/abs/2404.10282, section 4.3. W. Peebles et al., "The Hessian Penalty: A Weak Prior for
    Unsupervised Disentanglement", ECCV 2020, https://arxiv.org/abs/2008.10599, eq. 2.

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import hessian_penalty
    >>> generator = torch.Generator().manual_seed(0)
    >>> z, signs, directions = torch.randn(3, 2, 100, 2, dtype=torch.float64, generator=generator)
    >>> one_by_one, together = (lambda z: z.square()), (lambda z: z.prod(-1, keepdim=True))
    >>> [hessian_penalty(f, z[0], signs, directions).item() > 0.5 for f in (one_by_one, together)]
    [False, True]
    """
    v = torch.cat([signs.sign(), directions]) * deviations(z)
    mixed, all_of_them = curvatures(decode, z, v, step).split([len(signs), len(directions)])
    return _spread(mixed) / (_spread(all_of_them) + SMALLEST_CURVATURE)


def _spread(values):
    """Variance over directions, mean over rows and outputs."""
    return values.var(0, correction=0).mean()
