"""A generator with the moments of the codes: its loss by hand, what it moves, and what it draws."""

import math

import numpy as np
import pytest
import torch
from objective_world import gradients, inputs_of, make_net
from settings_of_words import setting

from vaekit import GMMNAE, VAE
from vaekit.datasets import make_two_moons
from vaekit.functional import maximum_mean_discrepancy
from vaekit.objectives import ELBO, AggregateDivergence
from vaekit.priors import MomentMatching
from vaekit.utils._torch import make_generator


def built(n_components=2, **options):
    return MomentMatching(hidden_width=8, **options).validated().build(setting(n_components=n_components)).double()


def rows(*shape, seed=0):
    return torch.randn(shape, generator=make_generator(seed), dtype=torch.float64)


def test_the_loss_is_the_discrepancy_in_units_of_the_spread():
    """MMD^2 with k(a, b) = sum_c exp(-|a - b|^2 / 2c), pair by pair, of draws and codes divided by s."""
    prior, z, noise = built(bandwidth=0.8), 3 * rows(5, 2) + 1, rows(4, 2, seed=1)
    s = math.sqrt(np.mean(z.numpy().var(axis=0)))
    a, b = prior.sample(noise).detach().numpy() / s, z.numpy() / s

    def kernel(u, v):
        square = np.sum((u - v) ** 2)
        return sum(math.exp(-square / (2 * 0.8 * 2 * share)) for share in (1 / 40, 1 / 8, 1 / 4, 1 / 2, 1))

    def mean(A, B):
        return np.mean([kernel(u, v) for u in A for v in B])

    loss = prior.own_loss(z, noise)["moment_matching"].item()
    assert loss == pytest.approx(mean(a, a) - 2 * mean(a, b) + mean(b, b), rel=1e-9)
    assert prior.own_loss(10 * z, noise)["moment_matching"].item() != pytest.approx(loss)  # draws stay where they are


def test_the_loss_is_zero_where_draws_are_the_codes_in_another_order():
    prior, noise = built(), rows(6, 2)
    z = prior.sample(noise).detach()[torch.tensor([3, 1, 0, 5, 4, 2])]
    assert prior.own_loss(z, noise)["moment_matching"].item() == pytest.approx(0, abs=1e-12)
    assert prior.own_loss(z + 1, noise)["moment_matching"] > 0.01


def test_codes_that_are_one_point_have_a_finite_loss_and_gradient():
    prior = built().float()
    (loss,) = prior.own_loss(torch.full((5, 2), 2.0), rows(5, 2).float()).values()
    own = torch.autograd.grad(loss, list(prior.parameters()))
    assert loss.isfinite()
    assert all(gradient.isfinite().all() for gradient in own)


def test_it_is_given_uniform_numbers():
    prior = built(n_components=3)
    seen = []
    prior.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    assert prior.sample(rows(4000, 3)).shape == (4000, 3)
    u = seen[0].numpy()
    assert prior.training_noise_width == u.shape[1] == 3
    assert np.abs(u).max() < 1
    np.testing.assert_allclose(np.quantile(u, [0.1, 0.5, 0.8]), [-0.8, 0, 0.6], atol=0.03)


@pytest.mark.parametrize("objective", [ELBO(), ELBO(beta=2), AggregateDivergence()], ids=repr)
def test_codes_do_not_know_of_it(objective):
    """Gradients of all else are those beside a normal prior; its own is that of its loss."""
    inputs = inputs_of(objective)
    inputs.noise["prior_training"] = rows(len(inputs.batches["first"].x), 3)
    ours, theirs = (gradients(make_net(objective, prior), inputs) for prior in (built(3), "normal"))
    own = {key for key in ours if key not in theirs}
    assert own
    assert any(ours[key].abs().max() > 0 for key in own)
    for key, gradient in theirs.items():
        torch.testing.assert_close(ours[key], gradient)


MOONS = make_two_moons(500, random_state=0).data
SETTINGS = {
    "n_components": 2,
    "hidden_layer_sizes": (64, 32),
    "max_epochs": 25,
    "batch_size": 64,
    "learning_rate": 3e-3,
    "random_state": 0,
}


def discrepancy(one, other):
    return maximum_mean_discrepancy(*(torch.from_numpy(np.asarray(A, dtype=float)) for A in (one, other))).item()


def test_its_draws_lie_nearer_to_the_codes_than_those_of_a_normal():
    model = GMMNAE(prior=MomentMatching(hidden_width=32), **SETTINGS).fit(MOONS)
    codes, drawn = model.transform(MOONS), model.sample_prior(500, random_state=0)
    normal = np.random.default_rng(0).normal(size=(500, 2))
    assert discrepancy(codes, drawn) < 0.2 * discrepancy(codes, normal)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_beside_any_objective_it_draws_and_has_no_density():
    model = VAE(prior="moment_matching", n_components=2, max_epochs=3, early_stopping=True, random_state=0).fit(MOONS)
    assert model.history_[-1]["moment_matching"] > 0
    assert model.sample(3).shape == (3, 2)
    assert not any(hasattr(model, name) for name in ("score", "log_prior", "to_generation_space"))
    assert not hasattr(GMMNAE(), "score_samples")


@pytest.mark.parametrize("wrong", [{"hidden_width": 0}, {"n_hidden_layers": 0}, {"bandwidth": 0}], ids=repr)
def test_errors_name_the_parameter(wrong):
    with pytest.raises(ValueError, match=f"'{next(iter(wrong))}' parameter of MomentMatching must be"):
        MomentMatching(**wrong).validated()
