import itertools
import math

import pytest
import torch
from golden_batch import (
    DATASET_SIZE,
    LOC,
    LOGVAR,
    NOISE,
    Z,
    assert_golden,
    count,
    double,
    gauss_hermite,
    golden_flow,
    log_prior,
    normal_quantiles,
)
from hypothesis import given
from hypothesis import strategies as st

from vaekit.functional import (
    aggregate_covariance,
    dip_penalty,
    normal_log_density,
    permute_dims,
    standardize,
    total_correlation_terms,
)

AGGREGATES = ["mss", "mws", "batch", "full"]
LOG_Q_Z_GIVEN_X = double(-3.0342206423, -3.7086616673, -3.5469669881, -3.3820738723)


def terms_of(aggregate, z=Z, loc=LOC, logvar=LOGVAR, dataset_size=DATASET_SIZE, **parameters):
    """Terms with what the aggregate needs; "full" gets the rows and a shifted copy of them as all encodings."""
    if aggregate == "full":
        parameters["components"] = torch.cat([loc, loc + 0.3]), torch.cat([logvar, logvar - 0.1])
    return total_correlation_terms(z, loc, logvar, dataset_size, aggregate, **parameters)


def mean_terms(*arguments, **parameters):
    return torch.stack(terms_of(*arguments, **parameters)).mean(-1)


GOLDEN = {
    "mws": (4.8722023965, 9.8136630144, -13.9471175497),
    "mss": (0.3951992488, 0.8654278460, -0.5218792337),
    "batch": (0.2670322105, 0.6033226424, -0.1316069918),
}


@pytest.mark.parametrize("aggregate", GOLDEN)
def test_terms_of_the_golden_batch(aggregate):
    assert_golden(mean_terms(aggregate), *GOLDEN[aggregate])


@pytest.mark.parametrize(
    ("aggregate", "gamma", "expected"),
    [
        ("mws", 15, -165.0799087919),
        ("mws", 1, 30.1797369042),
        ("mss", 15, -3.9712778726),
        ("mss", 1, 3.3350313990),
        ("batch", 15, 0.7062179037),
    ],
)
def test_regulariser_of_beta_tc_vae(aggregate, gamma, expected):
    assert_golden(mean_terms(aggregate) @ double(1, 4, gamma), expected)


def test_aggregated_posterior_of_the_golden_batch():
    log_q_z = LOG_Q_Z_GIVEN_X - terms_of("batch").mutual_information
    assert_golden(log_q_z, -3.6909877718, -3.7446622467, -3.7011312158, -3.6032707775)


def test_weighted_sampling_differs_from_the_form_without_weights_by_a_constant():
    assert_golden(mean_terms("mws")[1] - 2 * math.log(DATASET_SIZE * 4), -2.1692660798)


@pytest.mark.parametrize(
    ("aggregate", "third"), [("mws", -11.7155478944), ("mss", 1.7096904216), ("batch", 2.0999626636)]
)
def test_third_term_with_a_decoupled_prior(aggregate, third):
    terms = mean_terms(aggregate, log_prior=log_prior(golden_flow(3), Z))
    assert_golden(terms[2], third)
    assert_golden(terms.sum(), 2.9703175164)


@pytest.mark.parametrize(("weights", "expected"), [((1, 15, 4), 105.2149560344), ((1, 4, 15), -131.6063639620)])
def test_regulariser_with_a_decoupled_prior(weights, expected):
    assert_golden(mean_terms("mws", log_prior=log_prior(golden_flow(3), Z)) @ double(*weights), expected)


@pytest.mark.parametrize("with_prior", [False, True])
@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_terms_add_up_to_the_log_ratio_of_posterior_and_prior(aggregate, with_prior):
    log_prior_of_z = log_prior(golden_flow(3), Z) if with_prior else normal_log_density(Z, 0 * Z, 0 * Z).sum(-1)
    terms = terms_of(aggregate, log_prior=log_prior_of_z if with_prior else None)
    log_ratio = normal_log_density(Z, LOC, LOGVAR).sum(-1) - log_prior_of_z
    torch.testing.assert_close(sum(terms), log_ratio, rtol=0, atol=1e-12)


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_one_component_has_no_total_correlation(aggregate):
    terms = terms_of(aggregate, Z[:, :1], LOC[:, :1], LOGVAR[:, :1])
    torch.testing.assert_close(terms.total_correlation, torch.zeros_like(terms.total_correlation))


@pytest.mark.parametrize("aggregate", ["mss", "batch", "mws"])
def test_an_encoder_that_collapsed(aggregate):
    nothing = torch.zeros_like(LOC)
    # weighted sampling makes every density too small by the factor N
    log_N = math.log(DATASET_SIZE) if aggregate == "mws" else 0.0
    assert_golden(mean_terms(aggregate, NOISE, nothing, nothing), log_N, 2 * log_N, -3 * log_N)


def test_the_whole_mixture_is_the_batch_when_the_batch_is_all_there_is():
    full = total_correlation_terms(Z, LOC, LOGVAR, aggregate="full", components=(LOC, LOGVAR))
    torch.testing.assert_close(full, total_correlation_terms(Z, LOC, LOGVAR, aggregate="batch"))


def test_in_a_batch_no_row_says_more_than_which_row_it_is():
    far_apart = count(6)[:, None] * 100
    terms = total_correlation_terms(far_apart, far_apart, torch.zeros_like(far_apart), aggregate="batch")
    torch.testing.assert_close(terms.mutual_information, torch.full((6,), math.log(6), dtype=torch.float64))


def test_weighted_sampling_and_the_batch_as_mixture_have_the_same_gradients():
    def gradient(aggregate):
        loc, logvar = LOC.clone().requires_grad_(), LOGVAR.clone().requires_grad_()
        z = loc + torch.exp(logvar / 2) * NOISE
        (mean_terms(aggregate, z, loc, logvar) @ double(1, 4, 2)).backward()
        return loc.grad, logvar.grad

    torch.testing.assert_close(gradient("mws"), gradient("batch"))


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_gradients_are_those_of_finite_differences(aggregate):
    leaves = [leaf.clone().requires_grad_() for leaf in (Z, LOC, LOGVAR)]
    torch.autograd.gradcheck(lambda z, loc, logvar: tuple(terms_of(aggregate, z, loc, logvar)), leaves)


@given(n_rows=st.integers(2, 12), extra=st.integers(0, 1000))
def test_stratified_weights_sum_to_one(n_rows, extra):
    # encodings that all are the same normal: q(z) is that normal if and only if a row's weights sum to 1
    z = torch.linspace(-2, 2, n_rows, dtype=torch.float64)[:, None]
    terms = terms_of("mss", z, torch.zeros_like(z), torch.zeros_like(z), dataset_size=n_rows + extra)
    torch.testing.assert_close(terms.mutual_information, torch.zeros(n_rows, dtype=torch.float64))


def test_stratified_sampling_is_unbiased_for_every_row():
    # all ordered batches of 3 of 5 rows: each row meets each pair of others at each position equally often
    loc, logvar = torch.sin(count(10)).reshape(5, 2) * 2, torch.cos(count(10)).reshape(5, 2)
    z = loc + torch.exp(logvar / 2) * torch.sin(3 * count(10)).reshape(5, 2)
    log_q_z_given_x = normal_log_density(z, loc, logvar).sum(-1)
    exact = total_correlation_terms(z, loc, logvar, aggregate="full", components=(loc, logvar))

    estimates = torch.zeros(5, 3, dtype=torch.float64)
    for batch in map(list, itertools.permutations(range(5), 3)):
        terms = total_correlation_terms(z[batch], loc[batch], logvar[batch], dataset_size=5, aggregate="mss")
        q_z = torch.exp(log_q_z_given_x[batch] - terms.mutual_information)
        estimates[batch, [0, 1, 2]] += q_z / 12
    torch.testing.assert_close(estimates, torch.exp(log_q_z_given_x - exact.mutual_information)[:, None].expand(5, 3))


def test_correlated_codes_have_the_total_correlation_of_their_normal():
    # means on the diagonal with variance 1.8, posteriors of variance .1: q(z) is normal with correlation .9
    diagonal = torch.full((2,), math.sqrt(0.5), dtype=torch.float64)
    all_loc = math.sqrt(1.8) * normal_quantiles(1000)[:, None] * diagonal
    components = all_loc, torch.full_like(all_loc, math.log(0.1))

    nodes, weights = gauss_hermite(16)
    root = torch.linalg.cholesky(double([1, 0.9], [0.9, 1]))
    z = torch.cartesian_prod(nodes, nodes) @ root.T
    terms = total_correlation_terms(z, z, torch.zeros_like(z), aggregate="full", components=components)
    probabilities = torch.cartesian_prod(weights, weights).prod(-1)
    assert (probabilities @ terms.total_correlation).item() == pytest.approx(0.8303656034, abs=5e-3)
    assert (probabilities @ terms.dimension_kl).item() == pytest.approx(0, abs=5e-3)


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_far_and_narrow_posteriors_keep_their_digits_in_single_precision(aggregate):
    loc = (torch.arange(12.0).reshape(4, 3) * 50).requires_grad_()
    logvar = torch.full((4, 3), -20.0, requires_grad=True)
    terms = terms_of(aggregate, loc, loc, logvar)
    exact = terms_of(aggregate, loc.double(), loc.double(), logvar.double())
    torch.testing.assert_close([term.double() for term in terms], list(exact), rtol=1e-5, atol=1e-4)
    sum(term.sum() for term in terms).backward()
    assert loc.grad.isfinite().all()
    assert logvar.grad.isfinite().all()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"aggregate": "exact"}, "aggregate='exact'.*'mss', 'mws', 'batch' or 'full'"),
        ({"aggregate": "mss"}, "'mss' needs dataset_size"),
        ({"aggregate": "mws"}, "'mws' needs dataset_size"),
        ({"aggregate": "mss", "dataset_size": 3}, "2 to dataset_size=3 rows, got 4: change"),
        ({"aggregate": "full"}, "components=.*belong together"),
        ({"aggregate": "batch", "components": (LOC, LOGVAR)}, "components=.*belong together"),
    ],
)
def test_missing_things_are_explained(parameters, words):
    with pytest.raises(ValueError, match=words):
        total_correlation_terms(Z, LOC, LOGVAR, **parameters)


def test_stratified_sampling_needs_two_rows():
    with pytest.raises(ValueError, match="got 1: change the batch"):
        total_correlation_terms(Z[:1], LOC[:1], LOGVAR[:1], dataset_size=10)


@pytest.mark.parametrize(
    ("loc", "lambda_od", "lambda_d", "kind", "expected"),
    [
        (LOC, 10, 100, "i", 56.1035156250),
        (LOC, 10, 10, "ii", 46.1311728219),
        (NOISE, 10, 5, "i", 17.3093910891),
        (NOISE, 10, 5, "ii", 19.1229551331),
    ],
)
def test_dip_penalty_of_the_golden_batch(loc, lambda_od, lambda_d, kind, expected):
    assert_golden(dip_penalty(loc, LOGVAR, lambda_od, lambda_d, kind), expected)


def test_covariance_is_that_of_numpy():
    torch.testing.assert_close(aggregate_covariance(LOC), torch.cov(LOC.T, correction=0))


def test_covariance_of_z_adds_the_mean_variances():
    added = aggregate_covariance(LOC, LOGVAR) - aggregate_covariance(LOC)
    torch.testing.assert_close(added, torch.diag(LOGVAR.exp().mean(0)))


def test_covariance_of_z_is_that_of_many_samples():
    samples = LOC + torch.exp(LOGVAR / 2) * normal_quantiles(4000)[:, None, None]
    per_component = samples.reshape(-1, 3).var(0, correction=0)
    torch.testing.assert_close(aggregate_covariance(LOC, LOGVAR).diagonal(), per_component, rtol=1e-3, atol=0)


@pytest.mark.parametrize("kind", ["i", "ii"])
def test_dip_penalty_ignores_where_the_codes_are(kind):
    torch.testing.assert_close(dip_penalty(LOC + 7, LOGVAR, 3, 2, kind), dip_penalty(LOC, LOGVAR, 3, 2, kind))


def test_dip_penalty_of_both_kinds_punishes_the_same_correlations():
    torch.testing.assert_close(dip_penalty(NOISE, LOGVAR, 3, 0, "i"), dip_penalty(NOISE, LOGVAR, 3, 0, "ii"))
    assert dip_penalty(NOISE, LOGVAR, 3, 0) > 0


def test_codes_with_identity_covariance_cost_nothing():
    corners = torch.cartesian_prod(*[double(-1, 1)] * 3)
    assert dip_penalty(corners, torch.zeros_like(corners), 10, 10, "i") == 0
    assert dip_penalty(corners * math.sqrt(0.5), torch.full_like(corners, math.log(0.5)), 10, 10, "ii") < 1e-20


def test_dip_penalty_teaches_its_kinds():
    with pytest.raises(ValueError, match=r"kind='iii'.*'i'.*'ii'"):
        dip_penalty(LOC, LOGVAR, 1, 1, "iii")


def test_codes_that_collapsed_to_the_prior_have_identity_covariance_but_their_means_have_none():
    nothing = torch.zeros_like(LOC)
    assert dip_penalty(nothing, nothing, 1, 1, "ii") == 0
    assert dip_penalty(nothing, nothing, 1, 1, "i") == 3


@given(seed=st.integers(0, 10**6), n_rows=st.integers(1, 9), n_components=st.integers(1, 5))
def test_permuted_columns_keep_their_values(seed, n_rows, n_components):
    noise = torch.rand(n_rows, n_components, generator=torch.Generator().manual_seed(seed))
    z = count(n_rows * n_components).reshape(n_rows, n_components)
    permuted = permute_dims(z, noise)
    assert torch.equal(permuted.sort(0).values, z)


def test_columns_are_permuted_each_in_its_own_way_and_all_ways_equally_often():
    noise = torch.rand(6000, 3, 2, generator=torch.Generator().manual_seed(0))
    z = count(3)[:, None].repeat(1, 2)
    permuted = torch.vmap(permute_dims, in_dims=(None, 0))(z, noise)
    words = (permuted * double(100, 10, 1)[:, None]).sum(1)  # 12 stands for the order 0, 1, 2
    pairs, counts = torch.unique(words, dim=0, return_counts=True)
    assert len(pairs) == 36
    assert ((counts - 6000 / 36).abs() < 5 * math.sqrt(6000 / 36)).all()


def test_permutation_needs_one_draw_for_each_code():
    with pytest.raises(ValueError, match=r"noise has shape \(3, 3\), z has \(4, 3\)"):
        permute_dims(Z, torch.rand(3, 3))


def test_standardized_codes_have_mean_zero_and_variance_one_whatever_their_place_and_scale():
    codes = standardize(Z)
    torch.testing.assert_close(codes.mean(0), torch.zeros(3).double(), rtol=0, atol=1e-12)
    torch.testing.assert_close(codes.var(0, correction=0), torch.ones(3).double(), rtol=1e-10, atol=0)
    torch.testing.assert_close(standardize(Z * double(0.01, 1, 50) + double(3, -7, 0)), codes, rtol=1e-6, atol=1e-8)


def test_a_component_without_spread_stays_finite_with_its_gradient():
    z = torch.ones(4, 3, requires_grad=True)
    standardize(z).square().sum().backward()
    assert z.grad.isfinite().all()


def test_encodings_with_weights_are_copies_of_them():
    weight = torch.tensor([2, 0, 1, 3][: len(LOC)])
    copies = torch.arange(len(LOC)).repeat_interleave(weight)
    weighted = total_correlation_terms(Z, LOC, LOGVAR, aggregate="full", components=(LOC, LOGVAR, weight.double()))
    repeated = total_correlation_terms(Z, LOC, LOGVAR, aggregate="full", components=(LOC[copies], LOGVAR[copies]))
    torch.testing.assert_close(weighted, repeated)
