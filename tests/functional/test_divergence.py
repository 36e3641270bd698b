import math

import pytest
import torch
from golden_batch import LOC, LOGVAR, Z, assert_golden, double
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Independent, Normal, kl_divergence

from vaekit.functional import clamp_logvar, entropy_normal, free_bits, kl_normal, normal_log_density

POSTERIOR = Normal(LOC, torch.exp(LOGVAR / 2))
KL = kl_normal(LOC, LOGVAR)


def test_kl_of_the_golden_batch():
    assert_golden(KL.sum(-1), 2.0759117148, 0.5351526259, 0.3295093678, 2.2164454020)
    assert_golden(KL.mean(0), 0.4544743620, 0.4154394755, 0.4193409402)
    assert_golden(KL.sum(-1).mean(), 1.2892547776)


@pytest.mark.parametrize(("loc", "logvar", "kl"), [(0, -20, 9.5000000010), (3, 0, 4.5), (0, 2, 2.1945280495)])
def test_kl_of_single_normals(loc, logvar, kl):
    assert_golden(kl_normal(double(loc), double(logvar))[0], kl)


def test_closed_forms_agree_with_torch_distributions():
    torch.testing.assert_close(KL, kl_divergence(POSTERIOR, Normal(0.0, 1.0)))
    torch.testing.assert_close(normal_log_density(Z, LOC, LOGVAR), POSTERIOR.log_prob(Z))
    torch.testing.assert_close(entropy_normal(LOGVAR), Independent(POSTERIOR, 1).entropy())


def test_kl_keeps_its_digits_near_the_prior():
    logvar = torch.tensor(1e-3, dtype=torch.float32)
    assert kl_normal(torch.zeros(()), logvar).item() == pytest.approx(math.expm1(1e-3) / 2 - 5e-4, rel=1e-3)


def test_density_ratio_of_adversarial_variational_bayes():
    q, p = (double(1), double(0.25).log()), (double(0), double(0))
    assert_golden(normal_log_density(double(0.7), *q) - normal_log_density(double(0.7), *p), [0.7581471806])
    assert_golden(kl_normal(*q), [0.8181471806])


@given(st.floats(-1e6, 1e6, width=32))
def test_clamp_has_the_clamped_value_and_the_unclamped_gradient(raw):
    raw = torch.tensor(raw, requires_grad=True)
    logvar = clamp_logvar(raw)
    (gradient,) = torch.autograd.grad(3 * logvar, raw)
    assert logvar.item() == min(max(raw.item(), -20.0), 10.0)
    assert gradient.item() == 3.0


@pytest.mark.parametrize("raw", [math.inf, -math.inf, math.nan])
def test_clamp_does_not_hide_what_is_not_finite(raw):
    assert clamp_logvar(torch.tensor(raw)).isnan()


def test_free_bits_of_the_golden_batch():
    assert_golden(free_bits(KL, 0.5), 1.5)
    assert_golden(free_bits(KL, 0.9), 2.7)
    assert_golden(free_bits(KL, 2.0, per="row"), 2.0730892792)


@pytest.mark.parametrize("per", ["batch", "row"])
def test_no_free_bits_give_the_kl(per):
    torch.testing.assert_close(free_bits(KL, 0.0, per=per), KL.sum(-1).mean())


@pytest.mark.parametrize(("per", "value"), [("batch", 3 * 9.0), ("row", 9.0)])
def test_a_kl_below_the_floor_has_no_gradient(per, value):
    loc = LOC.clone().requires_grad_()
    kl = free_bits(kl_normal(loc, LOGVAR), 9.0, per=per)
    kl.backward()
    assert kl.item() == value
    assert not loc.grad.any()


@pytest.mark.parametrize("per", ["batch", "row"])
@pytest.mark.parametrize(("kl", "gradient"), [(0.5, 0.0), (2.0, 1.0), (3.0, 1.0)])
def test_a_kl_at_the_floor_has_all_of_its_gradient(per, kl, gradient):
    kl = torch.tensor([[kl]], requires_grad=True)
    free_bits(kl, 2.0, per=per).backward()
    assert kl.grad.item() == gradient


@pytest.mark.parametrize("per", ["batch", "row"])
def test_free_bits_do_not_hide_what_is_not_finite(per):
    assert free_bits(torch.tensor([[float("nan")]]), 0.5, per=per).isnan()


def test_free_bits_teaches_its_words():
    with pytest.raises(ValueError, match=r"choose 'batch'.*or 'row'"):
        free_bits(KL, 0.5, per="sample")
