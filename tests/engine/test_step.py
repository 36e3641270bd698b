"""One training step: phases in turn, each with its own parameters, loss and Adam."""

import pickle

import pytest
import torch
from settings_of_words import setting
from tiny_training import X, same_weights, tiny
from torch import nn

from vaekit import VAE
from vaekit._outputs import LossTerms, Phase
from vaekit.engine import PhasedAdam
from vaekit.engine._optimizer import FlatParameters
from vaekit.engine._step import run_step
from vaekit.likelihoods import Normal
from vaekit.objectives import ELBO
from vaekit.utils._spec import spec

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
        self.likelihood = Normal().build(setting((1,)))

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


# ------------------------------------------------------------------ parts that do not touch


@spec
class Crossed(ELBO):
    """The ELBO in two turns, of parts that do not follow each other among those of a model."""

    def phases(self):
        return [
            Phase("there", ("encoder", "prior"), self.loss),
            Phase("back", ("decoder", "likelihood", "posterior"), self.again),
        ]

    def again(self, model, inputs, carried):
        loss, terms, output = self.loss(model, inputs)
        return LossTerms(loss, {"reconstruction_again": terms["reconstruction"]}, output)


def crossed(**params):
    return tiny(VAE, objective=Crossed(), prior="decoupled", **params)


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
def test_the_parts_of_a_phase_need_not_follow_each_other():
    model = crossed(max_epochs=1).fit(X)
    net = model.net_
    for phase, own, group in zip(net.phases_, net.parameters_, net.optimizer_.param_groups, strict=True):
        assert {id(p) for p in own} == {id(p) for part in phase.parts for p in getattr(net.module_, part).parameters()}
        weights = group["params"][0]
        assert all(p.untyped_storage().data_ptr() == weights.untyped_storage().data_ptr() for p in own)
        assert weights.count_nonzero() == sum(p.count_nonzero() for p in own)
    untrained = crossed(max_epochs=1, learning_rate=1e-30).fit(X).net_.module_
    moved = [name for name, p in net.module_.named_parameters() if not torch.equal(p, untrained.get_parameter(name))]
    assert moved == [name for name, _ in net.module_.named_parameters()]


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
def test_training_of_such_parts_goes_on_from_a_pickle():
    whole, part = crossed(), crossed()
    for _ in range(4):
        whole.partial_fit(X)
    for _ in range(2):
        part.partial_fit(X)
    part = pickle.loads(pickle.dumps(part))
    for _ in range(2):
        part.partial_fit(X)
    assert same_weights(part, whole)
