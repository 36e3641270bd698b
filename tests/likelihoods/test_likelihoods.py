"""Laws of every likelihood, over one table of constructors."""

import math

import pytest
import torch
from golden_batch import assert_golden, count, double
from hypothesis import given, settings
from hypothesis import strategies as st
from settings_of_words import setting
from torch import distributions

from vaekit.likelihoods import Bernoulli, Laplace, Normal, SquaredError
from vaekit.utils._torch import make_generator

EVENT_SHAPES = [(1,), (5,), (2, 4, 3)]
DEVIATION = 1.5  # of the data as the network sees them
TINY = 1e-9  # a deviation whose floor is out of sight

# what a likelihood is called: the word, and the distribution that torch has for it, given what was decoded and a scale
LIKELIHOODS = {
    "normal, fixed scale": (Normal(scale=0.7), distributions.Normal),
    "normal, learned scale": (Normal(scale="learned"), distributions.Normal),
    "normal, learned per feature": (Normal(scale="learned_per_feature"), distributions.Normal),
    "normal, closed form": (Normal(), distributions.Normal),
    "normal, closed form per feature": (Normal(scale="per_feature"), distributions.Normal),
    "laplace, fixed scale": (Laplace(scale=0.7), distributions.Laplace),
    "laplace, learned scale": (Laplace(scale="learned"), distributions.Laplace),
    "laplace, learned per feature": (Laplace(scale="learned_per_feature"), distributions.Laplace),
    "laplace, closed form": (Laplace(), distributions.Laplace),
    "laplace, closed form per feature": (Laplace(scale="per_feature"), distributions.Laplace),
    "squared error": (SquaredError(), distributions.Normal),
    "bernoulli": (Bernoulli(), lambda logits, scale: distributions.Bernoulli(logits=logits, validate_args=False)),
}
over_likelihoods = pytest.mark.parametrize("name", LIKELIHOODS)
over_scales = pytest.mark.parametrize("word", [Normal, Laplace])


def build(name, event_shape, unit=1.0, seed=0):
    """Return a likelihood in double precision as it is after training, its numbers no longer where they started."""
    likelihood = (
        LIKELIHOODS[name][0].validated().build(setting(event_shape, unit=unit, deviation=DEVIATION)).double().eval()
    )
    with torch.no_grad():
        for tensor in likelihood.state_dict().values():
            tensor.add_(rows(*tensor.shape, seed=seed).abs() / 4)
    return likelihood


def rows(*shape, seed=1):
    return torch.randn(shape, generator=make_generator(seed), dtype=torch.float64)


def scale_of(likelihood):
    return likelihood.log_scale.detach().exp() if hasattr(likelihood, "log_scale") else None


def observed(name, *shape):
    """Return rows in the support."""
    return rows(*shape, seed=2) if name != "bernoulli" else (rows(*shape, seed=2) > 0).double()


# ---------------------------------------------------------------------- densities


@over_likelihoods
@pytest.mark.parametrize("event_shape", EVENT_SHAPES)
def test_densities_are_those_of_torch(name, event_shape):
    likelihood, torch_distribution = build(name, event_shape), LIKELIHOODS[name][1]
    decoded, x = rows(4, *event_shape), observed(name, 4, *event_shape)
    expected = torch_distribution(decoded, scale_of(likelihood)).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(likelihood.log_prob(decoded, x), expected)


@over_likelihoods
def test_densities_integrate_to_one_and_have_the_mean(name):
    likelihood, decoded = build(name, (1,)), rows(3, 1)
    if name == "bernoulli":
        x, weights = double(0, 1), double(1, 1)
    else:
        x = torch.linspace(-60, 60, 600_001, dtype=torch.float64)
        weights = torch.full_like(x, 120 / 600_000)
    for m in decoded:
        density = likelihood.log_prob(m.expand(len(x), 1), x[:, None]).exp()
        assert (density @ weights).item() == pytest.approx(1, abs=1e-7)
        assert ((density * x) @ weights).item() == pytest.approx(likelihood.mean(m).item(), abs=1e-7)


def test_bernoulli_sums_to_one_over_all_images():
    likelihood, decoded = Bernoulli().build(setting((1, 2, 2))), rows(1, 1, 2, 2)
    images = torch.cartesian_prod(*[double(0, 1)] * 4).reshape(16, 1, 2, 2)
    assert likelihood.log_prob(decoded, images).exp().sum().item() == pytest.approx(1, abs=1e-12)


@over_likelihoods
@pytest.mark.parametrize("event_shape", EVENT_SHAPES)
def test_leading_sample_axes_are_kept(name, event_shape):
    likelihood = build(name, event_shape)
    decoded, x = rows(3, 2, 4, *event_shape), observed(name, 4, *event_shape)
    together = likelihood.log_prob(decoded, x)
    assert together.shape == (3, 2, 4)
    torch.testing.assert_close(together[1, 0], likelihood.log_prob(decoded[1, 0], x))
    assert likelihood.mean(decoded).shape == decoded.shape


@over_likelihoods
def test_gradients_reach_what_is_learned_and_what_was_decoded(name):
    likelihood, decoded = build(name, (5,)).train(), rows(4, 5).requires_grad_()
    likelihood.log_prob(decoded, observed(name, 4, 5)).sum().backward()
    assert all(tensor.grad.isfinite().all() and tensor.grad.all() for tensor in [decoded, *likelihood.parameters()])


# ---------------------------------------------------------------------- goldens

X = (count(20).reshape(4, 5) % 7) / 6
LOGITS = 2 * torch.cos(count(20)).reshape(4, 5)


def normal_of_scale(scale):
    likelihood = Normal(scale=1.0).build(setting((5,))).double()
    likelihood.log_scale.fill_(math.log(scale))
    return likelihood


def test_golden_bernoulli():
    reconstruction = -Bernoulli().build(setting((5,))).log_prob(LOGITS, X)
    assert_golden(reconstruction, 6.1885820119, 3.7522703441, 3.1430084099, 3.0935710156)
    assert_golden(reconstruction.mean(), 4.0443579454)


def test_golden_normal():
    reconstruction = -normal_of_scale(0.5).log_prob(torch.sigmoid(LOGITS), X)
    assert_golden(reconstruction, 4.0535794891, 2.7902298495, 2.1024521376, 1.2834567469)
    assert_golden(reconstruction.mean(), 2.5574295558)
    best = (X - torch.sigmoid(LOGITS)).square().mean()
    assert_golden(best, 0.1428472793)
    assert -normal_of_scale(best.sqrt()).log_prob(torch.sigmoid(LOGITS), X).mean() < reconstruction.mean()


# ---------------------------------------------------------------------- scales


@over_scales
@pytest.mark.parametrize("unit", [0.02, 300.0, double(0.5, 3.0, 40.0)])
def test_a_fixed_scale_is_in_the_units_of_the_data(word, unit):
    """The network sees X / unit; densities of X are those of the network less log unit for every feature."""
    likelihood = word(scale=0.7).build(setting((3,), unit=unit)).double()
    unit = torch.as_tensor(unit, dtype=torch.float64).expand(3)
    decoded, x = rows(4, 3), rows(4, 3, seed=2)
    expected = getattr(distributions, word.__name__)(decoded * unit, 0.7).log_prob(x * unit).sum(-1)
    torch.testing.assert_close(likelihood.log_prob(decoded, x) - unit.log().sum(), expected, rtol=1e-5, atol=1e-5)


@over_scales
@pytest.mark.parametrize("scale", ["learned", "learned_per_feature"])
def test_a_learned_scale_starts_at_a_fraction_of_the_deviation(word, scale):
    likelihood = word(scale=scale, initial_scale=0.2).build(setting((3, 2), unit=7.0, deviation=DEVIATION))
    (log_scale,) = likelihood.parameters()
    assert likelihood.learned_log_scale is log_scale
    assert log_scale.shape == ((3, 2) if scale == "learned_per_feature" else ())
    torch.testing.assert_close(log_scale.exp(), torch.full_like(log_scale, 0.2 * DEVIATION))


@over_scales
def test_a_fixed_scale_is_not_trained_but_kept_with_the_weights(word):
    likelihood = word(scale=0.7).build(setting((3,)))
    assert not list(likelihood.parameters())
    assert list(likelihood.state_dict()) == ["log_scale"]


BEST = {"Normal": lambda error: error.square().mean().sqrt(), "Laplace": lambda error: error.abs().mean()}


def best_scale(word, error, scale):
    """Root mean square or mean absolute error, of everything or of each feature."""
    best = BEST[word.__name__]
    return torch.stack([best(e) for e in error.T]) if scale.endswith("per_feature") else best(error)


@over_scales
@pytest.mark.parametrize("scale", ["learned", "learned_per_feature"])
def test_the_best_scale_is_the_mean_error(word, scale):
    likelihood, decoded, x = word(scale=scale).build(setting((4,))).double(), rows(6, 4), rows(6, 4, seed=2)
    learned = likelihood.learned_log_scale
    with torch.no_grad():
        learned.copy_(best_scale(word, x - decoded, scale).log())
    likelihood.train().log_prob(decoded, x).sum().backward()
    torch.testing.assert_close(learned.grad, torch.zeros_like(learned), rtol=0, atol=1e-12)


@over_scales
@pytest.mark.parametrize("scale", ["learned", "learned_per_feature"])
def test_a_learned_scale_is_that_of_training_alone(word, scale):
    """It lags behind the decoder; densities have the scale of the errors."""
    likelihood, decoded, x = (
        word(scale=scale).build(setting((4,), deviation=TINY)).double(),
        rows(6, 4),
        rows(6, 4, seed=2),
    )
    lagging = getattr(distributions, word.__name__)(decoded, likelihood.learned_log_scale.exp())
    torch.testing.assert_close(likelihood.train().log_prob(decoded, x), lagging.log_prob(x).sum(-1))
    likelihood.eval().settle(likelihood.observed)
    settled = getattr(distributions, word.__name__)(decoded, best_scale(word, x - decoded, scale))
    torch.testing.assert_close(likelihood.log_prob(decoded, x), settled.log_prob(x).sum(-1))


over_closed_forms = pytest.mark.parametrize("scale", ["closed_form", "per_feature"])


@over_scales
@over_closed_forms
def test_in_training_a_batch_has_the_scale_that_is_best_for_it(word, scale):
    likelihood, decoded, x = (
        word(scale=scale).build(setting((4,), deviation=TINY)).double(),
        rows(6, 4),
        rows(6, 4, seed=2),
    )
    best = best_scale(word, x - decoded, scale)
    expected = getattr(distributions, word.__name__)(decoded, best).log_prob(x).sum(-1)
    torch.testing.assert_close(likelihood.train().log_prob(decoded, x), expected)
    assert not list(likelihood.parameters())


@over_scales
@over_closed_forms
def test_its_gradient_is_that_through_the_scale(word, scale):
    """d R / d m with s = s(m) inside: what is left out is 0."""
    likelihood, x = word(scale=scale).build(setting((4,), deviation=TINY)).double().train(), rows(6, 4, seed=2)
    decoded = rows(6, 4).requires_grad_()
    (found,) = torch.autograd.grad(likelihood.log_prob(decoded, x).sum(), decoded)
    best = best_scale(word, x - decoded, scale)
    through = getattr(distributions, word.__name__)(decoded, best).log_prob(x).sum()
    torch.testing.assert_close(found, torch.autograd.grad(through, decoded)[0])


@over_scales
@over_closed_forms
def test_outside_training_the_settled_scale_holds(word, scale):
    """Averages over batches of the same size settle on what all rows together say."""
    likelihood, decoded, x = (
        word(scale=scale).build(setting((4,), deviation=TINY)).double(),
        rows(6, 4),
        rows(6, 4, seed=2),
    )
    seen = []
    for batch in (slice(0, 3), slice(3, 6)):
        likelihood.train().log_prob(decoded[batch], x[batch])
        seen.append(likelihood.observed)
    torch.testing.assert_close(sum(seen) / 2, likelihood.statistics(decoded, x))
    likelihood.eval().settle(sum(seen) / 2)
    torch.testing.assert_close(likelihood.log_scale.exp(), best_scale(word, x - decoded, scale))
    alone = likelihood.log_prob(decoded[:1], x[:1])
    torch.testing.assert_close(alone, likelihood.log_prob(decoded, x)[:1], rtol=0, atol=0)


@over_scales
@over_closed_forms
def test_a_decoder_without_error_has_a_finite_density(word, scale):
    likelihood, x = word(scale=scale).build(setting((4,), deviation=DEVIATION)).train(), rows(6, 4).float()
    decoded = x.clone().requires_grad_()
    log_prob = likelihood.log_prob(decoded, x)
    log_prob.sum().backward()
    likelihood.settle(likelihood.observed)
    torch.testing.assert_close(likelihood.log_scale.exp(), torch.full_like(likelihood.log_scale, DEVIATION / math.e**6))
    assert log_prob.isfinite().all()
    assert decoded.grad.isfinite().all()


def test_the_squared_error_is_a_cost_in_training_and_a_density_afterwards():
    likelihood, decoded, x = (
        SquaredError().build(setting((4,), unit=3.0, deviation=TINY)).double(),
        rows(6, 4),
        rows(6, 4, seed=2),
    )
    costs = -likelihood.train().log_prob(decoded, x)
    torch.testing.assert_close(costs.diff(), (x - decoded).square().sum(1).diff())
    likelihood.eval().settle(likelihood.observed)
    expected = distributions.Normal(decoded, best_scale(Normal, x - decoded, "closed_form")).log_prob(x).sum(1)
    torch.testing.assert_close(likelihood.log_prob(decoded, x), expected)


# ---------------------------------------------------------------------- draws


@over_likelihoods
def test_draws_follow_the_density(name):
    """Kolmogorov's distance of 20,000 draws to the distribution is below its 1e-4 quantile."""
    likelihood, decoded = build(name, (3,)), rows(1, 3)
    drawn = likelihood.sample(decoded.expand(20_000, 3), rows(20_000, 3, seed=5))
    if name == "bernoulli":
        shares = torch.sigmoid(decoded[0])
        assert set(drawn.unique().tolist()) == {0.0, 1.0}
        assert ((drawn.mean(0) - shares).abs() < 4 * (shares * (1 - shares) / 20_000).sqrt()).all()
        return
    torch_distribution = LIKELIHOODS[name][1](decoded[0], scale_of(likelihood))
    levels = torch_distribution.cdf(drawn).sort(0).values
    steps = torch.arange(1, 20_001)[:, None] / 20_000
    assert (levels - steps).abs().max() < 2.2 / math.sqrt(20_000)


@pytest.mark.parametrize("wrong", [{"scale": 0.0}, {"scale": -1.0}, {"scale": "fixed"}, {"initial_scale": 0}])
@over_scales
def test_errors_name_the_parameter(word, wrong):
    with pytest.raises(ValueError, match=f"The '{next(iter(wrong))}' parameter of {word.__name__} must be"):
        word(**wrong).validated()


# ---------------------------------------------------------------------- bernoulli


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=6))
def test_grey_values_cost_at_least_their_entropy(values):
    x = torch.tensor([values], dtype=torch.float64)
    likelihood, best = Bernoulli().build(setting((len(values),))), torch.logit(x).requires_grad_()
    entropy = -(x * x.log() + (1 - x) * (1 - x).log()).sum()
    reconstruction = -likelihood.log_prob(best, x).sum()
    reconstruction.backward()
    torch.testing.assert_close(reconstruction, entropy)
    torch.testing.assert_close(best.grad, torch.zeros_like(best), rtol=0, atol=1e-12)


def test_certain_pixels_stay_finite():
    logits = torch.tensor([[1000.0, -1000.0, 1000.0, -1000.0]], requires_grad=True)
    log_prob = Bernoulli().build(setting((4,))).log_prob(logits, torch.tensor([[1.0, 0.0, 0.0, 1.0]]))
    log_prob.sum().backward()
    assert log_prob.item() == -2000
    assert torch.equal(logits.grad, torch.tensor([[0.0, 0.0, -1.0, 1.0]]))
