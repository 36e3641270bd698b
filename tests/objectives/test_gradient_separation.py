"""Who learns from what: gradients that must be the same, and gradients that must be zero, to the last bit."""

import pytest
import torch
from golden_batch import double
from objective_world import OBJECTIVES, SMALL, gradients, inputs_of, make_net, shaken, take_steps, weights
from sklearn.base import clone

from vaekit.objectives import ELBO, MMD, AggregateDivergence, Capacity, DensityRatio, JensenShannon, TotalCorrelation

CODES_AND_DATA = ("encoder", "posterior", "decoder", "likelihood")
BETAS = (0.0, 0.1, 1.0)


def same_bits(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def of(phase, gradient):
    return {part: value for (name, part), value in gradient.items() if name == phase}


def any_gradient(loss, module):
    return any(g.any() for g in torch.autograd.grad(loss, list(module.parameters()), materialize_grads=True))


# ---------------------------------------------------------------------- a prior with a loss of its own


def flow_net(objective, flow_seed=0):
    return shaken(make_net(objective, "decoupled"), "prior", flow_seed)


def test_at_beta_one_all_gradients_are_those_of_the_joint_bound():
    split, joint = gradients(flow_net(ELBO(prior_weight=1))), gradients(flow_net(ELBO()))
    for part, expected in of("joint", joint).items():
        phase = "prior" if part == "prior" else "joint"
        torch.testing.assert_close(split[phase, part], expected, rtol=1e-10, atol=1e-12)


def test_the_flow_learns_the_same_whatever_beta_is():
    learned = [of("prior", gradients(flow_net(ELBO(beta=beta, prior_weight=1)))) for beta in BETAS]
    assert learned[0]["prior"].any()
    assert all(same_bits(learned[0], other) for other in learned)


@pytest.mark.parametrize("name", [name for name in OBJECTIVES if name != "capacity, one-sided"])
def test_the_flow_learns_the_same_whatever_the_objective_is(name):
    objective = clone(OBJECTIVES[name]).set_params(prior_weight=2)
    learned = of("prior", gradients(flow_net(objective)))["prior"]
    expected = of("prior", gradients(flow_net(ELBO(prior_weight=1))))["prior"]
    torch.testing.assert_close(learned, 2 * expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", [name for name in OBJECTIVES if "split" in name])
def test_its_loss_reaches_nothing_else(name):
    net = flow_net(OBJECTIVES[name])
    inputs = inputs_of(net.objective)
    carried = net.phases_[0].loss(net.module_, inputs, None).carried
    (prior,) = (phase for phase in net.phases_ if phase.name == "prior")
    for part in CODES_AND_DATA:
        assert not any_gradient(prior.loss(net.module_, inputs, carried).loss, getattr(net.module_, part))


def test_at_beta_zero_the_codes_do_not_see_the_flow():
    seen = [of("joint", gradients(flow_net(ELBO(beta=0, prior_weight=1), seed))) for seed in range(2)]
    assert same_bits(*seen)
    with_kl = [of("joint", gradients(flow_net(ELBO(beta=0.1, prior_weight=1), seed))) for seed in range(2)]
    assert not torch.equal(with_kl[0]["encoder"], with_kl[1]["encoder"])
    assert torch.equal(with_kl[0]["decoder"], with_kl[1]["decoder"])


@pytest.mark.parametrize(("max_capacity", "learns"), [(100.0, False), (1e-3, True)])
def test_a_one_sided_flow_learns_only_above_the_capacity(max_capacity, learns):
    def gradient(training):
        objective = Capacity(max_capacity=max_capacity, capacity_steps=1, prior_training=training)
        return gradients(flow_net(objective), inputs_of(objective, step=1))

    one_sided, split, joint = (gradient(training) for training in ("one_sided", "split", "joint"))
    expected = split["prior", "prior"] if learns else torch.zeros_like(split["prior", "prior"])
    assert torch.equal(one_sided["prior", "prior"], expected)
    # jointly the flow is driven away from the codes while their KL lies below the capacity
    sign = 1 if learns else -1
    torch.testing.assert_close(joint["joint", "prior"], sign * 15 * split["prior", "prior"])
    assert same_bits(of("joint", one_sided), of("joint", split))


# ---------------------------------------------------------------------- a learned generator

DIVERGENCES = {"mmd": MMD(), "jensen-shannon": JensenShannon(**SMALL), "density ratio": DensityRatio(**SMALL)}
over_divergences = pytest.mark.parametrize("divergence", DIVERGENCES.values(), ids=DIVERGENCES)


def generator_net(divergence, weight):
    return make_net(AggregateDivergence(weight=weight, divergence=divergence, prior_weight=1), "generator")


@over_divergences
def test_the_generator_learns_at_full_weight(divergence):
    learned = [gradients(generator_net(divergence, beta))["prior", "prior"] for beta in BETAS]
    assert learned[0].any()
    assert all(torch.equal(learned[0], other) for other in learned)


@over_divergences
def test_at_weight_zero_the_codes_are_those_of_an_autoencoder(divergence):
    net, autoencoder = generator_net(divergence, 0.0), make_net(ELBO(beta=0))
    assert same_bits(of("joint", gradients(net)), of("joint", gradients(autoencoder)))
    take_steps(net), take_steps(autoencoder)
    assert same_bits(weights(net, CODES_AND_DATA), weights(autoencoder, CODES_AND_DATA))


@over_divergences
def test_the_weight_sets_what_the_divergence_counts_beside_the_reconstruction(divergence):
    """In one loss with it: an Adam of its own would divide the weight out again."""
    none, half, full = (of("joint", gradients(generator_net(divergence, weight))) for weight in (0.0, 0.5, 1.0))
    for part in ("encoder", "posterior"):
        assert (full[part] - none[part]).any()
        torch.testing.assert_close(2 * (half[part] - none[part]), full[part] - none[part], rtol=1e-9, atol=1e-12)


# ---------------------------------------------------------------------- discriminators


def has_phase(name, phase):
    return any(phase == each.name for each in OBJECTIVES[name].phases())


DISCRIMINATED = [name for name in OBJECTIVES if has_phase(name, "discriminator")]
CONTROLLED = [name for name in OBJECTIVES if has_phase(name, "controller")]


def test_there_are_discriminators():
    assert {name.split(",")[0].removesuffix(" and kl") for name in DISCRIMINATED} == {
        "total correlation", "jensen-shannon", "density ratio", "adversarial bayes",
    }  # fmt: skip


@pytest.mark.parametrize("prior", ["normal", "decoupled"])
@pytest.mark.parametrize("name", [name for name in [*DISCRIMINATED, *CONTROLLED] if name != "jensen-shannon"])
def test_the_loss_of_what_is_trained_beside_the_model_reaches_nothing_else(name, prior):
    net = make_net(OBJECTIVES[name], prior)
    inputs = inputs_of(net.objective)
    carried = net.phases_[0].loss(net.module_, inputs, None).carried
    (discriminator,) = (phase for phase in net.phases_ if phase.name in ("discriminator", "controller"))
    assert discriminator.parts == ("discriminator",)
    assert any_gradient(discriminator.loss(net.module_, inputs, carried).loss, net.module_.discriminator)
    for part in set(weights(net)) - {"discriminator"}:
        assert not any_gradient(discriminator.loss(net.module_, inputs, carried).loss, getattr(net.module_, part))


@pytest.mark.parametrize("name", DISCRIMINATED)
def test_the_discriminator_keeps_its_own_pace(name):
    net = make_net(OBJECTIVES[name])
    (group,) = (g for g, phase in zip(net.optimizer_.param_groups, net.phases_) if phase.name == "discriminator")
    assert (group["lr"], group["betas"]) == (1e-2, (0.5, 0.9))


@pytest.mark.parametrize("divergence", [JensenShannon(), DensityRatio()])
def test_codes_draws_and_discriminator_pull_the_right_way(divergence):
    """Logits that take a larger number for a code: log q / p = z."""
    codes, drawn = double([-1], [0.5]).requires_grad_(), double([0.2], [2]).requires_grad_()

    def discriminator(z):
        return torch.cat([z, torch.zeros_like(z)], dim=1)

    def pull(loss):
        return [
            -g.sign().flatten().tolist()[0] for g in torch.autograd.grad(loss, (codes, drawn), materialize_grads=True)
        ]

    assert pull(divergence.between(codes, drawn, discriminator)) == [-1, 0]
    assert pull(divergence.for_generator(codes, drawn, discriminator)) == [0, 1]
    assert pull(divergence.discriminator_loss(codes, drawn, discriminator)) == [1, -1]


def test_a_discriminator_that_sees_no_difference_pulls_nowhere():
    net = make_net(TotalCorrelation(gamma=100, **SMALL))
    with torch.no_grad():
        for p in net.module_.discriminator.parameters():
            p.zero_()
    plain = of("joint", gradients(make_net(ELBO())))
    assert same_bits(of("joint", gradients(net)), plain)


def test_the_second_batch_is_shuffled_component_by_component():
    """What the discriminator is shown: this step's codes, and codes of the second batch, each column reordered."""
    net, shown = make_net(TotalCorrelation(**SMALL)), []
    net.module_.discriminator.register_forward_hook(lambda module, inputs, output: shown.append(inputs[0].detach()))
    inputs = inputs_of(net.objective)
    output = net.phases_[0].loss(net.module_, inputs, None).carried
    shown.clear()
    net.phases_[1].loss(net.module_, inputs, output)
    second = net.module_.encode(inputs.batches["second"].x).rsample(inputs.noise["second"]).detach()
    assert torch.equal(shown[0], output.z.detach())
    assert torch.equal(shown[1].sort(0).values, second.sort(0).values)
    assert not torch.equal(shown[1], second)
    orders = [(shown[1][:, [j]] == second[:, j]).float().argmax(1).tolist() for j in range(3)]
    assert len({tuple(order) for order in orders}) == 3
