import pytest
import torch
from golden_batch import LOC, LOGVAR, assert_golden, count, double, normal_quantiles
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vaekit.functional import kl_normal, maximum_mean_discrepancy

A = torch.sin(count(10)).reshape(5, 2)
B = torch.cos(count(12)).reshape(6, 2)
KERNELS = ["rbf", "rbf_multi", "infovae", "imq", "imq_multi"]
BANDWIDTHS = [None, 1.5, "median"]

some_points = st.integers(2, 6).flatmap(
    lambda n: arrays("float64", (n, 2), elements=st.floats(-50, 50)).map(torch.from_numpy)
)


@pytest.mark.parametrize(
    ("kernel", "bandwidth", "unbiased", "expected"),
    [
        ("rbf", 1.0, False, 0.1116190229),
        ("rbf", 1.0, True, -0.0976741285),
        ("infovae", None, False, 0.0571235891),
        ("imq", None, False, 0.0543445603),
        ("imq", 4.0, True, -0.0619380015),
        ("imq_multi", None, True, -0.2852331388),
    ],
)
def test_discrepancy_of_the_golden_sets(kernel, bandwidth, unbiased, expected):
    assert_golden(maximum_mean_discrepancy(A, B, kernel, bandwidth, unbiased), expected)


@pytest.mark.parametrize(
    ("alpha", "lam", "expected"), [(0, 1000, 112.7966586237), (0.5, 10, 1.7050081061), (0, 1, 1.2892547776)]
)
def test_regulariser_of_info_vae(alpha, lam, expected):
    kl = kl_normal(LOC, LOGVAR).sum(-1).mean()
    mmd2 = maximum_mean_discrepancy(A, B, bandwidth=1.0)
    assert_golden((1 - alpha) * kl + (alpha + lam - 1) * mmd2, expected)


def test_many_points_of_two_normals_reach_the_population_value():
    quantiles = normal_quantiles(1500)[:, None]
    mmd2 = maximum_mean_discrepancy(quantiles, quantiles + 1, bandwidth=1.0)
    assert mmd2.item() == pytest.approx(0.1772676349, abs=2e-4)


@pytest.mark.parametrize("bandwidth", BANDWIDTHS)
@pytest.mark.parametrize("kernel", KERNELS)
@settings(max_examples=20, deadline=None)
@given(a=some_points, b=some_points)
def test_discrepancy_is_symmetric_never_negative_and_zero_for_equal_sets(kernel, bandwidth, a, b):
    a_b = maximum_mean_discrepancy(a, b, kernel, bandwidth)
    torch.testing.assert_close(a_b, maximum_mean_discrepancy(b, a, kernel, bandwidth), rtol=1e-9, atol=1e-12)
    assert a_b > -1e-12
    assert abs(maximum_mean_discrepancy(a, a, kernel, bandwidth)) < 1e-12


@pytest.mark.parametrize("kernel", KERNELS)
def test_unbiased_estimate_has_the_right_mean(kernel):
    # all ordered pairs of distinct rows of A, as sets of two, against all rows of B
    pairs = [A[[i, j]] for i in range(5) for j in range(5) if i != j]
    mean = torch.stack([maximum_mean_discrepancy(pair, B, kernel, unbiased=True) for pair in pairs]).mean()
    torch.testing.assert_close(mean, maximum_mean_discrepancy(A, B, kernel, unbiased=True))


def test_several_bandwidths_are_the_sum_of_single_ones():
    singles = sum(maximum_mean_discrepancy(A, B, "rbf", s2) for s2 in (1.0, 5.0, 10.0, 20.0, 40.0))
    torch.testing.assert_close(maximum_mean_discrepancy(A, B, "rbf_multi"), singles)
    singles = sum(maximum_mean_discrepancy(A, B, "imq", 4 * c) for c in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0))
    torch.testing.assert_close(maximum_mean_discrepancy(A, B, "imq_multi"), singles)


def test_default_bandwidths_grow_with_the_number_of_components():
    torch.testing.assert_close(maximum_mean_discrepancy(A, B), maximum_mean_discrepancy(A, B, "rbf", 2.0))
    torch.testing.assert_close(maximum_mean_discrepancy(A, B, "imq"), maximum_mean_discrepancy(A, B, "imq", 4.0))


def test_median_is_that_of_all_pairs_and_has_no_gradient():
    a, b = double(0.0, 1.0)[:, None].requires_grad_(), double(3.0)[:, None]  # squared distances 1, 9, 4
    (with_median,) = torch.autograd.grad(maximum_mean_discrepancy(a, b, bandwidth="median"), a)
    (with_number,) = torch.autograd.grad(maximum_mean_discrepancy(a, b, bandwidth=4.0), a)
    torch.testing.assert_close(with_median, with_number)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("bandwidth", BANDWIDTHS)
def test_points_that_coincide_keep_the_gradient_finite(kernel, bandwidth):
    a = torch.zeros(3, 2, requires_grad=True)
    maximum_mean_discrepancy(a, torch.ones(3, 2), kernel, bandwidth).backward()
    assert a.grad.isfinite().all()


def test_gradient_is_that_of_finite_differences():
    torch.autograd.gradcheck(maximum_mean_discrepancy, (A.clone().requires_grad_(), B))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"kernel": "linear"}, "kernel='linear'.*'rbf'"),
        ({"bandwidth": "mean"}, "bandwidth='mean'.*'median'"),
        ({"bandwidth": 0.0}, "bandwidth=0.0.*positive"),
    ],
)
def test_wrong_words_are_explained(parameters, words):
    with pytest.raises(ValueError, match=words):
        maximum_mean_discrepancy(A, B, **parameters)


def test_an_unbiased_estimate_needs_two_rows():
    with pytest.raises(ValueError, match="two rows or more, got 1 and 6"):
        maximum_mean_discrepancy(A[:1], B, unbiased=True)
