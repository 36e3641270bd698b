"""Published digits, through the objectives as they are trained."""

import pytest
import torch
from golden_batch import LOC, LOGVAR, NOISE, Z, assert_golden, count, double, golden_flow
from golden_prior import as_prior
from objective_world import golden_inputs, golden_model

from vaekit import DIPVAE, AnnealedVAE, BetaTCVAE, InfoVAE
from vaekit.objectives import AggregateDivergence, TotalCorrelation
from vaekit.posteriors import NormalParameters

RECONSTRUCTION, KL = 4.0443579454, 1.2892547776
NORMAL, FLOW = None, as_prior(golden_flow(3))


def annealed(**parameters):
    return AnnealedVAE(capacity_steps=100_000, **parameters)


def tc(aggregate, alpha, beta, gamma):
    return BetaTCVAE(alpha=alpha, beta=beta, gamma=gamma, aggregate=aggregate)


# estimator, prior, step, loss less reconstruction
REGULARISERS = {
    "beta-VAE-B, a quarter": (annealed(), NORMAL, 25_000, 78.4555362808 - RECONSTRUCTION),
    "beta-VAE-B, no capacity": (annealed(max_capacity=0), NORMAL, 25_000, 23.3831796099 - RECONSTRUCTION),
    "beta-VAE-B, start": (annealed(), NORMAL, 0, 15 * KL),
    "beta-VAE-B, half": (annealed(), NORMAL, 50_000, 15 * (12.5 - KL)),
    "beta-VAE-B, end": (annealed(), NORMAL, 100_000, 15 * (25 - KL)),
    "beta-VAE-B, after": (annealed(), NORMAL, 200_000, 15 * (25 - KL)),
    "TC mws (1, 4, 15)": (tc("mws", 1, 4, 15), NORMAL, 0, -165.0799087919),
    "TC mws (1, 4, 1)": (tc("mws", 1, 4, 1), NORMAL, 0, 30.1797369042),
    "TC mss (1, 4, 15)": (tc("mss", 1, 4, 15), NORMAL, 0, -3.9712778726),
    "TC mss (1, 4, 1)": (tc("mss", 1, 4, 1), NORMAL, 0, 3.3350313990),
    "TC batch (1, 4, 15)": (tc("batch", 1, 4, 15), NORMAL, 0, 0.7062179037),
    "beta-dp-B, a quarter": (annealed(), FLOW, 25_000, 59.9027593602),
    "TC-dp mws (1, 15, 4)": (tc("mws", 1, 15, 4), FLOW, 0, 105.2149560344),
    "TC-dp mws (1, 4, 15)": (tc("mws", 1, 4, 15), FLOW, 0, -131.6063639620),
    "TC-dp mss (1, 1, 1)": (tc("mss", 1, 1, 1), FLOW, 0, 2.9703175164),
    "TC-dp batch (1, 1, 1)": (tc("batch", 1, 1, 1), FLOW, 0, 2.9703175164),
    "DIP I": (DIPVAE(kind="i"), NORMAL, 0, KL + 56.1035156250),
    "DIP II": (DIPVAE(kind="ii"), NORMAL, 0, KL + 46.1311728219),
}


@pytest.mark.parametrize(("estimator", "prior", "step", "expected"), REGULARISERS.values(), ids=REGULARISERS)
def test_loss_of_the_golden_batch(estimator, prior, step, expected):
    objective = estimator._make_objective().validated()
    loss, terms, output = objective.loss(golden_model(prior), golden_inputs(objective, step))
    torch.testing.assert_close(output.z, Z)
    assert_golden(terms["reconstruction"], RECONSTRUCTION)
    assert_golden(loss, RECONSTRUCTION + expected)


@pytest.mark.parametrize(
    ("estimator", "parts", "third_with_flow"),
    [
        ("mws", (4.8722023965, 9.8136630144, -13.9471175497), -11.7155478944),
        ("mss", (0.3951992488, 0.8654278460, -0.5218792337), 1.7096904216),
        ("batch", (0.2670322105, 0.6033226424, -0.1316069918), 2.0999626636),
    ],
)
def test_parts_of_the_kl_are_recorded_unweighted(estimator, parts, third_with_flow):
    names = ("mutual_information", "total_correlation", "dimension_kl")
    for prior, third in ((NORMAL, parts[2]), (FLOW, third_with_flow)):
        objective = tc(estimator, 2, 3, 0.5)._make_objective()
        _, terms, _ = objective.loss(golden_model(prior), golden_inputs(objective))
        assert_golden(torch.stack([terms[name] for name in names]), *parts[:2], third)


@pytest.mark.parametrize(("kind", "expected"), [("i", 17.3093910891), ("ii", 19.1229551331)])
def test_covariance_penalty_of_other_means(kind, expected):
    objective = DIPVAE(kind=kind, lambda_d=5)._make_objective()
    _, terms, _ = objective.loss(golden_model(posterior=NormalParameters(NOISE, LOGVAR)), golden_inputs(objective))
    assert_golden(terms["covariance_penalty"], expected)


@pytest.mark.parametrize(
    ("alpha", "lam", "expected"), [(0, 1000, 112.7966586237), (0.5, 10, 1.7050081061), (0, 1, 1.2892547776)]
)
def test_regulariser_of_info_vae(monkeypatch, alpha, lam, expected):
    """The KL is that of the golden batch; the sets that are compared are golden sets of their own."""
    sets = torch.sin(count(10)).reshape(5, 2), torch.cos(count(12)).reshape(6, 2)
    monkeypatch.setattr(AggregateDivergence, "compared", lambda *_: sets)
    objective = InfoVAE(alpha=alpha, lam=lam, bandwidth=1.0)._make_objective()
    loss, terms, _ = objective.loss(golden_model(), golden_inputs(objective))
    assert_golden(terms["kl"], KL)
    assert_golden(terms["divergence"], 0.1116190229)
    assert_golden(loss, RECONSTRUCTION + expected)


def test_total_correlation_that_a_golden_discriminator_sees():
    joint, permuted = double([1, 0], [0.5, 2], [-1, -3]), double([0, 1], [2, -1], [0.3, 0.3])
    model = golden_model(
        posterior=NormalParameters(LOC[:3], LOGVAR[:3]),
        discriminator=lambda z: joint if torch.equal(z, Z[:3]) else permuted,
    )
    objective = TotalCorrelation(gamma=2)
    inputs = golden_inputs(objective, n_rows=3)
    vae, discriminator = objective.phases()
    loss, terms, output = vae.loss(model, inputs, None)
    assert_golden(terms["total_correlation"], 0.5)
    assert_golden(loss - terms["reconstruction"] - terms["kl"], 2 * 0.5)
    assert_golden(discriminator.loss(model, inputs, output).loss, 1.0327665327)
