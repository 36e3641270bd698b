"""The flat buffer is the parameters; the phased Adam is Adam, once per phase."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn

from vaekit.engine import PhasedAdam
from vaekit.engine._optimizer import MULTIPLE, FlatParameters, flat_gradient

PARTS = ("first", "absent", "second", "bare", "third")


class Model(nn.Module):
    """Five parts: one is None, one has no parameters, one has a frozen parameter."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.first, self.second, self.third = nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(2, 5)
        self.absent, self.bare = None, nn.ReLU()
        self.third.bias.requires_grad_(False)

    def forward(self, x):
        return self.third(self.bare(self.second(self.first(x))))


@pytest.fixture
def model():
    with torch.random.fork_rng():
        return Model()


def values(parameters):
    return torch.cat([parameter.detach().reshape(-1) for parameter in parameters])


def filled_up(flat, names):
    """The values of some parts as their slice of the buffer is to hold them: each with zeros up to a multiple of 16."""
    held = [values(own) for name, own in flat.parts.items() if name in names]
    return torch.cat([nn.functional.pad(part, (0, -len(part) % MULTIPLE)) for part in held])


def test_parameters_become_views_with_the_same_values(model):
    before, x = [p.clone() for p in model.parameters()], torch.ones(2, 3)
    output = model(x)
    flat = FlatParameters(model, PARTS)
    assert all(torch.equal(p, kept) for p, kept in zip(model.parameters(), before))
    assert torch.equal(model(x), output)
    with torch.no_grad():
        flat.buffer.zero_()
    trained = [p for p in model.parameters() if p.requires_grad]
    assert all((p == 0).all() for p in trained)
    assert [len(flat.of([name])[1]) for name in flat.parts] == [16, 16, 16]  # 3 * 4 + 4, 4 * 2 + 2, 2 * 5 weights


def test_frozen_parameters_stay_outside(model):
    bias = model.third.bias.clone()
    flat = FlatParameters(model, PARTS)
    with torch.no_grad():
        flat.buffer.zero_()
    assert torch.equal(model.third.bias, bias)


@pytest.mark.parametrize(
    "names",
    [PARTS, ("first",), ("second", "third"), ("third", "second"), ("first", "second"), ("second", "bare", "third")],
)
def test_a_slice_holds_the_parameters_of_its_parts_in_order(model, names):
    flat = FlatParameters(model, PARTS)
    parameters, weights = flat.of(names)
    assert torch.equal(weights, filled_up(flat, names))
    assert {id(p) for p in parameters} == {
        id(p) for name in names if getattr(model, name) for p in getattr(model, name).parameters() if p.requires_grad
    }
    weights.fill_(7.0)
    assert (values(parameters) == 7).all()


def test_parts_that_do_not_follow_each_other_are_refused(model):
    with pytest.raises(ValueError, match=r"first.*third.*do not follow each other"):
        FlatParameters(model, PARTS).of(("first", "third"))


@pytest.mark.parametrize(
    ("together", "order"),
    [
        ([], ["first", "second", "third"]),
        ([("third", "second"), ("first",)], ["first", "second", "third"]),
        ([("first", "third")], ["first", "third", "second"]),
        ([("first", "absent", "third"), ("second", "third")], ["first", "third", "second"]),
        ([("first", "third"), ("first", "second")], ["second", "first", "third"]),
        ([("first", "third"), ("first", "third"), PARTS, ("bare",)], ["first", "third", "second"]),
    ],
)
def test_the_buffer_has_an_order_in_which_the_parts_of_every_phase_are_one_slice(model, together, order):
    x = torch.ones(2, 3)
    output = model(x)
    flat = FlatParameters(model, PARTS, together)
    assert list(flat.parts) == order
    assert torch.equal(model(x), output)
    for names in [names for names in together if flat.holds(names)]:
        parameters, weights = flat.of(names)
        assert torch.equal(weights, filled_up(flat, names))
        with torch.no_grad():
            assert all((parameter.fill_(7.0) == 7).all() for parameter in parameters)
        assert (weights == 7).sum() == sum(p.numel() for p in parameters)


def test_phases_that_no_order_brings_together_are_refused(model):
    circle = [("first", "second"), ("second", "third"), ("third", "first")]
    with pytest.raises(ValueError, match=r"no order.*'first', 'second'.*a phase of their own"):
        FlatParameters(model, PARTS, circle)


def test_parts_without_parameters_do_not_count_as_between(model):
    _, weights = FlatParameters(model, ("first", "absent", "bare", "third", "second")).of(("first", "third"))
    assert len(weights) == 16 + 16


class Tied(nn.Module):
    """Three parts; the first and the last share a matrix, which the last has under two names."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.third = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(3, 4)
        self.third.weight = self.third.same = self.first.weight

    def forward(self, x):
        return self.second(self.first(x)) @ self.third.weight + self.third.bias.sum()


TIED_PARTS = ("first", "second", "third")


@pytest.fixture
def tied():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Tied()


def test_a_shared_weight_is_held_once(tied):
    flat = FlatParameters(tied, TIED_PARTS)
    parameters, weights = flat.of(TIED_PARTS)
    assert sum(p.numel() for p in parameters) == sum(p.numel() for p in tied.parameters()) == 4 * 3 + 4 + 20 + 4
    assert len(weights) == len(flat.buffer) == 16 + 32 + 16
    assert len({id(p) for p in parameters}) == len(parameters)
    weights.fill_(7.0)
    assert tied.first.weight is tied.third.weight is tied.third.same
    assert (tied.third.weight == 7).all()


def test_a_shared_weight_is_trained_for_all_its_uses(tied):
    reference, x = copy.deepcopy(tied), torch.linspace(-1, 1, 6).view(2, 3)
    adam = torch.optim.Adam(reference.parameters(), lr=1e-2, foreach=False)
    parameters, weights = FlatParameters(tied, TIED_PARTS).of(TIED_PARTS)
    optimizer = PhasedAdam([(weights, {})], lr=1e-2, fused=False)
    for _ in range(5):
        gradients = torch.autograd.grad(tied(x).square().sum(), parameters)
        optimizer.step_phase(0, flat_gradient(parameters, gradients))
        adam.zero_grad()
        reference(x).square().sum().backward()
        adam.step()
    assert torch.equal(values(tied.parameters()), values(reference.parameters()))


def test_zeros_behind_a_part_have_gradient_zero_and_stay_zero(model):
    flat = FlatParameters(model, PARTS)
    (parameters, weights), x = flat.of(PARTS), torch.ones(2, 3)
    optimizer = PhasedAdam([(weights, {})], lr=1e-2, fused=True)
    for _ in range(3):
        gradients = torch.autograd.grad(model(x).square().sum(), parameters)
        gradient = flat_gradient(parameters, gradients)
        assert torch.equal(gradient[:16], values(gradients[:2]))
        assert torch.equal(gradient[26:32], torch.zeros(6))
        optimizer.step_phase(0, gradient)
    assert torch.equal(weights, filled_up(flat, PARTS))


@pytest.mark.parametrize("names", [("first",), ("third",), ("second", "third")])
def test_a_weight_shared_with_a_part_that_rests_is_refused(tied, names):
    with pytest.raises(ValueError, match=r"'(first|third)' and '(first|third)' share a weight"):
        FlatParameters(tied, TIED_PARTS).of(names)


# ------------------------------------------------------------------ Adam

OPTIONS = [{}, {"lr": 3e-2, "betas": (0.5, 0.9)}, {"eps": 1e-3}]
SLICES = [slice(0, 6), slice(6, 10), slice(2, 8)]  # the last phase shares weights with both others


def phased(weights, fused=False, n_phases=3):
    phases = [(weights[own], options) for own, options in zip(SLICES[:n_phases], OPTIONS)]
    return PhasedAdam(phases, lr=1e-2, fused=fused)


def gradients(n_steps, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [[torch.randn(own.stop - own.start, generator=generator) for own in SLICES] for _ in range(n_steps)]


def train(optimizer, steps):
    for step in steps:
        for phase, gradient in enumerate(step):
            optimizer.step_phase(phase, gradient)


@pytest.mark.parametrize("fused", [False, True])
def test_every_phase_is_torch_adam(fused):
    ours, theirs = torch.linspace(-1, 1, 10), torch.linspace(-1, 1, 10)
    references = []
    for own, options in zip(SLICES, OPTIONS):
        parameter = nn.Parameter(theirs[own])  # shares memory
        kernel = {"fused": True} if fused else {"foreach": False}
        references.append((parameter, torch.optim.Adam([parameter], **{"lr": 1e-2, **options, **kernel})))
    optimizer = phased(ours, fused)
    for step in gradients(20):
        for phase, (gradient, (parameter, adam)) in enumerate(zip(step, references)):
            parameter.grad = gradient.clone()
            adam.step()
            optimizer.step_phase(phase, gradient)
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, torch.linspace(-1, 1, 10))


def through_state_dict(optimizer, weights):
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    resumed = phased(weights.clone())
    resumed.load_state_dict(torch.load(file))
    return resumed


def through_pickle(optimizer, weights):
    return pickle.loads(pickle.dumps(optimizer))


# a pickle gives every tensor memory of its own, so phases that share weights travel as a state dict only
@pytest.mark.parametrize(("travel", "n_phases"), [(through_state_dict, 3), (through_pickle, 2)])
def test_training_resumes_exactly(travel, n_phases):
    steps, weights = [step[:n_phases] for step in gradients(12)], torch.linspace(-1, 1, 10)
    uninterrupted = weights.clone()
    train(phased(uninterrupted, n_phases=n_phases), steps)
    optimizer = phased(weights, n_phases=n_phases)
    train(optimizer, steps[:5])
    optimizer = travel(optimizer, weights)
    train(optimizer, steps[5:])
    resumed = [group["params"][0] for group in optimizer.param_groups]
    assert all(torch.equal(own, uninterrupted[part]) for own, part in zip(resumed, SLICES))


def test_forgotten_moments_are_a_new_start():
    weights = torch.linspace(-1, 1, 10)
    optimizer = phased(weights)
    train(optimizer, gradients(3))
    optimizer.forget()
    restarted = weights.clone()
    train(optimizer, gradients(4, seed=1))
    train(phased(restarted), gradients(4, seed=1))
    assert torch.equal(weights, restarted)


def test_a_scheduler_drives_every_phase():
    optimizer = phased(torch.zeros(10))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5**step)
    train(optimizer, gradients(1))
    scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == [5e-3, 1.5e-2, 5e-3]
