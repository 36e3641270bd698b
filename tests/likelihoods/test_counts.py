"""Probabilities of counts beside those of SciPy, and what a row's exposure does."""

import numpy as np
import pytest
import torch
from scipy import stats
from settings_of_words import setting

from vaekit.likelihoods import NegativeBinomial, Poisson
from vaekit.likelihoods._counts import log_factorial, log_gamma, log_gamma_ratio
from vaekit.utils._torch import make_generator

RNG = np.random.default_rng(0)
COUNTS = RNG.poisson([0.2, 3.0, 40.0, 1000.0], size=(50, 4))
DECODED = RNG.normal(size=(50, 4)) / 2


def built(word, rows=None):
    told = setting((4,), rows=None if rows is None else torch.tensor(rows, dtype=torch.float32))
    return word.validated().build(told).double().eval()


def log_prob(likelihood, decoded, x):
    with torch.no_grad():
        return likelihood.log_prob(torch.as_tensor(decoded), torch.as_tensor(x).to(decoded.dtype)).numpy()


def decoded_for(dtype=torch.float64):
    return torch.as_tensor(np.log(COUNTS.mean(axis=0)) + DECODED, dtype=dtype)


def test_poisson_is_that_of_scipy():
    decoded = decoded_for()
    expected = stats.poisson(decoded.exp().numpy()).logpmf(COUNTS).sum(axis=1)
    np.testing.assert_allclose(log_prob(built(Poisson()), decoded, COUNTS), expected, rtol=1e-12)


@pytest.mark.parametrize("dispersion", [1e-6, 0.01, 0.12, 0.13, 1.0, 50.0])
def test_negative_binomial_is_that_of_scipy(dispersion):
    decoded, shape = decoded_for(), 1 / dispersion
    expected = stats.nbinom(shape, shape / (shape + decoded.exp().numpy())).logpmf(COUNTS).sum(axis=1)
    found = log_prob(built(NegativeBinomial(dispersion=dispersion)), decoded, COUNTS)
    np.testing.assert_allclose(found, expected, rtol=2e-6)


def test_without_dispersion_it_is_the_poisson_in_single_precision_too():
    decoded = decoded_for(torch.float32)
    likelihood = NegativeBinomial(dispersion=1e-8).build(setting((4,)))
    np.testing.assert_allclose(
        log_prob(likelihood, decoded, COUNTS), log_prob(built(Poisson()).float(), decoded, COUNTS), rtol=1e-3, atol=0.1
    )


def test_the_gamma_function_of_elementary_operations_is_that_of_torch():
    z = torch.cat([torch.logspace(-8, 12, 300, dtype=torch.float64), torch.tensor([7.999999, 8.0, 1.0, 2.0]).double()])
    torch.testing.assert_close(log_gamma(z), torch.lgamma(z), rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(log_gamma(z.float()), torch.lgamma(z.float()), rtol=2e-6, atol=4e-6)
    assert log_factorial(torch.tensor([0.0, 1.0])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("shape", [1e-3, 0.5, 7.999, 8.0, 100.0, 1e7])
def test_the_ratio_of_gamma_functions_keeps_its_digits(shape):
    """Against the sum of log(1 + i / r)."""
    x = torch.tensor([0.0, 1.0, 2.0, 17.0, 300.0])
    expected = [np.log1p(np.arange(int(n)) / shape).sum() for n in x]
    found = log_gamma_ratio(x, torch.tensor(shape))
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("word", [Poisson(), NegativeBinomial(dispersion=0.3)])
def test_probabilities_sum_to_one_and_have_the_mean(word):
    likelihood, counts = word.build(setting((1,))).double(), torch.arange(4000, dtype=torch.float64)[:, None]
    for log_rate in (-2.0, 0.0, 3.0):
        decoded = torch.full((1, 1), log_rate, dtype=torch.float64)
        probability = likelihood.log_prob(decoded.expand(4000, 1), counts).exp()
        assert probability.sum().item() == pytest.approx(1, abs=1e-9)
        assert (probability @ counts).item() == pytest.approx(likelihood.mean(decoded).item(), rel=1e-7)


@pytest.mark.parametrize("word", [Poisson(), NegativeBinomial(dispersion=0.3)])
def test_draws_have_the_moments_of_the_counts(word):
    likelihood, n = word.build(setting((1,))), 40_000
    noise = torch.randn(n, 1, generator=make_generator(0))
    drawn = likelihood.sample(torch.full((n, 1), np.log(4.0), dtype=torch.float32), noise).numpy()
    variance = 4 + (0 if isinstance(word, Poisson) else 0.3 * 16)
    assert (drawn == np.rint(drawn)).all()
    assert drawn.min() >= 0
    assert drawn.mean() == pytest.approx(4, abs=4 * np.sqrt(variance / n))
    assert drawn.var() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize("word", [Poisson(), NegativeBinomial()])
def test_whatever_is_decoded_draws_and_means_are_finite(word):
    likelihood, decoded = word.build(setting((3,))), torch.tensor([[-1e15, 0.0, 1e15]])
    for counts in (likelihood.mean(decoded), likelihood.sample(decoded, torch.tensor([[9.0, 9.0, 9.0]]))):
        assert counts.isfinite().all()
        assert (counts >= 0).all()


@pytest.mark.parametrize("word", [Poisson, NegativeBinomial])
def test_with_an_exposure_rates_are_those_per_total(word):
    """Means are in proportion to a row's total; the typical one is that of the rows the model started from."""
    likelihood, plain = built(word(exposure="total"), COUNTS), built(word(), COUNTS)
    factor = np.maximum(COUNTS.sum(axis=1, keepdims=True), 1) / COUNTS.sum(axis=1).mean()
    decoded = torch.as_tensor(DECODED)
    np.testing.assert_allclose(
        log_prob(likelihood, decoded, COUNTS),
        log_prob(plain, decoded + torch.as_tensor(np.log(factor)), COUNTS),
        rtol=1e-6,
    )
    torch.testing.assert_close(likelihood.mean(decoded), plain.mean(decoded))
    assert np.isfinite(log_prob(likelihood, decoded[:1], np.zeros((1, 4)))).all()


@pytest.mark.parametrize("word", [Poisson(), NegativeBinomial()])
def test_an_untrained_decoder_starts_from_the_mean_counts(word):
    means = built(word, COUNTS).mean(torch.zeros(1, 4, dtype=torch.float64))
    np.testing.assert_allclose(means[0], COUNTS.mean(axis=0) + 0.5 / len(COUNTS), rtol=1e-5)


def test_the_encoder_sees_logarithms():
    likelihood, x = built(Poisson()), torch.tensor([[0.0, 1.0, 1e6, -0.5]], requires_grad=True)
    seen = likelihood.seen(x)
    torch.testing.assert_close(seen.detach()[0, :3], torch.log1p(x.detach()[0, :3]))
    seen.sum().backward()
    torch.testing.assert_close(x.grad, torch.tensor([[1.0, 0.5, 1 / (1 + 1e6), 1.0]]))  # a pseudo-input moves on


@pytest.mark.parametrize(
    ("word", "name"),
    [
        (Poisson(exposure="length"), "exposure"),
        (NegativeBinomial(dispersion=0.0), "dispersion"),
        (NegativeBinomial(dispersion="fixed"), "dispersion"),
        (NegativeBinomial(initial_dispersion=-1), "initial_dispersion"),
    ],
)
def test_errors_name_the_parameter(word, name):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of {type(word).__name__} must be"):
        word.validated()
