"""A step is a function of tensors: it can be traced once and replayed, and run for many models at once.

Over the table of objectives, priors and likelihoods, with every strength a tensor.
"""

import pytest
import torch
from objective_world import (
    LEARNED,
    N_STEPS,
    OBJECTIVES,
    PAIRS,
    ROWS,
    Standstill,
    inputs_of,
    make_net,
    shaken,
    weights_at,
)
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.utils import _pytree as pytree

from vaekit._outputs import Batch, StepInputs
from vaekit.engine import ResidentRows
from vaekit.engine._recording import recorded
from vaekit.engine._step import run_step
from vaekit.likelihoods import Bernoulli, CorrelatedNormal, Laplace, Normal, SquaredError
from vaekit.objectives import ELBO, MMD, AggregateDivergence, Capacity, CovariancePenalty, TotalCorrelation, Warmup

TOLERANCE = 1e-10
STRENGTHS = (0.4, 1.0, 100.0)  # the last lifts capacities and free nats above every KL
LIKELIHOODS = {
    "bernoulli": Bernoulli(),
    "normal, closed form": Normal(),
    "normal, per feature": Normal(scale="per_feature"),
    "normal, learned": LEARNED,
    "normal, learned per feature": Normal(scale="learned_per_feature"),
    "normal, fixed": Normal(scale=0.5),
    "laplace, closed form": Laplace(),
    "laplace, learned": Laplace(scale="learned"),
    "squared error": SquaredError(),
    "normal, correlated": CorrelatedNormal(),
}
SETTLE_NOTHING = {"bernoulli", "normal, fixed"}
MORE_OBJECTIVES = {
    "free bits per component": ELBO(free_bits=0.2),
    "rising free bits' beta, split": ELBO(beta=Warmup(value=4), free_bits=1, free_bits_per="row", prior_weight=2),
    "one-sided, weighted": Capacity(max_capacity=2, prior_training="one_sided", prior_weight=3),
    "two strengths of covariance": CovariancePenalty(lambda_od=2, lambda_d=3),
    "codes standardized on their own": TotalCorrelation(discriminator_layer_sizes=(8,)),
    "median of distances": AggregateDivergence(divergence=MMD(bandwidth="median")),
    "both rise": AggregateDivergence(kl_weight=Warmup(value=2), weight=Warmup(value=3)),
    **{f"mmd, {k}": AggregateDivergence(divergence=MMD(kernel=k)) for k in ("infovae", "imq_multi", "rbf_multi")},
}
# every objective under a prior without and with parameters, and every likelihood
CASES = [
    *[(OBJECTIVES[o], p, LEARNED, f"{o} x {p}") for o, p in PAIRS if p in ("normal", "decoupled")],
    *[(objective, "normal", LEARNED, name) for name, objective in MORE_OBJECTIVES.items()],
    *[(OBJECTIVES["elbo"], "decoupled", likelihood, f"elbo x {name}") for name, likelihood in LIKELIHOODS.items()],
]
over_cases = pytest.mark.parametrize(
    ("objective", "prior", "likelihood"), [case[:3] for case in CASES], ids=[case[3] for case in CASES]
)


def make_world(objective, prior, likelihood, seed=0):
    """Return a net in training, away from where every flow is the identity."""
    net = shaken(make_net(objective, prior, seed, likelihood), "prior", seed)
    net.module_.train()
    return net


def tensors_of(objective, seed, strength):
    """Return rows by draw, noise and weights of a step, tensors all; weights are scaled by `strength`."""
    inputs = inputs_of(objective, step=seed)
    numbers = weights_at(objective, 1, N_STEPS)
    weights = {name: torch.tensor(strength * weight, dtype=torch.float64) for name, weight in numbers.items()}
    return {name: batch.x for name, batch in inputs.batches.items()}, inputs.noise, weights


def inputs_from(rows, noise, weights):
    return StepInputs({name: Batch(x) for name, x in rows.items()}, noise, weights, ResidentRows(ROWS))


def state_of(net):
    """Parameters and buffers by name, without a gradient of their own."""
    state = [dict(net.module_.named_parameters()), dict(net.module_.named_buffers())]
    return [{name: tensor.detach() for name, tensor in tensors.items()} for tensors in state]


def names_of_phases(net):
    """Names of the parameters that each phase trains."""
    names = {parameter: name for name, parameter in net.module_.named_parameters()}
    return [[names[parameter] for parameter in own] for own in net.parameters_]


class Whole(nn.Module):
    """A module whose pass is a function of itself, for `functional_call`."""

    def __init__(self, module, function):
        super().__init__()
        self.module, self.function = module, function

    def forward(self, *args):
        return self.function(self.module, *args)


def called(net, function, state, *args):
    """Call a function with the module as if it held these parameters and buffers."""
    named = {f"module.{name}": tensor for tensors in state for name, tensor in tensors.items()}
    return functional_call(Whole(net.module_, function), named, args)


def agree(found, expected, what):
    distance, size = (found - expected).norm(), expected.norm()
    assert distance <= TOLERANCE * size, f"{what}: {distance} of {size}"


def assert_agree(found, expected):
    """Losses and terms, gradients of every phase, and what the likelihood saw."""
    (terms, gradients, observed), (wanted, wanted_gradients, wanted_observed) = found, expected
    assert list(terms) == list(wanted)
    for name in wanted:
        agree(terms[name], wanted[name], name)
    for phase, (gradient, wanted_gradient) in enumerate(zip(gradients, wanted_gradients, strict=True)):
        agree(gradient, wanted_gradient, f"gradient of phase {phase}")
    assert (observed is None) == (wanted_observed is None)
    if observed is not None:
        agree(observed, wanted_observed, "observed")


# ---------------------------------------------------------------------- eager


def eager(net, rows, noise, weights):
    """Terms, gradients and what was observed of a step that is not taken, as the engine runs it."""
    taken = []
    terms, observed = run_step(
        net.module_, net.phases_, net.parameters_, Standstill(), inputs_from(rows, noise, weights),
        lambda own, gradients: taken.append(torch.cat([gradient.flatten() for gradient in gradients])),
    )  # fmt: skip
    return terms, taken, observed


@over_cases
def test_numbers_and_tensors_are_the_same_strengths(objective, prior, likelihood):
    net, (rows, noise, _) = make_world(objective, prior, likelihood), tensors_of(objective, 1, 1.0)
    numbers = weights_at(objective, 1, N_STEPS)
    tensors = {name: torch.tensor(weight, dtype=torch.float64) for name, weight in numbers.items()}
    assert_agree(eager(net, rows, noise, tensors), eager(net, rows, noise, numbers))


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_step_gives_out_what_the_likelihood_saw_and_keeps_nothing(name):
    net = make_world(ELBO(), "normal", LIKELIHOODS[name])
    _, _, observed = eager(net, *tensors_of(ELBO(), 1, 1.0))
    assert (observed is None) == (name in SETTLE_NOTHING)
    assert net.module_.likelihood.observed is None


# ---------------------------------------------------------------------- traced


def traced_step(net, state, *tensors):
    """Return the step as a graph of operations on tensors, from parameters, buffers, rows, noise and weights."""

    def step(parameters, buffers, rows, noise, weights):
        own = {name: tensor.detach().requires_grad_() for name, tensor in parameters.items()}
        of_phases = [[own[name] for name in names] for names in names_of_phases(net)]
        taken = []

        def run(module):
            return run_step(
                module, net.phases_, of_phases, Standstill(), inputs_from(rows, noise, weights),
                lambda _, gradients: taken.append(torch.cat([gradient.flatten() for gradient in gradients])),
            )  # fmt: skip

        terms, observed = called(net, run, [own, buffers])
        return {name: term.detach() for name, term in terms.items()}, taken, observed

    flat, form = pytree.tree_flatten((*state, *tensors))
    forms = []

    def flat_step(*given):
        leaves, found = pytree.tree_flatten(step(*pytree.tree_unflatten(given, form)))
        forms.append(found)
        return leaves

    graph = recorded(flat_step, flat)
    return lambda *given: pytree.tree_unflatten(graph(*pytree.tree_leaves(given)), forms[0])


@over_cases
def test_a_traced_step_is_the_step(objective, prior, likelihood):
    net = make_world(objective, prior, likelihood)
    step = traced_step(net, state_of(net), *tensors_of(objective, 1, 1.0))
    other = make_world(objective, prior, likelihood, seed=1)
    for seed, strength in enumerate((0.0, *STRENGTHS)):
        tensors = tensors_of(objective, seed, strength)
        assert_agree(step(*state_of(other), *tensors), eager(other, *tensors))


# ---------------------------------------------------------------------- many at once


def phase_gradient(net, k):
    """Return the gradient of one phase's loss by its own parameters, with terms and what was observed, as a function.

    The phases before it run with it, because it is handed what they carried.
    """
    own_names = names_of_phases(net)[k]

    def gradient(parameters, buffers, rows, noise, weights):
        def loss(own):
            def run(module):
                inputs, recorded, carried = inputs_from(rows, noise, weights), {}, None
                for i, phase in enumerate(net.phases_[: k + 1]):
                    value, terms, carried = phase.loss(module, inputs, carried)
                    recorded.update({phase.name if i else "train": value, **terms})
                observed = module.likelihood.take_observed()
                return value, (recorded, [] if observed is None else [observed])

            return called(net, run, [{**parameters, **own}, buffers])

        gradients, (terms, observed) = grad(loss, has_aux=True)({name: parameters[name] for name in own_names})
        return terms, torch.cat([gradients[name].flatten() for name in own_names]), observed

    return gradient


def stacked(trees):
    """Stack dictionaries of tensors."""
    return {name: torch.stack([tree[name] for tree in trees]) for name in trees[0]}


@over_cases
def test_many_models_at_once_are_each_of_them(objective, prior, likelihood):
    nets = [make_world(objective, prior, likelihood, seed) for seed in range(3)]
    tensors = [tensors_of(objective, seed, strength) for seed, strength in enumerate(STRENGTHS)]
    state = [{n: t.detach() for n, t in own.items()} for own in stack_module_state([net.module_ for net in nets])]
    args = [*state, *(stacked(trees) for trees in zip(*tensors))]
    many = [vmap(phase_gradient(nets[0], k))(*args) for k in range(len(nets[0].phases_))]
    for i, (net, own) in enumerate(zip(nets, tensors)):
        terms, _, observed = many[-1]
        found = {name: term[i] for name, term in terms.items()}
        seen = observed[0][i] if observed else None
        assert_agree((found, [gradient[i] for _, gradient, _ in many], seen), eager(net, *own))
