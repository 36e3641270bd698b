"""Laws of every objective under every prior, over one table of constructors."""

import copy
import pickle

import pytest
import torch
from golden_batch import LOC, LOGVAR
from objective_world import (
    BATCH,
    N_COMPONENTS,
    OBJECTIVES,
    PAIRS,
    PRIORS,
    ROWS,
    SampledNormalPrior,
    gradients,
    inputs_of,
    look,
    make_net,
    take_step,
    take_steps,
    weights,
)
from settings_of_words import setting
from sklearn.base import clone

from vaekit._outputs import TRAINED_PARTS
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.posteriors import NormalParameters
from vaekit.utils._torch import make_generator, whitened_noise

over_objectives = pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
over_pairs = pytest.mark.parametrize(
    ("objective", "prior"), [(OBJECTIVES[o], p) for o, p in PAIRS], ids=[f"{o} x {p}" for o, p in PAIRS]
)
FLOWS = [(o, p) for o, p in PAIRS if p.endswith(("flow", "decoupled"))]
over_flows = pytest.mark.parametrize(
    ("objective", "prior"), [(OBJECTIVES[o], p) for o, p in FLOWS], ids=[f"{o} x {p}" for o, p in FLOWS]
)
A_CRITIC_TELLS = "adversarial bayes"  # the KL that is recorded is what a discriminator makes of it
KNOWN = [(o, p) for o, p in FLOWS if not o.startswith(A_CRITIC_TELLS)]


# ---------------------------------------------------------------------- which words stand together

NEED_NO_DENSITY = {"mmd", "mmd, split", "jensen-shannon, split", "density ratio, split"}
TRAIN_NO_PRIOR = {"permutation contrast", "adversarial bayes", "tripod"}
NOTHING_TRAINS = "Nothing would train.*set prior_weight=1"
REFUSED = {
    **{(o, "generator"): "choose prior='normal' or 'decoupled'" for o in set(OBJECTIVES) - NEED_NO_DENSITY},
    **{(o, "generator"): NOTHING_TRAINS for o in ("jensen-shannon", "density ratio")},
    **{(o, p): NOTHING_TRAINS for o in TRAIN_NO_PRIOR for p in set(PRIORS) - {"normal"}},
}


def test_every_other_pair_stands_together():
    assert {(o, p) for o in OBJECTIVES for p in PRIORS} - set(PAIRS) == set(REFUSED)


@pytest.mark.parametrize(("objective", "prior"), sorted(REFUSED))
def test_a_refusal_teaches_the_remedy(objective, prior):
    with pytest.raises(IncompatibleChoiceError, match=REFUSED[objective, prior]):
        OBJECTIVES[objective].check(
            PRIORS[prior].build(setting(n_components=N_COMPONENTS)), NormalParameters(LOC, LOGVAR)
        )


# ---------------------------------------------------------------------- one mechanism


@over_pairs
def test_phases_name_parts_of_the_model_and_leave_none_out(objective, prior):
    phases = objective.phases()
    assert len({phase.name for phase in phases}) == len(phases)
    assert {part for phase in phases for part in phase.parts} <= set(TRAINED_PARTS)
    net = make_net(objective, prior)
    for group, own, phase in zip(net.optimizer_.param_groups, net.parameters_, net.phases_, strict=True):
        filled = group["params"][0].numel() - sum(p.numel() for p in own)  # each part, up to a multiple of 16
        assert 0 <= filled < 16 * len(phase.parts)
        assert group["params"][0].numel() % 16 == 0
    assert set(weights(net)) <= {part for phase in net.phases_ for part in phase.parts}


@over_pairs
def test_a_phase_moves_its_own_parts_and_nothing_else(objective, prior):
    net, seen = make_net(objective, prior), []
    take_step(net, inputs_of(objective, step=1), on_gradients=lambda *_: seen.append(weights(net)))
    for phase, before, after in zip(net.phases_, seen, [*seen[1:], weights(net)], strict=True):
        moved = {part for part in before if not torch.equal(before[part], after[part])}
        assert moved
        assert moved <= set(phase.parts)


@over_pairs
def test_everything_learns(objective, prior):
    net = make_net(objective, prior)
    before = {name: p.detach().clone() for name, p in net.module_.named_parameters()}
    take_steps(net)
    still = [name for name, p in net.module_.named_parameters() if torch.equal(p, before[name])]
    assert still == []


@over_pairs
def test_a_step_gives_finite_numbers_under_names_of_their_own(objective, prior):
    net = make_net(objective, prior)
    terms = take_step(net, inputs_of(objective, step=1))
    assert next(iter(terms)) == "train"
    assert {phase.name for phase in net.phases_[1:]} <= set(terms)
    assert terms["reconstruction"] > 0
    assert all(term.shape == () and term.isfinite() for term in terms.values())


@over_pairs
def test_a_step_depends_on_its_inputs_alone(objective, prior):
    state = torch.get_rng_state()
    one, other = (take_steps(make_net(objective, prior)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    assert one == other
    assert take_step(make_net(objective, prior), inputs_of(objective, step=7)) != one[0]


@over_objectives
def test_every_noise_that_is_asked_for_matters(objective):
    net, inputs = make_net(objective), inputs_of(objective, step=1)
    for name, noise in inputs.noise.items():
        assert look(net, inputs._replace(noise={**inputs.noise, name: torch.sin(9 * noise)})) != look(net, inputs)


@over_objectives
def test_weights_may_be_tensors(objective):
    inputs = inputs_of(objective, step=1)
    weights = {name: torch.tensor(float(weight), dtype=torch.float64) for name, weight in inputs.weights.items()}
    tensors = inputs._replace(weights=weights)
    torch.testing.assert_close(look(make_net(objective), tensors), look(make_net(objective), inputs))


@over_objectives
def test_a_copy_is_the_same_objective(objective):
    for twin in (clone(objective), copy.deepcopy(objective), pickle.loads(pickle.dumps(objective))):
        assert take_steps(make_net(twin.validated())) == take_steps(make_net(objective))


@over_pairs
def test_held_out_rows_have_a_loss_each(objective, prior):
    net, inputs = make_net(objective, prior), inputs_of(objective)
    width = objective.held_out_noise(net.noise_widths)
    noise = torch.randn(BATCH, width, generator=make_generator(0), dtype=ROWS.dtype)
    losses = objective.held_out_losses(net.module_, inputs.batches["first"], noise)
    assert losses.shape == (BATCH,)
    assert losses.isfinite().all()


# ---------------------------------------------------------------------- decoupled twins


@over_flows
def test_an_identity_flow_changes_neither_terms_nor_gradients(objective, prior):
    twin, plain = make_net(objective, prior), make_net(objective, SampledNormalPrior())
    terms, gradient = look(twin), gradients(twin)
    for name, expected in look(plain).items():
        torch.testing.assert_close(terms[name], expected, rtol=1e-10, atol=1e-12)
    for key, expected in gradients(plain).items():
        torch.testing.assert_close(gradient[key], expected, rtol=1e-10, atol=1e-12)


DRAWS = {"posterior", "further", "before"}  # names of noise that codes are made of


def kl_of(terms):
    """Return the KL among recorded terms, put together from its parts if need be; None where it has no part."""
    parts = ("mutual_information", "total_correlation", "dimension_kl")
    return terms["kl"] if "kl" in terms else sum(terms[part] for part in parts) if "dimension_kl" in terms else None


@pytest.mark.parametrize(("o", "prior"), KNOWN, ids=[f"{o} x {p}" for o, p in KNOWN])
def test_its_kl_is_the_closed_form_in_expectation(o, prior):
    objective = OBJECTIVES[o]
    inputs, twin = inputs_of(objective), make_net(objective, prior)

    def kl_at(eps):
        shapes = {name: (BATCH, inputs.noise[name].shape[1] // len(eps)) for name in DRAWS & set(inputs.noise)}
        tiled = {name: eps.repeat(shape) for name, shape in shapes.items()}
        return kl_of(look(twin, inputs._replace(noise={**inputs.noise, **tiled})))

    kls = [kl_at(eps) for eps in torch.from_numpy(whitened_noise(8, N_COMPONENTS))]
    if kls[0] is not None:
        plain, seen = make_net(OBJECTIVES["elbo"]).module_, inputs.batches.keys() & {"first", "before"}
        expected = [plain.encode(inputs.batches[name].x).kl_to_standard_normal().mean() for name in seen]
        torch.testing.assert_close(torch.stack(kls).mean(), sum(expected) / len(seen), rtol=1e-10, atol=1e-12)
    else:
        assert not objective.uses_warmup
