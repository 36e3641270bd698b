import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vaekit.functional import monotone_spline, monotone_spline_inverse

BOUND = 3.0


def spline_parameters(n_components, n_bins, scale=1.0, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    shapes = (n_components, n_bins), (n_components, n_bins), (n_components, n_bins - 1)
    return [scale * torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]


def line(n_components, limit=2 * BOUND, n_points=201, dtype=torch.float64):
    return torch.linspace(-limit, limit, n_points, dtype=dtype)[:, None].repeat(1, n_components)


@pytest.mark.parametrize("function", [monotone_spline, monotone_spline_inverse])
@pytest.mark.parametrize("n_bins", [1, 2, 8])
def test_zero_parameters_give_the_identity(function, n_bins):
    value, log_derivative = function(line(2), *spline_parameters(2, n_bins, scale=0.0), BOUND)
    torch.testing.assert_close(value, line(2), rtol=0, atol=1e-14)
    torch.testing.assert_close(log_derivative, torch.zeros_like(value), rtol=0, atol=1e-14)


@settings(max_examples=60, deadline=None)
@given(
    n_bins=st.integers(1, 12),
    scale=st.floats(0, 5),
    seed=st.integers(0, 1000),
    z=st.lists(st.floats(-2 * BOUND, 2 * BOUND), min_size=2, max_size=2),
)
def test_the_inverse_undoes_the_spline(n_bins, scale, seed, z):
    z = torch.tensor(z, dtype=torch.float64)
    parameters = spline_parameters(2, n_bins, scale, seed)
    z0, log_derivative = monotone_spline(z, *parameters, BOUND)
    back, log_derivative_back = monotone_spline_inverse(z0, *parameters, BOUND)
    torch.testing.assert_close(back, z, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(log_derivative_back, -log_derivative, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("function", [monotone_spline, monotone_spline_inverse])
@pytest.mark.parametrize("scale", [0.3, 2.0])
def test_log_derivative_is_that_of_autograd(function, scale):
    z = line(3).requires_grad_()
    value, log_derivative = function(z, *spline_parameters(3, 6, scale), BOUND)
    (derivative,) = torch.autograd.grad(value.sum(), z)
    torch.testing.assert_close(log_derivative, derivative.log(), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("scale", [0.3, 2.0, 5.0])
def test_spline_increases_and_is_the_identity_outside(scale):
    z = line(3, n_points=4001)
    value, log_derivative = monotone_spline(z, *spline_parameters(3, 6, scale), BOUND)
    assert (value.diff(dim=0) > 0).all()
    outside = z.abs() > BOUND
    assert torch.equal(value[outside], z[outside])
    assert not log_derivative[outside].any()


@pytest.mark.parametrize("function", [monotone_spline, monotone_spline_inverse])
def test_value_and_slope_are_continuous_at_the_bound(function):
    just_inside = torch.tensor([[-BOUND], [BOUND]], dtype=torch.float64) * (1 - 1e-12)
    value, log_derivative = function(just_inside, *spline_parameters(1, 6), BOUND)
    torch.testing.assert_close(value, just_inside, rtol=0, atol=1e-9)
    torch.testing.assert_close(log_derivative, torch.zeros_like(value), rtol=0, atol=1e-9)


def test_spline_goes_through_its_knots_with_its_slopes():
    # shares of the interval [-3, 3] and slopes written down, parameters found from them
    widths, heights, slopes = (
        torch.tensor(v, dtype=torch.float64) for v in ([0.2, 0.5, 0.3], [0.6, 0.1, 0.3], [0.5, 4])
    )
    parameters = (
        ((widths - 1e-3) / (1 - 3e-3)).log()[None],
        ((heights - 1e-3) / (1 - 3e-3)).log()[None],
        (torch.expm1(slopes - 1e-3).log() - torch.expm1(torch.tensor(1 - 1e-3, dtype=torch.float64)).log())[None],
    )
    value, log_derivative = monotone_spline(6 * widths.cumsum(0)[:2, None] - 3, *parameters, BOUND)
    torch.testing.assert_close(value[:, 0], 6 * heights.cumsum(0)[:2] - 3)
    torch.testing.assert_close(log_derivative[:, 0].exp(), slopes)


def test_components_are_transformed_on_their_own():
    parameters = spline_parameters(3, 5)
    together, _ = monotone_spline(line(3), *parameters, BOUND)
    for j in range(3):
        alone, _ = monotone_spline(line(1), *[parameter[j : j + 1] for parameter in parameters], BOUND)
        torch.testing.assert_close(together[:, j : j + 1], alone)


def single_precision_line(*knots):
    """All of the line, the largest numbers there are, and the numbers next to the knots."""
    largest = torch.finfo(torch.float32).max
    far = torch.tensor([-largest, -1e6, 1e6, largest]).repeat(2, 1).T
    steps = torch.arange(-8, 9)[:, None, None] * torch.finfo(torch.float32).eps * BOUND
    return torch.cat([far, line(2, dtype=torch.float32, n_points=501), (torch.stack(knots, -2) + steps).flatten(0, 1)])


@pytest.mark.parametrize("function", [monotone_spline, monotone_spline_inverse])
@pytest.mark.parametrize("scale", [0.0, 1.0, 8.0, 60.0])
def test_gradients_are_finite_everywhere_in_single_precision(function, scale):
    for seed in (0, 47, 61, 104, 110):
        parameters = [p.requires_grad_() for p in spline_parameters(2, 8, scale, seed, torch.float32)]
        edges = parameters[0] if function is monotone_spline else parameters[1]
        inner_knots = 2 * BOUND * (1e-3 + 0.992 * edges.detach().softmax(-1)).cumsum(-1).T - BOUND
        z = single_precision_line(*inner_knots).requires_grad_()
        value, log_derivative = function(z, *parameters, BOUND)
        assert value.isfinite().all()
        assert log_derivative.isfinite().all()
        (value / 1e6 + log_derivative).sum().backward()
        assert all(leaf.grad.isfinite().all() for leaf in (z, *parameters))


def test_the_inverse_is_as_exact_as_single_precision_allows():
    for seed in range(20):
        parameters = spline_parameters(2, 8, 20.0, seed, torch.float32)  # slopes from .001 to some 100
        z0 = line(2, dtype=torch.float32, n_points=1001)
        back, _ = monotone_spline_inverse(z0, *parameters, BOUND)
        torch.testing.assert_close(monotone_spline(back, *parameters, BOUND)[0], z0, rtol=0, atol=5e-4)


@pytest.mark.parametrize("function", [monotone_spline, monotone_spline_inverse])
def test_gradients_are_those_of_finite_differences(function):
    parameters = [p.requires_grad_() for p in spline_parameters(2, 3)]
    z = torch.tensor([[-2.2, 0.3], [1.7, -7.0]], dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(lambda z, *parameters: function(z, *parameters, BOUND), (z, *parameters))


@pytest.mark.parametrize("scale", [0.0, 1.0])
@pytest.mark.parametrize("function", [monotone_spline, monotone_spline_inverse])
def test_gradients_at_bounds_and_knots_are_the_slopes(function, scale):
    parameters = spline_parameters(1, 4, scale)
    edges = parameters[0] if function is monotone_spline else parameters[1]
    shares = 1e-3 + 0.996 * edges.softmax(-1)[0]
    inner_knots = 2 * BOUND * shares[:-1].cumsum(0) - BOUND
    z = torch.cat([torch.tensor([-BOUND, BOUND]), inner_knots])[:, None].requires_grad_()
    value, log_derivative = function(z, *parameters, BOUND)
    (gradient,) = torch.autograd.grad(value.sum(), z)
    torch.testing.assert_close(gradient, log_derivative.exp(), rtol=1e-9, atol=0)


def test_leading_axes_are_kept():
    parameters = spline_parameters(3, 4)
    z = line(3, n_points=8).reshape(2, 4, 3)
    value, log_derivative = monotone_spline(z, *parameters, BOUND)
    assert value.shape == log_derivative.shape == z.shape
    torch.testing.assert_close(value[1, 2], monotone_spline(z[1, 2], *parameters, BOUND)[0])


def test_what_is_not_a_number_stays_visible():
    value, _ = monotone_spline(torch.full((1, 1), torch.nan), *spline_parameters(1, 4, dtype=torch.float32), BOUND)
    assert value.isnan().all()
