"""Elementwise monotone map made of rational-quadratic pieces."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

# No bin narrower than this share of the interval and no slope smaller than this: the inverse stays well conditioned.
MIN_BIN = 1e-3
MIN_SLOPE = 1e-3


def monotone_spline(z: Tensor, widths: Tensor, heights: Tensor, slopes: Tensor, bound: float) -> tuple[Tensor, Tensor]:
    r"""Send each component through its own increasing rational-quadratic spline.

    Between the knots :math:`(x_k, y_k)` and :math:`(x_{k+1}, y_{k+1})`, a bin of width :math:`w` and height
    :math:`h`, with slopes :math:`\delta_k, \delta_{k+1}` at its ends, :math:`s = h / w` and
    :math:`\xi = (x - x_k) / w`,

    .. math::
        g(x) = y_k + \frac{h [s \xi^2 + \delta_k \xi (1 - \xi)]}
                          {s + (\delta_{k+1} + \delta_k - 2 s) \xi (1 - \xi)}.

    Outside [-bound, bound] the map is the identity; value and slope are continuous everywhere.

    Parameters
    ----------
    z : Tensor of shape (..., n_components)
        Points.
    widths : Tensor of shape (n_components, n_bins)
        Unconstrained; their softmax gives the share of the interval that each bin takes on the side of `z`.
    heights : Tensor of shape (n_components, n_bins)
        The same on the side of the image.
    slopes : Tensor of shape (n_components, n_bins - 1)
        Unconstrained slopes at the inner knots; 0 is a slope of 1. All parameters 0 give the identity.
    bound : float
        Half the length of the interval that is transformed.

    Returns
    -------
    value : Tensor of shape (..., n_components)
        The image of each component.
    log_derivative : Tensor of shape (..., n_components)
        :math:`\log g'(z)`; its sum over the last axis is the log-determinant of a row.

    See Also
    --------
    monotone_spline_inverse : The way back.

    References
    ----------
    Durkan, Bekasov, Murray and Papamakarios, "Neural Spline Flows", NeurIPS 2019, eqs. 4-5,
    https://arxiv.org/abs/1906.04032

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import monotone_spline
    >>> z = torch.tensor([[-1.0, 7.0]])
    >>> value, log_derivative = monotone_spline(z, torch.zeros(2, 4), torch.zeros(2, 4), torch.zeros(2, 3), bound=5.0)
    >>> torch.allclose(value, z), torch.allclose(log_derivative, torch.zeros(1, 2), atol=1e-6)
    (True, True)
    """
    x = _inside_or_zero(z, bound)
    x_knots, y_knots, delta = _knots(widths, bound), _knots(heights, bound), _knot_slopes(slopes)
    x_k, w, y_k, h, delta_k, delta_next = _bin_of(x, x_knots, x_knots, y_knots, delta)
    s, xi = h / w, (x - x_k) / w
    denominator, log_slope = _denominator_and_log_slope(s, xi, delta_k, delta_next)
    value = y_k + h * (s * xi.square() + delta_k * xi * (1 - xi)) / denominator
    return _identity_outside(z, bound, value, log_slope)


def monotone_spline_inverse(
    z0: Tensor, widths: Tensor, heights: Tensor, slopes: Tensor, bound: float
) -> tuple[Tensor, Tensor]:
    r"""Undo `monotone_spline`.

    With :math:`\rho = (y - y_k) / h` and the letters of `monotone_spline`, a quadratic equation in :math:`\xi` gives

    .. math::
        \xi = \frac{2 s \rho}{b + \sqrt{(\delta_k (1 - \rho) - \delta_{k+1} \rho)^2 + 4 s^2 \rho (1 - \rho)}}, \qquad
        b = \delta_k - \rho (\delta_{k+1} + \delta_k - 2 s).

    Parameters
    ----------
    z0 : Tensor of shape (..., n_components)
        Points on the side of the image.
    widths, heights, slopes, bound
        As in `monotone_spline`.

    Returns
    -------
    value : Tensor of shape (..., n_components)
        The points that `monotone_spline` sends to `z0`.
    log_derivative : Tensor of shape (..., n_components)
        Log derivative of this map, minus that of `monotone_spline` at `value`.

    See Also
    --------
    monotone_spline : The way there.

    References
    ----------
    Durkan, Bekasov, Murray and Papamakarios, "Neural Spline Flows", NeurIPS 2019, eqs. 6-8
    divided by h, the discriminant rearranged into a sum of squares, https://arxiv.org/abs/1906.04032

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import monotone_spline, monotone_spline_inverse
    >>> parameters = torch.randn(1, 4), torch.randn(1, 4), torch.randn(1, 3), 5.0
    >>> z = torch.linspace(-6, 6, 20)[:, None]
    >>> value, _ = monotone_spline_inverse(monotone_spline(z, *parameters)[0], *parameters)
    >>> torch.allclose(value, z, atol=1e-3)
    True
    """
    y = _inside_or_zero(z0, bound)
    x_knots, y_knots, delta = _knots(widths, bound), _knots(heights, bound), _knot_slopes(slopes)
    x_k, w, y_k, h, delta_k, delta_next = _bin_of(y, y_knots, x_knots, y_knots, delta)
    s, rho = h / w, (y - y_k) / h
    b = delta_k - rho * (delta_next + delta_k - 2 * s)
    root = ((delta_k * (1 - rho) - delta_next * rho).square() + 4 * s.square() * rho * (1 - rho)).sqrt()
    # the same fraction twice, so that neither subtracts numbers that may be nearly equal; rounding may leave [0, 1]
    xi = torch.where(b > 0, 2 * s * rho, root - b) / torch.where(b > 0, b + root, 2 * (s - b))
    xi = xi + (xi.clamp(0.0, 1.0) - xi).detach()  # what rounding did has no part in the gradient
    _, log_slope = _denominator_and_log_slope(s, xi, delta_k, delta_next)
    return _identity_outside(z0, bound, x_k + w * xi, -log_slope)


def _knots(unconstrained, bound):
    """Knots of shape (n_components, n_bins + 1); the ends are exact, so no point lies outside its bin by rounding."""
    n_bins = unconstrained.shape[-1]
    shares = MIN_BIN + (1 - MIN_BIN * n_bins) * unconstrained.softmax(-1)
    inner = 2 * bound * shares[..., :-1].cumsum(-1) - bound
    return F.pad(F.pad(inner, (1, 0), value=-bound), (0, 1), value=bound)


def _knot_slopes(unconstrained):
    """Slopes of shape (n_components, n_bins + 1); 1 at both ends, where the identity takes over."""
    slope_one_at_zero = math.log(math.expm1(1 - MIN_SLOPE))
    return F.pad(MIN_SLOPE + F.softplus(unconstrained + slope_one_at_zero), (1, 1), value=1.0)


def _bin_of(points, edges, x_knots, y_knots, delta):
    """Numbers x_k, w, y_k, h, delta_k, delta_{k+1} of the bin in which each point lies between the edges."""
    per_knot = torch.stack([x_knots, y_knots, delta], -1)
    per_bin = torch.cat([per_knot[..., :-1, :], per_knot[..., 1:, :]], -1)
    n_components, n_bins, n_numbers = per_bin.shape
    bins = (points[..., None] >= edges[..., 1:-1]).sum(-1) + n_bins * torch.arange(n_components, device=points.device)
    found = F.embedding(bins, per_bin.reshape(n_components * n_bins, n_numbers))
    x_k, y_k, delta_k, x_next, y_next, delta_next = found.unbind(-1)
    return x_k, x_next - x_k, y_k, y_next - y_k, delta_k, delta_next


def _denominator_and_log_slope(s, xi, delta_k, delta_next):
    """Return the denominator of g and log g', eq. 5."""
    denominator = s + (delta_next + delta_k - 2 * s) * xi * (1 - xi)
    numerator = delta_next * xi.square() + 2 * s * xi * (1 - xi) + delta_k * (1 - xi).square()
    return denominator, 2 * (s / denominator).log() + numerator.log()


def _inside_or_zero(z, bound):
    """Outside too everything is computed with finite numbers, so that no gradient can be NaN.

    At the bounds the gradient is 1; that of `clamp` is 1 or 0, by the version of torch.
    """
    return torch.where(z.abs() <= bound, z, 0.0)


def _identity_outside(z, bound, value, log_derivative):
    is_inside = z.abs() <= bound
    return torch.where(is_inside, value, z), torch.where(is_inside, log_derivative, 0.0)
