"""Stages run one after another, each its share of the planned steps; at the end the prior may look at the codes."""

import copy
import itertools
import pickle

import numpy as np
import pytest
import torch
from tiny_training import N_BATCHES, AtBatchBegin, AtEpochBegin, X, same_parameters, tiny

from vaekit import VAE
from vaekit._outputs import GENERATIVE_PARTS, LossTerms, Phase, Stage
from vaekit.engine._stages import planned, stage_at
from vaekit.exceptions import ScheduleWarning
from vaekit.inspection import LossCurveDisplay
from vaekit.objectives import ELBO
from vaekit.priors import PriorSpec
from vaekit.priors._flow import FlowPrior
from vaekit.utils._spec import spec

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")

WITHOUT_PRIOR = tuple(part for part in GENERATIVE_PARTS if part != "prior")


@spec
class CodesThenPrior(ELBO):
    """An autoencoder first, then the prior alone on its codes."""

    first: tuple = WITHOUT_PRIOR

    def stages(self):
        autoencoder = Phase("codes", self.first, self.loss)
        return [Stage(2, [autoencoder]), Stage(1, [Phase("prior", ("prior",), self.prior_alone)])]

    def prior_alone(self, model, inputs, carried):
        x = inputs.batches["first"].x
        z = model.encode(x).rsample(inputs.noise["posterior"][: len(x)]).detach()
        loss = -model.prior.log_prob(z).mean()
        return LossTerms(loss, {"negative_log_prior": loss})


def two_stages(**params):
    return tiny(VAE, **{"objective": CodesThenPrior(beta=0.1), "prior": "decoupled", "max_epochs": 6, **params})


def parts_of(net):
    return {
        part: torch.cat([p.detach().flatten() for p in getattr(net.module_, part).parameters()])
        for part in ("encoder", "posterior", "decoder", "prior")
    }


def moved(before, after):
    return {part for part in before if not torch.equal(before[part], after[part])}


# ------------------------------------------------------------------ the plan

PHASES = {part: Phase(part, (part,), None) for part in ("encoder", "decoder", "prior")}


@pytest.mark.parametrize(
    ("shares", "starts"),
    [([1.0], [0]), ([1, 1], [0, 30]), ([2, 1], [0, 40]), ([1, 2, 3], [0, 10, 30]), ([0.1, 0.1, 0.1], [0, 20, 40])],
)
def test_every_stage_has_its_share_of_the_steps(shares, starts):
    stages = planned([Stage(share, [*PHASES.values()]) for share in shares], lambda parts: True, 60)
    assert [stage.start for stage in stages] == starts
    assert [stage.numbers for stage in stages] == [slice(3 * i, 3 * i + 3) for i in range(len(shares))]
    assert [stage_at(stages, start) for start in starts] == stages
    assert stage_at(stages, 1000) is stages[-1]


def test_stages_in_which_nothing_is_trained_are_left_out():
    stages = [
        Stage(1, [PHASES["encoder"]]),
        Stage(5, [PHASES["prior"]]),
        Stage(1, [PHASES["prior"], PHASES["decoder"]]),
    ]
    first, last = planned(stages, lambda parts: "prior" not in parts, 60)
    assert first == (0, slice(0, 1), [PHASES["encoder"]])
    assert last == (30, slice(1, 2), [PHASES["decoder"]])
    one = two_stages(prior="normal").fit(X)
    assert {row["train_batch_count"] for row in one.net_.history} == {N_BATCHES}
    assert all("kl" in row for row in one.history_)


@pytest.mark.parametrize("share", [0, -1.0, float("nan")])
def test_shares_are_positive(share):
    with pytest.raises(ValueError, match=r"shares.*must be positive"):
        planned([Stage(1, [PHASES["encoder"]]), Stage(share, [PHASES["prior"]])], lambda parts: True, 60)


# ------------------------------------------------------------------ training


@pytest.mark.parametrize("first", [WITHOUT_PRIOR, GENERATIVE_PARTS])
def test_a_stage_trains_what_is_its_own(first):
    seen = []
    look = AtEpochBegin(lambda net, rows: seen.append(parts_of(net)))
    model = two_stages(objective=CodesThenPrior(beta=0.1, first=first), callbacks=[look]).fit(X)
    seen.append(parts_of(model.net_))
    trained = [moved(before, after) for before, after in itertools.pairwise(seen)]
    assert trained[:4] == [set(first) - {"likelihood"}] * 4
    assert trained[4:] == [{"prior"}] * 2


def test_the_history_tells_of_every_stage():
    model = two_stages(max_epochs=30).fit(X)
    first, last = model.history_[:20], model.history_[20:]
    assert all("kl" in row and "negative_log_prior" not in row for row in first)
    assert all("negative_log_prior" in row and "kl" not in row for row in last)
    assert last[-1]["train_loss"] < last[0]["train_loss"]
    assert model.net_.history[20]["train_loss_best"]  # of its own stage
    curves = LossCurveDisplay.from_estimator(model).curves
    assert np.isfinite(curves["negative_log_prior"]).tolist() == [False] * 20 + [True] * 10


@pytest.mark.parametrize("travel", [lambda model: pickle.loads(pickle.dumps(model)), copy.deepcopy])
@pytest.mark.parametrize("n_before", [1, 3, 4, 5])
def test_training_in_parts_and_from_pickles_is_training_at_once(travel, n_before):
    whole, part = two_stages().fit(X), two_stages()
    for _ in range(n_before):
        part.partial_fit(X)
    part = travel(part)
    for _ in range(6 - n_before):
        part.partial_fit(X)
    assert same_parameters(whole, part)
    flags = [[row["train_loss_best"] for row in model.net_.history] for model in (whole, part)]
    assert flags[0] == flags[1]


def test_a_warm_start_goes_on_in_the_last_stage():
    model = two_stages(warm_start=True).fit(X)
    before = parts_of(model.net_)
    assert moved(before, parts_of(pickle.loads(pickle.dumps(model)).fit(X).net_)) == {"prior"}
    assert moved(before, parts_of(model.fit(X).net_)) == {"prior"}


@pytest.mark.parametrize("n_done", [2 * N_BATCHES + 3, 5 * N_BATCHES + 2])
def test_an_interrupt_keeps_the_whole_steps_of_any_stage(n_done):
    reached = {}

    def interrupt(net, batch):
        if net.step_ == n_done:
            reached.update(parts_of(net))
            raise KeyboardInterrupt

    model = two_stages(callbacks=[AtBatchBegin(interrupt)]).fit(X)
    assert model.n_steps_ == n_done
    assert moved(reached, parts_of(model.net_)) == set()


def test_a_last_stage_that_never_came_is_told():
    with pytest.warns(ScheduleWarning, match="before its last stage.*'max_epochs'"):
        model = two_stages(max_epochs=1).fit(X)
    assert "kl" in model.history_[-1]


def test_early_stopping_waits_for_the_last_stage():
    model = two_stages(early_stopping=True, n_iter_no_change=1, tol=1e9, max_epochs=9).fit(X)
    assert "negative_log_prior" in model.history_[-1]


# ------------------------------------------------------------------ the prior, at the end


class MomentsPrior(FlowPrior):
    """A normal, of the mean and deviation of the codes it was shown."""

    is_factorised = True

    def __init__(self, n_components):
        super().__init__()
        self.register_buffer("loc", torch.zeros(n_components))
        self.register_buffer("scale", torch.ones(n_components))
        self.shown = []

    def forward(self, z):
        return (z - self.loc) / self.scale, -self.scale.log().sum().expand(z.shape[:-1])

    def inverse(self, z0):
        return self.loc + self.scale * z0, self.scale.log().sum().expand(z0.shape[:-1])

    def finish(self, codes):
        self.shown.append(codes)
        self.loc.copy_(codes.mean(0))
        self.scale.copy_(codes.std(0, correction=0))


@spec
class Moments(PriorSpec):
    def build(self, setting):
        return MomentsPrior(setting.n_components)


def with_moments(**params):
    return tiny(VAE, **{"prior": Moments(), "objective": ELBO(beta=0.01), **params})


def test_the_prior_is_shown_a_code_of_each_row_once():
    model = with_moments().fit(X)
    (codes,) = model.net_.module_.prior.shown
    assert codes.shape == (len(X), 2)
    assert not codes.requires_grad
    found = torch.as_tensor(model.transform(X)) - codes
    assert 0 < found.abs().mean() < codes.std()
    z0 = model.net_.module_.prior.to_generation_space(codes)
    torch.testing.assert_close(z0.mean(0), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(z0.std(0, correction=0), torch.ones(2), atol=1e-5, rtol=0)


def test_what_the_prior_found_is_the_model_that_results_and_travels():
    model = with_moments(max_epochs=30).fit(X)
    again = pickle.loads(pickle.dumps(model))
    for one in (model.sample, again.sample):
        np.testing.assert_array_equal(one(5), model.sample(5))
    np.testing.assert_array_equal(again.score_samples(X), model.score_samples(X))
    model.net_.module_.prior.loc.zero_()
    model.net_.module_.prior.scale.fill_(1.0)
    assert again.score(X) > model.score(X)


def test_parts_and_interrupts_are_finished_too():
    part = with_moments().partial_fit(X).partial_fit(X[:20])
    assert [len(codes) for codes in part.net_.module_.prior.shown] == [35, 20]

    def interrupt(net, batch):
        if net.step_ == 7:
            raise KeyboardInterrupt

    stopped = with_moments(callbacks=[AtBatchBegin(interrupt)]).fit(X)
    assert len(stopped.net_.module_.prior.shown) == 1


def test_a_prior_is_not_shown_the_codes_of_a_training_that_did_not_begin():
    def fail(net, batch):
        raise RuntimeError("too early")

    model = with_moments(warm_start=True).fit(X)
    samples = model.sample(5)
    with pytest.raises(RuntimeError, match="too early"):
        model.set_params(callbacks=[AtBatchBegin(fail)]).fit(3 * X)
    assert len(model.net_.module_.prior.shown) == 1
    np.testing.assert_array_equal(model.sample(5), samples)
