"""The evidence lower bound: goldens on the golden batch, and what it reduces to."""

import pytest
import torch
from golden_batch import LOC, LOGVAR, NOISE, Z, assert_golden, count, double, golden_flow
from golden_prior import as_prior
from settings_of_words import setting
from torch import nn

from vaekit._outputs import Batch, ModelOutput, StepInputs
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.functional import normal_log_density
from vaekit.likelihoods import Bernoulli
from vaekit.objectives import ELBO, Warmup
from vaekit.posteriors import NormalParameters
from vaekit.priors import Decoupled, ElementwiseFlow, Prior, StandardNormal

X = (count(20).reshape(4, 5) % 7) / 6
LOGITS = 2 * torch.cos(count(20)).reshape(4, 5)
Q = NormalParameters(LOC, LOGVAR)
RECONSTRUCTION, KL = 4.0443579454, 1.2892547776


def build(prior):
    return prior.build(setting()).double()


STANDARD_NORMAL = build(StandardNormal())


def output_of(posterior, prior=STANDARD_NORMAL):
    reconstruction = -Bernoulli().build(setting((5,))).log_prob(LOGITS, X)
    return ModelOutput(X, posterior, posterior.rsample(NOISE), reconstruction, prior)


GOLDEN_OUTPUT = output_of(NormalParameters(LOC, LOGVAR))


def inputs_at(objective, warmup=1.0, step=0, n_steps=100):
    weights = {**objective.weights(step, n_steps), "warmup": warmup}
    return StepInputs({"first": Batch(X)}, {"posterior": NOISE}, weights, X)


def loss_and_terms(objective, output=GOLDEN_OUTPUT, **when):
    """Return an objective's loss of an output that a model is said to have given."""
    loss, terms, carried = objective.validated().loss(lambda x, noise: output, inputs_at(objective, **when))
    assert carried is output
    return loss, terms


# ---------------------------------------------------------------------- goldens


def test_golden_losses():
    loss, terms = loss_and_terms(ELBO())
    assert_golden(loss, 5.3336127230)
    assert_golden(terms["reconstruction"], RECONSTRUCTION)
    assert_golden(terms["kl"], KL)
    assert_golden(loss_and_terms(ELBO(beta=4))[0], 9.2013770559)


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (ELBO(free_bits=0.5), 1.5),
        (ELBO(free_bits=0.9), 2.7),
        (ELBO(free_bits=2, free_bits_per="row"), 2.0730892792),
    ],
)
def test_golden_free_bits(objective, expected):
    loss, terms = loss_and_terms(objective)
    assert_golden(loss - terms["reconstruction"], expected)
    assert_golden(terms["kl"], KL)


def test_golden_decoupled_loss():
    loss, terms = loss_and_terms(ELBO(beta=4), output_of(NormalParameters(LOC, LOGVAR), as_prior(golden_flow(3))))
    assert_golden(terms["kl"], 2.2564827093)
    assert_golden(loss, RECONSTRUCTION + 4 * 2.2564827093)


# ---------------------------------------------------------------------- identities


def test_beta_one_is_the_bound_bit_for_bit():
    loss, terms = loss_and_terms(ELBO(beta=1.0))
    assert loss == terms["reconstruction"] + terms["kl"]
    assert loss == loss_and_terms(ELBO())[0]
    held_out = ELBO(beta=7.0).held_out_loss(GOLDEN_OUTPUT)
    assert held_out.shape == (4,)
    assert_golden(held_out.mean(), 5.3336127230)


def test_beta_zero_is_a_noisy_autoencoder():
    loss, terms = loss_and_terms(ELBO(beta=0))
    assert loss == terms["reconstruction"]


def test_the_derivative_in_beta_is_the_divergence():
    beta = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    objective = ELBO(beta=beta)
    penalty, terms = objective.penalty(GOLDEN_OUTPUT, inputs_at(objective))
    (slope,) = torch.autograd.grad(penalty, beta)
    torch.testing.assert_close(slope, terms["kl"])


def test_codes_that_say_nothing_cost_nothing():
    zero = torch.zeros(4, 3, dtype=torch.float64)
    loss, terms = loss_and_terms(ELBO(beta=4), output_of(NormalParameters(zero, zero)))
    assert terms["kl"] == 0
    assert_golden(loss, RECONSTRUCTION)


@pytest.mark.parametrize("warmup", [0.0, 0.3, 1.0])
def test_warmup_scales_the_penalty_and_leaves_the_terms(warmup):
    loss, terms = loss_and_terms(ELBO(beta=4), warmup=warmup)
    assert_golden(loss, RECONSTRUCTION + warmup * 4 * KL)
    assert_golden(terms["kl"], KL)


@pytest.mark.parametrize(("step", "weight"), [(0, 0.0), (5, 0.5), (10, 1.0), (60, 1.0)])
@pytest.mark.parametrize("steps", [10, 0.1])
def test_beta_may_rise_by_itself(steps, step, weight):
    loss, _ = loss_and_terms(ELBO(beta=Warmup(value=4, steps=steps)), step=step)
    assert_golden(loss, RECONSTRUCTION + weight * 4 * KL)


def test_at_the_start_a_decoupled_prior_changes_nothing_but_the_estimate():
    """The divergence is sampled: log q - log p at z, its entropy part in closed form."""
    q = NormalParameters(LOC, LOGVAR)
    _, terms = loss_and_terms(ELBO(), output_of(q, build(Decoupled())))
    _, plain = loss_and_terms(ELBO(), output_of(q))
    expected = plain["kl"] + 0.5 * (Z.square() - LOC.square() - LOGVAR.exp()).sum(-1).mean()
    torch.testing.assert_close(terms["kl"].detach(), expected)


# ---------------------------------------------------------------------- free bits


def test_below_the_floor_there_is_nothing_to_gain():
    loc, logvar = LOC.clone().requires_grad_(), LOGVAR.clone().requires_grad_()
    output = output_of(NormalParameters(loc, logvar))
    penalty, _ = ELBO(free_bits=0.9).penalty(output, inputs_at(ELBO(free_bits=0.9)))
    assert not any(gradient.any() for gradient in torch.autograd.grad(penalty, (loc, logvar)))
    penalty, _ = ELBO(free_bits=0.1).penalty(output, inputs_at(ELBO(free_bits=0.1)))
    assert_golden(penalty, KL)


def test_free_bits_per_component_ask_for_a_product():
    objective = ELBO(free_bits=0.5)
    for prior in (StandardNormal(), ElementwiseFlow()):
        objective.check(build(prior), Q)
    with pytest.raises(IncompatibleChoiceError, match="free_bits_per='row', or choose prior='normal'"):
        objective.check(build(Decoupled()), Q)
    ELBO(free_bits=0.5, free_bits_per="row").check(build(Decoupled()), Q)


# ---------------------------------------------------------------------- a prior with a loss of its own


class Shift(Prior):
    """log N(z; a, 1), the prior of golden 21."""

    def __init__(self, a):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a, dtype=torch.float64))

    def log_prob(self, z):
        return normal_log_density(z, self.a, torch.zeros_like(z)).sum(-1)

    def kl(self, posterior, z):
        return -posterior.entropy() - self.log_prob(z)

    def to_representation_space(self, z0):
        return self.a + z0

    def to_generation_space(self, z):
        return z - self.a


def test_golden_gradients_of_a_split_prior():
    """q = N(1.3, 1), p = N(0.4, 1), beta = 0.5."""
    m, prior = double([1.3], [1.3]).requires_grad_(), Shift(0.4)
    q = NormalParameters(m, torch.zeros_like(m))
    output = ModelOutput(None, q, q.rsample(double([1.0], [-1.0])), torch.zeros(2).double(), prior)
    objective = ELBO(beta=0.5, prior_weight=1)
    assert_golden(torch.autograd.grad(objective.penalty(output, inputs_at(objective))[0], m)[0].sum(), 0.45)

    for beta in (0.0, 0.5, 3.0):
        objective = ELBO(beta=beta, prior_weight=1)
        loss, _, carried = objective.prior_loss(None, inputs_at(objective), output)
        assert carried is output
        assert_golden(torch.autograd.grad(loss, prior.a)[0], -0.9)


def test_phases():
    (joint,) = ELBO().phases()
    assert "prior" in joint.parts
    joint, alone = ELBO(prior_weight=1).phases()
    assert "prior" not in joint.parts
    assert alone.parts == ("prior",)


@pytest.mark.parametrize(
    "wrong",
    [{"beta": -1.0}, {"beta": "4"}, {"free_bits": -0.1}, {"free_bits_per": "batch"}, {"prior_weight": 0}],
)
def test_errors_name_the_parameter(wrong):
    with pytest.raises(ValueError, match=f"The '{next(iter(wrong))}' parameter of ELBO must be"):
        ELBO(**wrong).validated()
