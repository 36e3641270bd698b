import numpy as np
import pytest
from gaussian_worlds import GaussianWorld, Sampler, WarpedWorld, collapsed_world, four_dimensional_world
from scipy.stats import norm

from vaekit.evaluation import AggregatePosterior, kl_decomposition, symmetric_kl
from vaekit.exceptions import NoDensityError

X = np.random.default_rng(1).normal(size=(60, 4))
ONE_ROW = np.zeros((1, 1))
NORMALS = collapsed_world(0.0, 1.0, shift=0.5, spread=np.sqrt(2))


def expectation(function, loc, scale):
    """E f(z) under N(loc, scale^2), exact for polynomials."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(30)
    return weights @ function(loc + scale * nodes[:, None]) / weights.sum()


def test_divergences_between_normals_are_the_known_values():
    q = AggregatePosterior.from_estimator(NORMALS, ONE_ROW)
    q_to_p = expectation(lambda z: q.log_density(z) - NORMALS.log_prior(z), 0, 1)
    p_to_q = expectation(lambda z: NORMALS.log_prior(z) - q.log_density(z), 0.5, np.sqrt(2))
    assert (q_to_p, p_to_q, q_to_p + p_to_q) == pytest.approx((0.1590735903, 0.2784264097, 0.4375), abs=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_estimates_lie_within_their_standard_errors(seed):
    divergence = symmetric_kl(NORMALS, ONE_ROW, 20000, random_state=seed)
    for estimate, exact in zip((divergence[:2], *divergence[2:]), (0.4375, 0.1590735903, 0.2784264097)):
        assert abs(estimate[0] - exact) < 3 * estimate[1]
        assert estimate[1] < 0.02


def test_equal_distributions_have_no_divergence():
    assert symmetric_kl(collapsed_world(0.3, 1.7, 0.3, 1.7), ONE_ROW, random_state=0)[:2] == pytest.approx(
        (0, 0), abs=1e-12
    )


@pytest.mark.parametrize(
    "transformed",
    [
        four_dimensional_world().set_params(
            **{name: 5 * value for name, value in four_dimensional_world().get_params().items() if name != "W"}
            | {"noise": 0.5},
        ),
        WarpedWorld(four_dimensional_world()),
    ],
    ids=["scaled", "warped"],
)
def test_an_invertible_map_of_the_latents_changes_nothing(transformed):
    """Same draws, mapped: both log ratios stay what they were, to the last digits."""
    there, here = (symmetric_kl(world, X, 300, random_state=0) for world in (four_dimensional_world(), transformed))
    assert there.q_to_p == pytest.approx(here.q_to_p, abs=1e-9)
    assert there.p_to_q == pytest.approx(here.p_to_q, abs=1e-9)


def test_the_aggregate_posterior_may_be_made_before():
    world = four_dimensional_world()
    q = AggregatePosterior.from_estimator(world, X)
    assert symmetric_kl(world, X, random_state=0, aggregate_posterior=q) == symmetric_kl(world, X, random_state=0)


def test_two_far_encodings_tell_one_bit_and_share_it():
    """q(z) is two far clusters on a diagonal: which one is log 2 nats, in each of the two components, once in both."""
    world = GaussianWorld(W=np.zeros((1, 2)), A=np.full((2, 1), 30.0), scale=1.0)
    rows = np.array([[-1.0], [1.0]] * 50)
    parts = kl_decomposition(world, rows, random_state=0)
    assert parts.mutual_information == pytest.approx((np.log(2), 0), abs=1e-10)
    assert parts.total_correlation == pytest.approx((np.log(2), 0), abs=1e-10)
    assert parts.kl.value == pytest.approx(sum(part.value for part in parts[:3]), abs=1e-9)


def test_a_collapsed_encoder_has_dimension_kl_alone():
    world = collapsed_world(1.0, 0.5)
    parts = kl_decomposition(world, np.zeros((4000, 1)), random_state=0)
    exact = -np.log(0.5) + (0.25 + 1 - 1) / 2
    assert parts.mutual_information == pytest.approx((0, 0), abs=1e-10)
    assert parts.total_correlation == pytest.approx((0, 0), abs=1e-10)
    assert abs(parts.dimension_kl.value - exact) < 3 * parts.dimension_kl.standard_error


def test_held_out_rows_find_the_correlation_of_the_codes():
    """Many encodings of correlated normal data: q(z) is nearly a normal whose total correlation is known."""
    rng = np.random.default_rng(0)
    data = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=6000)
    world = GaussianWorld(W=np.eye(2), A=np.eye(2), scale=0.3)
    parts = kl_decomposition(world, data[:2000], X_reference=data[2000:], random_state=0)
    exact = -0.5 * np.log(1 - (0.8 / 1.09) ** 2)
    assert parts.total_correlation.value == pytest.approx(exact, abs=3 * parts.total_correlation.standard_error + 0.02)
    exact_information = 0.5 * np.log(np.linalg.det([[1.09, 0.8], [0.8, 1.09]]) / 0.09**2)
    assert parts.mutual_information.value == pytest.approx(exact_information, abs=0.06)


def test_draws_of_one_row_are_no_independent_rows():
    world = four_dimensional_world()
    once, often = (kl_decomposition(world, X, n_samples=n, random_state=0).kl for n in (1, 50))
    between_rows = np.std([kl_of_row(world, row) for row in X], ddof=1) / np.sqrt(len(X))
    assert often.standard_error == pytest.approx(between_rows, rel=0.2)
    assert once.standard_error > often.standard_error


def kl_of_row(world, row):
    loc, scale = world.posterior(row[None])
    p, q = norm(world.shift, world.spread), norm(loc, scale)
    variance = p.var()
    return np.sum(np.log(p.std() / q.std()) + (q.var() + (loc - p.mean()) ** 2) / (2 * variance) - 0.5)


@pytest.mark.parametrize("function", [symmetric_kl, kl_decomposition])
def test_a_model_without_densities_is_told_so(function):
    with pytest.raises(NoDensityError, match=r"needs log_prior.*which Sampler has not"):
        function(Sampler(four_dimensional_world()), X)


def test_counts_are_checked():
    with pytest.raises(ValueError, match="'n_samples' parameter must be a positive integer"):
        symmetric_kl(NORMALS, ONE_ROW, 0)
