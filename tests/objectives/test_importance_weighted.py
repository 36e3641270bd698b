"""The bound of several samples: goldens, what it comes to, its two gradients, and a world where log p(x) is known."""

import math

import numpy as np
import pytest
import torch
from golden_batch import assert_golden, double
from objective_world import BATCH, gradients, inputs_of, look, make_net, take_step
from scipy.stats import multivariate_normal
from settings_of_words import setting
from skorch.callbacks import Callback
from torch import nn

from vaekit import IWAE, VAE
from vaekit._outputs import Batch, StepInputs
from vaekit.datasets import make_linear_mixture
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.likelihoods import Normal
from vaekit.model import LatentVariableModel
from vaekit.objectives import ImportanceWeighted
from vaekit.posteriors import Implicit, NormalParameters
from vaekit.priors._standard_normal import StandardNormalPrior
from vaekit.utils._torch import make_generator


class Given(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.forward = function


LOG_EVIDENCE, ELBO, L_2, L_3 = -1.5155121235, -1.5556134771, -1.5363342797, -1.5295892978
BAD, EXACT = (0.3, 0.49), (0.5, 0.5)  # mean and variance of q(z | x = 1); those of p(z | x = 1)


def golden_world(loc, variance):
    """z ~ N(0, 1), x | z ~ N(z, 1), and q(z | x) the same normal for every x."""
    return LatentVariableModel(
        encoder=nn.Identity(),
        posterior=Given(lambda x: NormalParameters(torch.full_like(x, loc), torch.full_like(x, math.log(variance)))),
        prior=StandardNormalPrior(),
        decoder=nn.Identity(),
        likelihood=Normal(scale=1.0).build(setting((1,))).double(),
    )


def bound_of(world, n_samples, noise):
    """L_K of rows that are all 1."""
    noise = torch.cat([noise, torch.zeros(len(noise), 1)], dim=1).double()
    return -ImportanceWeighted(n_samples=n_samples).held_out_losses(
        world, Batch(torch.ones(len(noise), 1).double()), noise
    )


def test_golden_bound_of_four_samples():
    world, eps = golden_world(*BAD), double([-1, -0.3, 0.4, 1.2])
    assert_golden(bound_of(world, 4, eps)[0], -1.5112252462)
    assert_golden(bound_of(world, 1, eps.T).mean(), -1.5378884771)


def test_the_loss_is_minus_the_bound():
    objective, eps = ImportanceWeighted(n_samples=4), double([-1, -0.3, 0.4, 1.2])
    inputs = StepInputs(
        {"first": Batch(torch.ones(1, 1).double())},
        {"posterior": eps[:, :1], "further": eps[:, 1:]},
        {"warmup": 1.0},
        None,
    )
    loss, terms, first = objective.loss(golden_world(*BAD), inputs)
    assert_golden(loss, 1.5112252462)
    assert_golden(terms["bound"], -1.5112252462)
    torch.testing.assert_close(first.z, 0.3 + 0.7 * eps[:, :1])


@pytest.mark.parametrize(("n_samples", "expected"), [(1, ELBO), (2, L_2), (3, L_3)])
def test_its_mean_is_the_golden_one(n_samples, expected):
    noise = torch.randn(200_000, n_samples, generator=make_generator(n_samples))
    bounds = bound_of(golden_world(*BAD), n_samples, noise)
    assert abs(bounds.mean() - expected) < 3 * bounds.std() / len(bounds) ** 0.5


@pytest.mark.parametrize("n_samples", [1, 2, 7])
def test_under_the_exact_posterior_every_weight_is_the_evidence(n_samples):
    bounds = bound_of(golden_world(*EXACT), n_samples, torch.randn(50, n_samples, generator=make_generator(0)))
    assert_golden(bounds, *[LOG_EVIDENCE] * 50)


def test_chosen_samples_follow_the_exact_posterior():
    """Importance resampling: mean and variance of p(z | x = 1), from draws of a q that has others."""
    objective, n = ImportanceWeighted(n_samples=300), 3000
    noise = torch.randn(n, 301, generator=make_generator(0), dtype=torch.float64)
    codes = objective.explaining_codes(golden_world(*BAD), Batch(torch.ones(n, 1).double()), noise)
    assert codes.shape == (n, 1)
    assert abs(codes.mean() - EXACT[0]) < 4 * (EXACT[1] / n) ** 0.5 + 0.01
    assert codes.var().item() == pytest.approx(EXACT[1], rel=0.1)


# ---------------------------------------------------------------------- what it reduces to, and what never fails


def test_the_warmup_weighs_prior_and_posterior():
    """At w = 0 only the reconstructions are left: -log 1/K sum_k p(x | z_k)."""
    objective = ImportanceWeighted(n_samples=4)
    net, inputs = make_net(objective), inputs_of(objective)
    noise = torch.cat([inputs.noise["posterior"], inputs.noise["further"]], dim=1)
    output = net.module_(inputs.batches["first"], noise.unflatten(1, (4, -1)).transpose(0, 1))
    terms = look(net, inputs._replace(weights={"warmup": 0.0}))
    expected = -(torch.logsumexp(-output.reconstruction, 0) - math.log(4)).mean()
    torch.testing.assert_close(terms["train"], expected)
    torch.testing.assert_close(terms["bound"], look(net, inputs)["bound"])


@pytest.mark.parametrize("n_samples", [2, 5])
def test_the_bound_is_never_below_the_mean_of_its_weights(n_samples):
    objective = ImportanceWeighted(n_samples=n_samples)
    net, alone = make_net(objective), ImportanceWeighted(n_samples=1)
    width = objective.held_out_noise(net.noise_widths)
    noise = torch.randn(BATCH, width, generator=make_generator(0), dtype=torch.float64)
    batch = inputs_of(objective).batches["first"]
    bound = -objective.held_out_losses(net.module_, batch, noise)
    singles = [
        -alone.held_out_losses(net.module_, batch, torch.cat([eps, noise[:, -1:]], dim=1))
        for eps in noise[:, :-1].chunk(n_samples, dim=1)
    ]
    assert (bound >= torch.stack(singles).mean(0)).all()


@pytest.mark.parametrize("warmup", [1.0, 0.4])
def test_both_gradients_are_the_same_in_expectation(warmup):
    """Of the posterior's parameters; the decoder's are those of the same loss."""
    objectives = [ImportanceWeighted(n_samples=3, gradient=word) for word in ("reparameterized", "dreg")]
    nets, inputs, generator = [make_net(o) for o in objectives], inputs_of(objectives[0]), make_generator(1)
    differences = []
    for _ in range(300):
        noise = {n: torch.randn(eps.shape, generator=generator, dtype=eps.dtype) for n, eps in inputs.noise.items()}
        seen = inputs._replace(noise=noise, weights={"warmup": warmup})
        plain, dreg = (gradients(net, seen) for net in nets)
        torch.testing.assert_close(plain["joint", "decoder"], dreg["joint", "decoder"])
        differences.append(plain["joint", "posterior"] - dreg["joint", "posterior"])
    differences = torch.stack(differences)
    z = differences.mean(0) / (differences.std(0) / len(differences) ** 0.5)
    assert differences.abs().max() > 1e-3
    assert z.abs().max() < 4.5
    assert z.square().mean() < 2


def test_the_doubly_reparameterised_gradient_needs_normals():
    posterior = Implicit().build(setting(n_features=2))(torch.zeros(1, 2))
    with pytest.raises(IncompatibleChoiceError, match="posterior_family='normal'"):
        ImportanceWeighted(gradient="dreg").check(StandardNormalPrior(), posterior)


def test_a_sample_of_one_trains_as_the_sampled_bound():
    net = make_net(ImportanceWeighted(n_samples=1))
    terms = take_step(net)
    torch.testing.assert_close(terms["train"], -terms["bound"])


@pytest.mark.parametrize("wrong", [{"n_samples": 0}, {"n_samples": 2.5}, {"gradient": "vimco"}])
def test_errors_name_the_parameter(wrong):
    with pytest.raises(ValueError, match=f"The '{next(iter(wrong))}' parameter of ImportanceWeighted must be"):
        ImportanceWeighted(**wrong).validated()


# ---------------------------------------------------------------------- a trained model whose evidence is known


@pytest.fixture(scope="module")
def linear():
    """Return a linear model and its data; the encoder stopped early, so that q is not the exact posterior."""
    X = make_linear_mixture(300, random_state=0).data
    model = IWAE(
        n_components=2, n_samples=4, hidden_layer_sizes=(), likelihood=Normal(scale=0.5), max_epochs=30, batch_size=50,
        learning_rate=0.01, random_state=0,
    )  # fmt: skip
    return model.fit(X), X


def evidence(model, X):
    """log N(x; b, W W' + s^2 I) of a linear decoder."""
    b, ends = model.inverse_transform(np.zeros((1, 2)))[0], model.inverse_transform(np.eye(2))
    W = (ends - b).T
    return multivariate_normal(b, W @ W.T + model.likelihood_scale_**2 * np.eye(len(b))).logpdf(X)


def test_with_many_samples_the_bound_is_the_evidence(linear):
    model, X = linear
    exact, bound = evidence(model, X), model.score_samples(X, n_importance_samples=3000)
    error = (bound - exact).std() / len(X) ** 0.5
    assert abs((bound - exact).mean()) < 3 * error


def test_the_bound_rises_with_the_number_of_samples(linear):
    model, X = linear
    bounds = [model.score_samples(X, n_importance_samples=k).mean() for k in (1, 4, 16, 64, 256)]
    assert np.diff(bounds).min() > 0
    assert bounds[0] < bounds[-1] - 0.01
    assert bounds[-1] < evidence(model, X).mean() + 0.01


def test_what_is_reported_is_the_bound(linear):
    model, X = linear
    assert model.score(X) == model.score_samples(X, n_importance_samples=4).mean()
    assert model.score(X) == pytest.approx(model.history_[-1]["bound"] + model.model_.blueprint.log_volume, abs=0.3)


class AtEpochEnd(Callback):
    def __init__(self, function):
        self.function = function

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        self.function(net.module_, dataset_valid[:].x)


def linear_bounds(module, x):
    """Evidence and ELBO of a linear model of noise N(0, I), means over rows, in closed form."""
    with torch.no_grad():
        b, ends, q = module.decode(torch.zeros(1, 2)), module.decode(torch.eye(2)), module.encode(x)
    W, variance = (ends - b).T, q.logvar.exp()
    evidence = torch.distributions.MultivariateNormal(b[0], W @ W.T + torch.eye(len(W))).log_prob(x)
    kl = 0.5 * (q.loc**2 + variance - 1 - q.logvar).sum(1)
    errors = (x - b - q.loc @ W.T).square().sum(1) + variance @ W.square().sum(0)
    return evidence.mean().item(), (-0.5 * errors - len(W) / 2 * math.log(2 * math.pi) - kl).mean().item()


def test_early_stopping_watches_the_bound():
    """With 200 samples it is the evidence, and rises for epochs after the ELBO of this posterior was at its best."""
    bounds, rows = [], []

    def look(module, x):
        rows[:] = [x]
        bounds.append(linear_bounds(module, x))

    model = IWAE(
        n_components=2, n_samples=200, hidden_layer_sizes=(), likelihood=Normal(scale=1.0), standardize=None, warmup=0,
        early_stopping=True, validation_fraction=0.5, n_iter_no_change=3, max_epochs=40, learning_rate=0.03,
        batch_size=25, random_state=0, callbacks=[AtEpochEnd(look)],
    ).fit(make_linear_mixture(200, random_state=0).data)  # fmt: skip
    watched, (evidence, elbo) = np.array([-row["valid_loss"] for row in model.history_]), np.transpose(bounds)
    np.testing.assert_allclose(watched, evidence, atol=0.1)
    assert (watched > elbo + 1).all()
    assert np.argmax(elbo) + 3 < np.argmax(watched) == len(watched) - 1 - 3
    assert linear_bounds(model.model_.module, rows[0]) == bounds[np.argmax(watched)]


def test_a_learned_scale_settles_on_the_errors_of_samples_that_count():
    """A posterior that covers more has worse samples; they do not widen the noise."""
    X = make_linear_mixture(300, random_state=0).data
    common = {"n_components": 2, "likelihood": Normal(scale="learned"), "max_epochs": 100, "random_state": 0}
    vae, iwae = (model.fit(X) for model in (VAE(**common), IWAE(n_samples=20, **common)))
    assert iwae.likelihood_scale_ < 1.1 * vae.likelihood_scale_
    assert iwae.score_samples(X, 200).mean() > vae.score_samples(X, 200).mean() - 0.1
