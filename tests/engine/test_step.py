"""One training step: phases in turn, each with its own parameters, loss and Adam."""

import pytest
import torch
from torch import nn

from vaekit._outputs import LossTerms, Phase
from vaekit.engine import PhasedAdam
from vaekit.engine._optimizer import FlatParameters
from vaekit.engine._step import run_step
from vaekit.likelihoods import Normal

PARTS = ("encoder", "opponent")
LR = {"encoder": 1e-2, "opponent": 3e-2}


class Model(nn.Module):
    """Two linear parts, one behind the other; `idle` is a parameter that no loss touches."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.encoder, self.opponent = nn.Linear(3, 2), nn.Linear(2, 1)
        self.encoder.idle = nn.Parameter(torch.ones(2))
        self.likelihood = Normal().build((1,), 1.0, 1.0)

    def forward(self, x):
        return self.opponent(self.encoder(x)).square().mean()


def minimise(model, x, carried):
    value = model(x)
    return LossTerms(value, {"value": value, "double": 2 * value}, {"first": value.item()})


def maximise(model, x, carried):
    value = -model(x)
    return LossTerms(value, {"opponent": value}, {**carried, "second": value.item()})


class Trainer:
    """A model with the phases asked for."""

    def __init__(self, *phases):
        self.model, self.phases = Model(), phases
        flat = FlatParameters(self.model, PARTS)
        slices = [flat.of(phase.parts) for phase in phases]
        self.parameters = [own for own, _ in slices]
        options = [(weights, {"lr": LR[phase.parts[0]]}) for (_, weights), phase in zip(slices, phases)]
        self.optimizer = PhasedAdam(options, lr=1.0, fused=False)

    def step(self, x, **kwargs):
        return run_step(self.model, self.phases, self.parameters, self.optimizer, x, **kwargs).terms

    def weights(self, part):
        return [p.detach().clone() for p in getattr(self.model, part).parameters()]


JOINT = Phase("joint", PARTS, minimise)
MODEL, OPPONENT = Phase("model", ("encoder",), minimise), Phase("opponent", ("opponent",), maximise)


@pytest.fixture
def batches():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(8, 3, generator=generator) for _ in range(5)]


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other))


@pytest.mark.parametrize(("own", "other"), [("encoder", "opponent"), ("opponent", "encoder")])
def test_a_phase_moves_its_own_parameters_only(batches, own, other):
    trainer = Trainer(Phase("alone", (own,), minimise))
    moved, kept = trainer.weights(own), trainer.weights(other)
    for x in batches:
        trainer.step(x)
    assert equal(trainer.weights(other), kept)
    assert not equal(trainer.weights(own), moved)
    assert all(p.grad is None for p in trainer.model.parameters())


def test_phases_in_turn_are_two_adams_in_turn(batches):
    trainer, model = Trainer(MODEL, OPPONENT), Model()
    adams = {part: torch.optim.Adam(getattr(model, part).parameters(), lr=LR[part], foreach=False) for part in PARTS}
    for x in batches:
        trainer.step(x)
        for part, loss in (("encoder", minimise), ("opponent", maximise)):
            model.zero_grad()
            loss(model, x, {})[0].backward()
            adams[part].step()
    for ours, theirs in zip(trainer.model.parameters(), model.parameters()):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-7)


def test_a_parameter_that_no_loss_touches_stays(batches):
    trainer = Trainer(JOINT)
    for x in batches:
        trainer.step(x)
    assert torch.equal(trainer.model.encoder.idle, torch.ones(2))


def test_terms_carry_the_names_of_their_phases(batches):
    trainer = Trainer(MODEL, OPPONENT)
    before = Model()
    terms = trainer.step(batches[0])
    assert list(terms) == ["train", "value", "double", "opponent"]
    assert terms["train"] == before(batches[0])
    assert terms["double"] == 2 * terms["value"]
    assert terms["opponent"] > -terms["value"]  # the second phase meets what the first has already improved


def test_a_phase_is_handed_what_the_one_before_carried(batches):
    seen = []

    def look(model, x, carried):
        seen.append(carried)
        return maximise(model, x, carried)

    terms = Trainer(MODEL, Phase("opponent", ("opponent",), look)).step(batches[0])
    assert seen == [{"first": terms["value"].item()}]


def test_gradients_can_be_changed_before_the_update(batches):
    def clip(parameters, gradients):
        for gradient in gradients:
            gradient.zero_()

    trainer = Trainer(JOINT)
    before = [trainer.weights(part) for part in PARTS]
    trainer.step(batches[0], on_gradients=clip)
    assert all(equal(trainer.weights(part), kept) for part, kept in zip(PARTS, before))
