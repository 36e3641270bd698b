import functools

import numpy as np
import pytest
import torch
from gaussian_worlds import Denies, GaussianWorld, Sampler, WarpedWorld, collapsed_world, four_dimensional_world
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import norm

from vaekit.evaluation import (
    AggregatePosterior,
    _aggregate_posterior,
    _mixture_density,
    aggregate_posterior_log_density,
)
from vaekit.exceptions import NoDensityError

X = np.random.default_rng(1).normal(size=(40, 4))


def encodings(spread, n=300, n_components=4, seed=0):
    rng = np.random.default_rng(seed)
    loc = rng.normal(size=(n, n_components))
    scale = spread * np.exp(0.3 * rng.normal(size=loc.shape))
    rows = rng.integers(n, size=50)
    Z = loc[rows] + scale[rows] * rng.normal(size=(50, n_components))
    return Z, loc, scale


def by_definition(Z, loc, scale):
    return logsumexp(norm.logpdf(np.asarray(Z)[..., None, :], loc, scale).sum(axis=-1), axis=-1) - np.log(len(loc))


@pytest.mark.parametrize("spread", [0.001, 0.1, 1])
def test_density_is_the_mean_of_normals(spread):
    Z, loc, scale = encodings(spread)
    everywhere = np.concatenate([Z, np.random.default_rng(2).normal(size=Z.shape)])  # near and far from the encodings
    expected = by_definition(everywhere, loc, scale)
    np.testing.assert_allclose(
        aggregate_posterior_log_density(everywhere, loc, scale), expected, rtol=1e-13, atol=1e-10
    )


@pytest.mark.parametrize("spread", [0.001, 0.1, 1])
def test_rounding_to_single_precision_costs_what_is_said(spread):
    Z, loc, scale = encodings(spread)
    error = np.abs(aggregate_posterior_log_density(Z, loc, scale, dtype="float32") - by_definition(Z, loc, scale)).max()
    assert error < 1e-6 * (1 + np.abs(Z).max() / spread)
    assert error > 1e-8 * np.abs(Z).max() / spread  # the price is there: double precision is the default


@pytest.mark.parametrize("spread", [0.001, 0.1, 1])
def test_what_is_in_single_precision_already_stays_below_a_ten_thousandth(spread):
    inputs = [array.astype(np.float32) for array in encodings(spread)]
    expected = by_definition(*(array.astype(np.float64) for array in inputs))
    assert np.abs(aggregate_posterior_log_density(*inputs, dtype="float32") - expected).max() < 1e-4


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 30),
    n_components=st.integers(1, 5),
    spread=st.floats(1e-4, 1e2),
    shift=st.floats(-1e3, 1e3),
    blocks=st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_density_does_not_depend_on_blocks(n, n_components, spread, shift, blocks):
    Z, loc, scale = encodings(spread, n, n_components)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_mixture_density, "CPU_BLOCK", blocks)
        log_q = aggregate_posterior_log_density(Z + shift, loc + shift, scale)
    np.testing.assert_allclose(log_q, by_definition(Z + shift, loc + shift, scale), rtol=1e-11, atol=1e-10)


def test_density_integrates_to_one():
    q = AggregatePosterior.from_arrays([[-2.0], [0.5], [1.0]], [[0.3], [1.0], [0.1]])
    grid = np.linspace(-12, 12, 20001)[:, None]
    assert np.trapezoid(np.exp(q.log_density(grid)), grid[:, 0]) == pytest.approx(1, abs=1e-6)


def test_points_that_no_encoding_reaches_stay_finite():
    log_q = aggregate_posterior_log_density([[1e6], [-1e6]], [[0.0], [1.0]], [[1e-3], [1e-3]])
    np.testing.assert_allclose(log_q, by_definition([[1e6], [-1e6]], [[0.0], [1.0]], 1e-3), rtol=1e-12)
    assert np.isfinite(aggregate_posterior_log_density([[1e30]], [[0.0]], [[1e-9]], dtype="float32")).all()


def test_tensors_come_back_as_tensors_and_arrays_as_arrays():
    Z, loc, scale = encodings(0.5)
    as_array = aggregate_posterior_log_density(Z.reshape(5, 10, 4), loc, scale)
    as_tensor = aggregate_posterior_log_density(*(torch.from_numpy(array) for array in (Z, loc, scale)))
    assert isinstance(as_array, np.ndarray)
    assert as_array.shape == (5, 10)
    assert isinstance(as_tensor, torch.Tensor)
    assert as_tensor.dtype == torch.float64
    np.testing.assert_array_equal(as_array.ravel(), as_tensor.numpy())


@pytest.mark.parametrize("order", [np.s_[::-1], np.s_[:, ::-1], np.s_[::3]], ids=["rows", "columns", "steps"])
def test_views_are_read_in_their_own_order(order):
    Z, loc, scale = (array[order] for array in encodings(0.5, n=50))
    np.testing.assert_allclose(aggregate_posterior_log_density(Z, loc, scale), by_definition(Z, loc, scale), rtol=1e-12)
    q = AggregatePosterior.from_arrays(loc, scale)  # looks at the first encoding alone, whose flags say contiguous
    np.testing.assert_allclose(q.log_density(Z[:1]), by_definition(Z[:1], loc, scale), rtol=1e-12)


def test_the_traced_kernel_agrees(monkeypatch):
    """The graph that a compiler would be given; whether one is there is the benchmark's business."""
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))
    _mixture_density._compiled.cache_clear()
    Z, loc, scale = encodings(0.1)
    compiled = aggregate_posterior_log_density(Z, loc, scale, compile=True)
    _mixture_density._compiled.cache_clear()
    np.testing.assert_allclose(compiled, aggregate_posterior_log_density(Z, loc, scale), rtol=1e-13)


def test_a_missing_compiler_is_named(monkeypatch):
    def broken(function, **options):
        def call(*args):
            raise RuntimeError("no compiler")

        return call

    monkeypatch.setattr(torch, "compile", broken)
    _mixture_density._compiled.cache_clear()
    with pytest.raises(RuntimeError, match="compile=False"):
        aggregate_posterior_log_density(*encodings(1), compile=True)
    _mixture_density._compiled.cache_clear()


@pytest.mark.gpu
def test_a_gpu_agrees():
    Z, loc, scale = encodings(0.1, n=20000)
    on_gpu = aggregate_posterior_log_density(Z, loc, scale, device="cuda")
    np.testing.assert_allclose(on_gpu, aggregate_posterior_log_density(Z, loc, scale), rtol=1e-12)


Z, LOC, SCALE = encodings(1)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((Z, LOC, 0 * SCALE), {}, "scale must be positive"),
        ((Z, LOC, SCALE[:, :2]), {}, "loc and scale must both"),
        ((Z[:, :3], LOC, SCALE), {}, r"Z must be of shape \(..., 4\)"),
        ((Z * np.nan, LOC, SCALE), {}, "Z contains NaN"),
        ((Z, LOC, SCALE), {"dtype": "float16"}, "dtype must be"),
    ],
)
def test_errors_teach(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        aggregate_posterior_log_density(*arguments, **options)


def test_marginals_are_those_of_each_component():
    q = AggregatePosterior.from_arrays(LOC, SCALE)
    expected = [by_definition(Z[:, [j]], LOC[:, [j]], SCALE[:, [j]]) for j in range(4)]
    np.testing.assert_allclose(q.marginal_log_density(Z), np.transpose(expected), rtol=1e-12)


def test_draws_come_from_the_rows_they_name():
    q = AggregatePosterior.from_arrays(LOC, 1e-9 * SCALE)
    drawn, rows = q.sample(500, random_state=0, return_rows=True)
    np.testing.assert_allclose(drawn, LOC[rows], atol=1e-6)
    assert len(np.unique(rows)) > 200
    np.testing.assert_array_equal(drawn, q.sample(500, random_state=0))


@pytest.mark.parametrize("world", [four_dimensional_world(), four_dimensional_world(scale=0.05)])
def test_any_posterior_is_asked_pair_by_pair(world, monkeypatch):
    """Through `log_posterior` alone, and after an invertible map of the latents, which only adds its Jacobian."""
    monkeypatch.setattr(_aggregate_posterior, "PAIRS_AT_ONCE", 500)
    normal = AggregatePosterior.from_estimator(world, X)
    warped = AggregatePosterior.from_estimator(WarpedWorld(world), X)
    points = normal.sample(30, random_state=0)
    log_jacobian = np.log(np.cosh(points)).sum(axis=1)
    np.testing.assert_allclose(
        normal.log_density(points), warped.log_density(np.sinh(points)) + log_jacobian, atol=1e-9
    )
    np.testing.assert_allclose(np.sinh(normal.sample(9, 0)).mean(0), warped.sample(9, 0).mean(0), rtol=1e-9)
    with pytest.raises(NoDensityError, match="no diagonal normal"):
        warped.marginal_log_density(points)


def test_loc_and_scale_are_believed_only_where_log_posterior_agrees():
    class Sheared(GaussianWorld):
        def log_posterior(self, X, Z):
            return super().log_posterior(X, Z) - 1

    points = np.zeros((1, 2))
    plain, sheared = four_dimensional_world(), Sheared(**four_dimensional_world().get_params())
    log_q = [AggregatePosterior.from_estimator(world, X).log_density(points)[0] for world in (plain, sheared)]
    assert log_q[0] - log_q[1] == pytest.approx(1, abs=1e-9)


def test_a_deterministic_encoder_has_no_density():
    with pytest.raises(NoDensityError, match="deterministic"):
        AggregatePosterior.from_estimator(collapsed_world(0.0, 0.0), X[:, :1])
    with pytest.raises(NoDensityError, match="needs log_posterior and sample_posterior, which Sampler has not"):
        AggregatePosterior.from_estimator(Sampler(GaussianWorld()), X)


def test_a_prior_without_density_does_not_matter_here():
    world = Denies(**four_dimensional_world().get_params())
    assert AggregatePosterior.from_estimator(world, X).n_encodings == len(X)
