"""Flow matching: exact divergences, a loss for the flow alone, a phase of its own under every objective."""

import numpy as np
import pytest
import torch
from world_of_codes import rows, trained

from vaekit import AAE, VAE, FactorVAE, FlowPriorVAE
from vaekit.objectives import ELBO
from vaekit.priors import FlowMatching
from vaekit.words import Phase, spec

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
X = np.random.default_rng(0).normal(size=(200, 4)) @ np.random.default_rng(1).normal(size=(4, 4))
TINY = {"n_components": 2, "hidden_layer_sizes": (8,), "max_epochs": 3, "random_state": 0}


@pytest.mark.parametrize("n_hidden_layers", [1, 2, 3])
@pytest.mark.parametrize("n_components", [1, 3])
def test_the_divergence_is_the_trace_of_the_jacobian(n_hidden_layers, n_components):
    velocity = trained(FlowMatching(hidden_width=5, n_hidden_layers=n_hidden_layers), n_components).velocity
    z, t = rows(4, n_components), rows(4, 1, seed=2)
    v, divergence = velocity.with_divergence(z, t)
    torch.testing.assert_close(v, velocity(z, t))
    for row in range(4):
        jacobian = torch.autograd.functional.jacobian(lambda one, row=row: velocity(one, t[row]), z[row])
        torch.testing.assert_close(divergence[row], jacobian.trace())


def test_a_flow_of_constant_speed_shifts_and_a_linear_one_stretches():
    """V = c: z = z0 + c. The error of n steps falls with the fourth power of n, by 16 for twice as many."""
    prior = trained(FlowMatching(hidden_width=5), distance=0.0)
    with torch.no_grad():
        prior.velocity.network[-1].bias.copy_(torch.tensor([0.5, -2.0]))
        z0 = rows(5, 2)
        torch.testing.assert_close(prior.sample(z0), z0 + torch.tensor([0.5, -2.0], dtype=torch.float64))
        prior = trained(FlowMatching(hidden_width=5, n_steps=320))
        exact, errors = prior.sample(z0), []
        for prior.n_steps in (10, 20):
            errors.append((prior.sample(z0) - exact).abs().max())
    assert 8 < errors[0] / errors[1] < 32


def test_the_loss_by_hand():
    """One row, draws one by one."""
    prior, z = trained(FlowMatching(hidden_width=5)), rows(1, 2)
    noise = rows(1, prior.training_noise_width, seed=2)
    errors = []
    for draw in noise.reshape(-1, 3):
        z0, t = draw[None, :2], torch.distributions.Normal(0.0, 1.0).cdf(draw[None, 2:])
        errors.append((prior.velocity((1 - t) * z0 + t * z, t) - (z - z0)).square().sum())
    torch.testing.assert_close(prior.own_loss(z, noise)["flow_matching"], torch.stack(errors).mean())


@spec
class InTurns(ELBO):
    """Phases of somebody else's, none of them for the prior alone."""

    def phases(self):
        return [
            Phase("encoder", ("encoder", "posterior"), self.loss),
            Phase("rest", ("decoder", "likelihood", "prior"), self.loss),
        ]


MODELS = {
    "elbo": VAE(**TINY),
    "its own phase already": FlowPriorVAE(**TINY),
    "a discriminator": FactorVAE(**TINY),
    "draws": AAE(**TINY),
    "in turns": VAE(objective=InTurns(), **TINY),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_it_is_fitted_in_a_phase_of_its_own(model):
    flow = model.set_params(prior=FlowMatching(hidden_width=8)).fit(X)
    assert "flow_matching" in flow.history_[-1]
    assert sum(phase.parts == ("prior",) for phase in flow.net_.phases_) == 1
    noise = np.random.RandomState(1).standard_normal((3, 2))
    assert not np.allclose(flow.sample_prior(3, random_state=1), noise, atol=1e-4)
    assert np.isfinite(flow.sample(3)).all()


def test_encoder_and_decoder_meet_a_normal_prior():
    """One step over all rows that moves no weight: the KL is the closed form, though the bound is the flow's."""
    params = {**TINY, "max_steps": 1, "batch_size": 200, "learning_rate": 1e-30, "warmup": 0}
    model = VAE(prior="flow_matching", **params).fit(X)
    q = model.posterior(X)
    kl = 0.5 * (q.loc**2 + q.scale**2 - 1) - np.log(q.scale)
    assert model.history_[0]["kl"] == pytest.approx(kl.sum(axis=1).mean(), rel=1e-5)
    longer = VAE(prior="flow_matching", **{**TINY, "max_epochs": 100}).fit(X)
    Z = longer.transform(X)
    assert not np.allclose(longer.log_prior(Z), -0.5 * (Z**2 + np.log(2 * np.pi)).sum(axis=1), atol=0.1)
