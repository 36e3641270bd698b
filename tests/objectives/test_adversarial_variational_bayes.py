"""Adversarial variational Bayes: its optimum, its gradients, and posteriors that are known through draws."""

import math

import numpy as np
import pytest
import torch
from golden_batch import assert_golden, double
from settings_of_words import setting
from torch import nn

from vaekit import AVB, VAE
from vaekit._outputs import Batch, NoiseWidths, StepInputs
from vaekit.datasets import make_linear_mixture
from vaekit.exceptions import IncompatibleChoiceError, NoDensityError
from vaekit.functional import normal_log_density
from vaekit.likelihoods import Normal
from vaekit.model import LatentVariableModel
from vaekit.objectives import ELBO, AdversarialVariationalBayes, AggregateDivergence
from vaekit.posteriors import Implicit, NormalParameters
from vaekit.priors import Decoupled, StandardNormal
from vaekit.utils._torch import make_generator

KL = 0.8181471806  # KL(N(1, .25) || N(0, 1))


class Given(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.forward = function


def golden_world(discriminator):
    """q(z | x) = N(+-1, .25), the sign that of x."""
    return LatentVariableModel(
        encoder=nn.Identity(),
        posterior=Given(lambda x: NormalParameters(x.sign(), torch.full_like(x, math.log(0.25)))),
        prior=StandardNormal().build(setting(n_components=1)),
        decoder=nn.Identity(),
        likelihood=Normal(scale=1.0).build(setting((1,))),
        discriminator=discriminator,
    )


def optimum(inputs):
    """Two logits whose difference is log q(z | x) - log p(z)."""
    x, z = inputs.chunk(2, dim=1)
    ratio = normal_log_density(z, x.sign(), torch.full_like(x, math.log(0.25)))
    ratio = ratio - normal_log_density(z, torch.zeros_like(z), torch.zeros_like(z))
    return torch.cat([ratio, torch.zeros_like(ratio)], dim=1)


def inputs_of(objective, n, generator):
    x = torch.randn(n, 1, generator=generator)
    widths = objective.noise_columns(NoiseWidths(1, 1, 1))
    noise = {name: torch.randn(n, width, generator=generator) for name, width in widths.items()}
    return StepInputs({"first": Batch(x)}, noise, {"warmup": 1.0}, None)


def test_golden_optimum():
    """T*(.7), and its mean, by draws: within three standard errors."""
    objective = AdversarialVariationalBayes(adaptive_contrast=False)
    assert_golden(optimum(double([1.0, 0.7]))[0, 0], 0.7581471806)
    n = 100_000
    losses = objective.loss(golden_world(Given(optimum)), inputs_of(objective, n, make_generator(0)))
    assert losses.terms["kl"].item() == pytest.approx(KL, abs=3 * 1.6 / n**0.5)


def trained(objective, n_steps=1200, n=512):
    """Let the discriminator learn while all else stands still; return the mean of its last KLs."""
    generator = make_generator(0)
    world = golden_world(objective.discriminator(setting((1,), n_components=1)))
    (phase,) = (phase for phase in objective.phases() if phase.name == "discriminator")
    optimizer = torch.optim.Adam(world.discriminator.parameters(), lr=2e-3, betas=(0.5, 0.9))
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, total_iters=n_steps)
    kls = []
    for _ in range(n_steps):
        inputs = inputs_of(objective, n, generator)
        _, terms, output = objective.loss(world, inputs)
        kls.append(terms["kl"].item())
        optimizer.zero_grad()
        phase.loss(world, inputs, output).loss.backward()
        optimizer.step()
        schedule.step()
    return np.mean(kls[-200:])


@pytest.mark.parametrize("adaptive_contrast", [False, True])
def test_a_trained_critic_tells_the_divergence(adaptive_contrast):
    """Measured: .79 in the plain form and .816 in the adaptive."""
    objective = AdversarialVariationalBayes(adaptive_contrast=adaptive_contrast, discriminator_layer_sizes=(64, 64))
    assert trained(objective) == pytest.approx(KL, rel=0.05)


def test_at_its_optimum_the_codes_are_pulled_as_by_the_divergence():
    """E d/dmu T*(z) = d/dmu KL = mu, and for the deviation s - 1/s: through z alone, T* being fixed."""
    generator, shift = make_generator(0), torch.zeros(2, requires_grad=True)
    world, n = golden_world(Given(optimum)), 200_000
    world.posterior = Given(
        lambda x: NormalParameters(x.sign() + shift[0], math.log(0.25) + 2 * shift[1] + torch.zeros_like(x))
    )
    objective = AdversarialVariationalBayes(adaptive_contrast=False)
    inputs = inputs_of(objective, n, generator)
    inputs = inputs._replace(batches={"first": Batch(torch.ones(n, 1))})
    kl = objective.loss(world, inputs).terms["kl"]
    pulled = torch.autograd.grad(kl, shift)[0]
    # d KL / d log s = s^2 - 1
    torch.testing.assert_close(pulled, torch.tensor([1.0, 0.25 - 1.0]), rtol=0, atol=0.05)


def test_with_adaptive_contrast_a_critic_that_sees_nothing_leaves_the_normal():
    """T = 0: what is left is the sampled KL of the contrast."""
    world = golden_world(Given(lambda inputs: torch.zeros(len(inputs), 2)))
    objective = AdversarialVariationalBayes()
    inputs = inputs_of(objective, 50, make_generator(0))
    loss, terms, output = objective.loss(world, inputs)
    expected = (output.posterior.log_prob(output.z) - output.prior.log_prob(output.z)).mean()
    torch.testing.assert_close(terms["kl"], expected)
    torch.testing.assert_close(loss, terms["reconstruction"] + expected)


# ---------------------------------------------------------------------- what stands together


def implicit(**parameters):
    return Implicit(**parameters).validated().build(setting(n_features=6)).double()


def test_draws_of_an_implicit_posterior():
    head = implicit(noise_width=5)
    with pytest.raises(NoDensityError, match="choose posterior_family='normal'"):
        head(torch.zeros(1, 6).double()).log_prob(torch.zeros(1, 3))
    assert head.noise_width == 5
    q = head(torch.randn(4, 6, generator=make_generator(0), dtype=torch.float64))
    assert q.loc.shape == q.scale.shape == (4, 3)
    noise = torch.randn(20_000, 4, 5, generator=make_generator(1), dtype=torch.float64)
    drawn = q.rsample(noise)
    assert drawn.shape == (20_000, 4, 3)
    torch.testing.assert_close(drawn[7, 2], q.rsample(noise[7])[2])
    torch.testing.assert_close(drawn.mean(0), q.loc, rtol=0, atol=0.05)
    torch.testing.assert_close(drawn.std(0), q.scale, rtol=0.1, atol=0)


@pytest.mark.parametrize("objective", [ELBO(), AggregateDivergence(kl_weight=1)])
def test_densities_of_an_implicit_posterior_are_refused(objective):
    prior = StandardNormal().build(setting())
    posterior = implicit()(torch.zeros(1, 6).double())
    with pytest.raises(IncompatibleChoiceError, match="choose posterior_family='normal'"):
        objective.check(prior, posterior)
    for one in (AdversarialVariationalBayes(), AggregateDivergence()):
        one.check(prior, posterior)


def test_a_posterior_that_does_not_tell_its_deviations_has_no_adaptive_contrast():
    posterior = implicit()(torch.zeros(1, 6).double())
    posterior.__class__ = type("Untold", (type(posterior),), {"scale": None})
    prior = StandardNormal().build(setting())
    with pytest.raises(IncompatibleChoiceError, match="set adaptive_contrast=False"):
        AdversarialVariationalBayes().check(prior, posterior)
    AdversarialVariationalBayes(adaptive_contrast=False).check(prior, posterior)


def test_a_learned_prior_needs_a_loss_that_moves_it():
    flow, posterior = Decoupled().build(setting()), implicit()(torch.zeros(1, 6).double())
    with pytest.raises(IncompatibleChoiceError, match="set prior_weight=1"):
        AdversarialVariationalBayes(adaptive_contrast=False).check(flow, posterior)
    for one in (AdversarialVariationalBayes(), AdversarialVariationalBayes(adaptive_contrast=False, prior_weight=1)):
        one.check(flow, posterior)


@pytest.mark.parametrize("wrong", [{"noise_width": 0}, {"hidden_layer_sizes": (0,)}])
def test_errors_name_the_parameter(wrong):
    with pytest.raises(ValueError, match=f"'{next(iter(wrong))}' parameter"):
        Implicit(**wrong).validated()


# ---------------------------------------------------------------------- trained

X = make_linear_mixture(500, random_state=0).data
COMMON = {
    "n_components": 2,
    "likelihood": Normal(scale=0.5),
    "max_epochs": 60,
    "learning_rate": 3e-3,
    "random_state": 0,
}


def test_with_a_normal_posterior_it_comes_to_the_vae():
    """What the critic says is the KL, and the bound is that of the VAE."""
    vae, avb = VAE(**COMMON).fit(X), AVB(posterior_family="normal", **COMMON).fit(X)
    q = avb.posterior(X)
    kl = 0.5 * (q.loc**2 + q.scale**2 - 1 - 2 * np.log(q.scale)).sum(1).mean()
    assert avb.history_[-1]["kl"] == pytest.approx(kl, rel=0.1)
    assert avb.history_[-1]["train_loss"] == pytest.approx(vae.history_[-1]["train_loss"], abs=0.5)


def test_an_implicit_posterior_trains_and_has_no_score():
    avb = AVB(**COMMON).fit(X)
    assert avb.history_[-1]["reconstruction"] < avb.history_[0]["reconstruction"] - 1
    assert not hasattr(avb, "score")
    assert not hasattr(avb, "score_samples")
    Z = avb.sample_posterior(X[:5], 4000, random_state=0)
    np.testing.assert_allclose(Z.mean(0), avb.transform(X[:5]), atol=0.15)
    assert avb.sample(3).shape == (3, X.shape[1])
    assert not hasattr(avb, "log_posterior")
    assert hasattr(AVB(posterior_family="normal"), "log_posterior")
