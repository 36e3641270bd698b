"""What is missing is left out, by words that know gaps and by those that do not."""

import math

import pytest
import torch
from golden_batch import double
from settings_of_words import setting
from torch import nn

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.likelihoods import (
    Bernoulli,
    Categorical,
    Laplace,
    Likelihood,
    LikelihoodSpec,
    NegativeBinomial,
    Normal,
    Poisson,
    SquaredError,
)
from vaekit.likelihoods._gaps import build_likelihood
from vaekit.utils._torch import make_generator
from vaekit.words import spec

NAN = math.nan
X = double(1, 0, 2, 3, 1, 0, 1, 1).reshape(4, 2)


@spec
class Foreign(LikelihoodSpec):
    """A location and a log-scale for each value, by somebody who never heard of gaps."""

    def decoded_shape(self, event_shape):
        return (2, *event_shape)

    def build(self, setting):
        return ForeignLikelihood(setting.event_shape)


class ForeignLikelihood(Likelihood):
    def __init__(self, event_shape):
        super().__init__(event_shape)
        self.register_buffer("mean_square", torch.tensor(1.0))

    def log_prob(self, decoded, x):
        loc, log_scale = decoded.unbind(-2)
        self.observed = self.statistics(decoded, x) if self.training else None
        return (-0.5 * ((x - loc) / log_scale.exp()).square() - log_scale).sum(-1)

    def mean(self, decoded):
        return decoded[..., 0, :]

    def sample(self, decoded, noise):
        return self.mean(decoded) + noise

    def statistics(self, decoded, x):
        return x.square().mean()

    def settle(self, average):
        self.mean_square.copy_(average)


WORDS = {
    "normal": Normal(),
    "normal, a scale for each": Normal(scale="per_feature"),
    "normal, learned": Normal(scale="learned"),
    "normal, fixed": Normal(scale=0.7),
    "laplace": Laplace(),
    "squared error": SquaredError(),
    "bernoulli": Bernoulli(),
    "poisson": Poisson(),
    "negative binomial": NegativeBinomial(),
    "categorical": Categorical(),
}


def built(word, event_shape=(2,), has_gaps=True):
    shape = word.decoded_shape(event_shape)
    return build_likelihood(word, setting(event_shape, has_gaps=has_gaps, decoded_shape=shape)).double()


def decoded_of(word, n_values, n_rows=4):
    generator = make_generator(0)
    return torch.randn((n_rows, *word.decoded_shape((n_values,))), generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", WORDS)
def test_rows_without_a_gap_have_the_density_that_they_have(name, training):
    word = WORDS[name]
    decoded, x = decoded_of(word, 2), X.clamp(max=1) if name in ("bernoulli", "categorical") else X
    gappy, plain = (built(word, has_gaps=has_gaps).train(training) for has_gaps in (True, False))
    torch.testing.assert_close(gappy.log_prob(decoded, x), plain.log_prob(decoded, x))
    if (seen := plain.statistics(decoded, x)) is not None:
        gappy.settle(gappy.statistics(decoded, x))
        plain.settle(seen)
        torch.testing.assert_close(gappy.log_scale, plain.log_scale)


@pytest.mark.parametrize("name", sorted(set(WORDS) - {"categorical"}))
def test_what_is_missing_adds_nothing_to_density_and_gradient(name):
    word = WORDS[name]
    likelihood, alone = built(word).eval(), built(word, (1,), has_gaps=False).eval()
    decoded, x = decoded_of(word, 2).requires_grad_(), X.clamp(max=1).clone()
    x[0], x[1, 0] = NAN, NAN
    found = likelihood.log_prob(decoded, x)
    assert found[0] == 0
    torch.testing.assert_close(found[1], alone.log_prob(decoded[1:2, 1:], x[1:2, 1:])[0])
    found.sum().backward()
    assert (decoded.grad[x.isnan()] == 0).all()
    assert decoded.grad.isfinite().all()


def test_scales_are_those_of_the_values_that_were_seen():
    likelihood, decoded, x = built(Normal(scale="per_feature")), decoded_of(Normal(), 2), X.clone()
    x[:2, 0], x[:, 1] = NAN, NAN
    before = likelihood.log_scale.clone()
    likelihood.train().log_prob(decoded, x)
    likelihood.settle(likelihood.take_observed())
    expected = (x[2:, 0] - decoded[2:, 0]).square().mean().sqrt()
    torch.testing.assert_close(likelihood.log_scale[0].exp(), expected, rtol=1e-4, atol=0)
    assert likelihood.log_scale[1] == before[1]  # nothing was seen of it


# ---------------------------------------------------------------------- words that know no gaps


def test_a_foreign_word_is_asked_about_the_rows_that_have_a_value():
    word, x = Foreign(), double(1.0, NAN, 3.0, NAN).reshape(4, 1)
    decoded, plain = decoded_of(word, 1).requires_grad_(), built(word, (1,), has_gaps=False)
    likelihood = built(word, (1,)).train()
    found = likelihood.log_prob(decoded.expand(2, *decoded.shape), x)
    assert found.shape == (2, 4)
    torch.testing.assert_close(found[1, [0, 2]], plain.log_prob(decoded[[0, 2]], x[[0, 2]]))
    assert (found[:, [1, 3]] == 0).all()
    found.sum().backward()
    assert decoded.grad.isfinite().all()
    seen = likelihood.take_observed()
    torch.testing.assert_close(seen, likelihood.statistics(decoded, x))
    likelihood.settle(seen)
    assert likelihood.likelihood.mean_square.item() == pytest.approx(5)


def test_a_foreign_word_that_sees_nothing_stays_as_it_was():
    likelihood, x = built(Foreign(), (1,)).train(), torch.full((4, 1), NAN, dtype=torch.float64)
    assert (likelihood.log_prob(decoded_of(Foreign(), 1), x) == 0).all()
    likelihood.settle(likelihood.take_observed())
    assert likelihood.likelihood.mean_square == 1
    assert isinstance(likelihood, nn.Module)


def test_a_foreign_word_for_many_values_says_what_to_do():
    with pytest.raises(IncompatibleChoiceError, match=r"Foreign says one number .* 'knows_gaps'"):
        built(Foreign(), (2,))
