"""A traced step is the eager step, bit for bit on a CPU, and never that of another net."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from tiny_training import (
    N_BATCHES,
    AtBatchBegin,
    AtEpochBegin,
    Rivalry,
    Trap,
    X,
    batch_normalised,
    linear_decoder,
    same_weights,
    tiny,
)

from vaekit import DIPVAE, VAE, AnnealedVAE, BetaTCVAE, BetaVAE, FactorDPVAE, FactorVAE
from vaekit.engine import _kinds, _traced
from vaekit.engine._kinds import kind_of_step
from vaekit.likelihoods import Normal
from vaekit.nn import Custom
from vaekit.objectives import (
    ELBO,
    GECO,
    MMD,
    PI,
    AggregateDivergence,
    CovariancePenalty,
    ImportanceWeighted,
    KLDecomposition,
    TargetKL,
    Warmup,
)

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


@pytest.fixture
def traces(monkeypatch):
    """Programs that are traced meanwhile; whatever was kept before is not there."""
    made, trace = [], _traced._trace
    monkeypatch.setattr(_traced, "_programs", type(_traced._programs)())
    monkeypatch.setattr(_traced, "_trace", lambda *args: made.append(trace(*args)) or made[-1])
    return made


def is_traced_from(monkeypatch, n_steps):
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", n_steps)


def both(monkeypatch, train):
    """What `train` returns when all fits are eager, and when all that can be are traced."""
    is_traced_from(monkeypatch, np.inf)
    eager = train()
    is_traced_from(monkeypatch, 0)
    return eager, train()


# ------------------------------------------------------------------ the same step


@pytest.mark.parametrize(
    "cls_and_params",
    [
        (VAE, {}), (BetaVAE, {"beta": 3, "early_stopping": True, "max_epochs": 6}), (FactorDPVAE, {}), (BetaTCVAE, {}),
        (VAE, {"max_steps": 12}), (VAE, {"batch_size": 34}), (VAE, {"batch_size": 64}), (FactorVAE, {"batch_size": 64}),
        (VAE, {"objective": Rivalry(), "likelihood": Normal(scale="learned")}),
    ],
)  # fmt: skip
def test_a_fit_is_the_same_fit(monkeypatch, cls_and_params):
    cls, params = cls_and_params
    eager, traced = both(monkeypatch, lambda: tiny(cls, **params).fit(X))
    assert same_weights(eager, traced)
    timeless = [[{**row, "duration": 0} for row in model.history_] for model in (eager, traced)]
    assert timeless[0] == timeless[1]
    np.testing.assert_array_equal(eager.score_samples(X), traced.score_samples(X))


def test_training_goes_on_in_parts_and_from_pickles(monkeypatch):
    def train():
        model = tiny(FactorDPVAE, warmup=4, warm_start=True).fit(X)
        model.set_params(learning_rate=3e-3, batch_size=5).fit(X)
        return pickle.loads(pickle.dumps(model)).partial_fit(X)

    eager, traced = both(monkeypatch, train)
    assert same_weights(eager, traced)


def test_a_scheduler_between_epochs_is_followed(monkeypatch):
    def halve(net, rows):
        for group in net.optimizer_.param_groups:
            group.update(lr=group["lr"] / 2, betas=(0.9 - 0.1 * len(net.history), 0.99))

    eager, traced = both(monkeypatch, lambda: tiny(callbacks=[AtEpochBegin(halve)]).fit(X))
    assert same_weights(eager, traced)
    assert not same_weights(traced, tiny().fit(X))


def test_numbers_that_are_not_finite_send_it_back(monkeypatch):
    is_traced_from(monkeypatch, 0)
    traced = tiny(warmup=0, max_epochs=2, learning_rate=1e-3).fit(X)
    kept = {name: value.clone() for name, value in traced.net_.module_.state_dict().items()}
    with pytest.warns(ConvergenceWarning, match="the weights of the epoch before were kept"):
        traced.set_params(warm_start=True, learning_rate=1e30).fit(X)
    assert traced.net_.went_back_
    assert all(torch.equal(kept[name], value) for name, value in traced.net_.module_.named_parameters())


# ------------------------------------------------------------------ which kind


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({}, "traced"),
        ({"prior": "decoupled"}, "traced"),
        ({"objective": Rivalry()}, "eager"),
        ({"objective": Trap(at=-1)}, "eager"),
        ({"network": Custom(encoder_module=batch_normalised, decoder_module=linear_decoder)}, "eager"),
    ],
    ids=["plain", "decoupled", "an objective of another's", "a trap", "statistics of its own"],
)
def test_parameters_and_planned_steps_decide_for_a_kind(monkeypatch, params, kind):
    model = tiny(max_epochs=4, **params).fit(X)
    assert kind_of_step(model.net_, has_batch_hooks=False) == "eager"
    is_traced_from(monkeypatch, 4 * N_BATCHES)
    assert kind_of_step(model.net_, has_batch_hooks=False) == kind
    assert kind_of_step(model.net_, has_batch_hooks=True) == "eager"
    is_traced_from(monkeypatch, 4 * N_BATCHES + 1)
    assert kind_of_step(model.net_, has_batch_hooks=False) == "eager"


def test_callbacks_see_every_batch(monkeypatch, traces):
    is_traced_from(monkeypatch, 0)
    seen = []
    model = tiny(callbacks=[AtBatchBegin(lambda net, batch: seen.append(len(batch[0])))]).fit(X)
    assert len(seen) == 3 * N_BATCHES
    assert traces == []
    assert same_weights(model, tiny().fit(X))


# ------------------------------------------------------------------ programs that are kept


def test_the_same_structure_is_traced_once(monkeypatch, traces):
    is_traced_from(monkeypatch, 0)
    for seed in (0, 1):
        tiny(random_state=seed, learning_rate=10.0 ** -(2 + seed), max_epochs=3 + seed, warmup=seed).fit(X)
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("cls", "params", "others"),
    [
        (BetaVAE, {"beta": 2}, {"beta": 5.5}),
        (BetaVAE, {"beta": 2}, {"beta": Warmup(value=3, steps=0.2)}),
        (FactorVAE, {"gamma": 2}, {"gamma": 40, "discriminator_learning_rate": 1e-2}),
        (BetaTCVAE, {"beta": 2}, {"alpha": 3.0, "gamma": 0.5}),
        (AnnealedVAE, {"gamma": 2, "max_capacity": 3}, {"gamma": 7, "max_capacity": 9, "capacity_steps": 4}),
        (DIPVAE, {"lambda_od": 1}, {"lambda_od": 2}),
        (DIPVAE, {"lambda_od": 1, "lambda_d": 2}, {"lambda_od": 2, "lambda_d": 5}),
        (VAE, {"objective": ELBO(free_bits=0.1)}, {"objective": ELBO(free_bits=0.3)}),
        (VAE, {"objective": ELBO(prior_weight=1), "prior": "decoupled"},
         {"objective": ELBO(prior_weight=2), "prior": "decoupled"}),
        (VAE, {"objective": TargetKL(kl=1, controller=GECO())},
         {"objective": TargetKL(kl=3, controller=GECO(speed=0.2))}),
        (VAE, {"likelihood": Normal(scale=0.5)}, {"likelihood": Normal(scale=0.6)}),
        (VAE, {"likelihood": Normal(scale="learned")}, {"likelihood": Normal(scale="learned", initial_scale=0.3)}),
    ],
    ids=str,
)  # fmt: skip
def test_strengths_and_rates_share_a_trace(monkeypatch, traces, cls, params, others):
    eager, traced = both(monkeypatch, lambda: [tiny(cls, **own).fit(X) for own in (params, others)])
    assert len(traces) == 1
    assert all(map(same_weights, eager, traced))
    assert not same_weights(*traced)


@pytest.mark.parametrize("likelihood", ["normal", "laplace", "squared_error", "bernoulli", Normal(scale="per_feature")])
def test_folds_of_the_data_share_a_trace(monkeypatch, traces, likelihood):
    rows = (X - X.min()) / np.ptp(X)
    folds = [rows[:32], 0.3 * rows[3:]]
    eager, traced = both(monkeypatch, lambda: [tiny(likelihood=likelihood).fit(fold) for fold in folds])
    assert len(traces) == 1
    assert all(map(same_weights, eager, traced))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ELBO(), ELBO(free_bits=0.1)),
        (ELBO(free_bits=0.1), ELBO(free_bits=0.1, free_bits_per="row")),
        (KLDecomposition(), KLDecomposition(aggregate="mws")),
        (CovariancePenalty(lambda_d=None), CovariancePenalty(lambda_d=1)),
        (AggregateDivergence(kl_weight=0), AggregateDivergence(kl_weight=1)),
        (AggregateDivergence(divergence=MMD(bandwidth=1.0)), AggregateDivergence(divergence=MMD(bandwidth=2.0))),
        (TargetKL(controller=PI(integral=0.1)), TargetKL(controller=PI(integral=0.2))),
        (TargetKL(controller=GECO(memory=0.1)), TargetKL(controller=GECO(memory=0.2))),
        (ImportanceWeighted(n_samples=2), ImportanceWeighted(n_samples=3)),
    ],
    ids=str,
)
def test_what_a_program_has_baked_in_is_in_its_key(monkeypatch, traces, one, other):
    eager, traced = both(monkeypatch, lambda: [tiny(objective=own).fit(X) for own in (one, other)])
    assert len(traces) == 2
    assert all(map(same_weights, eager, traced))


@pytest.mark.parametrize(
    ("params", "others"),
    [
        ({}, {"batch_size": 7}),
        ({}, {"hidden_layer_sizes": (9,)}),
        ({}, {"activation": "tanh"}),
        ({}, {"likelihood": Normal(scale=0.5)}),
        ({"likelihood": Normal(scale=0.5)}, {"likelihood": Normal(scale=0.6)}),
        ({"likelihood": "bernoulli"}, {"likelihood": "squared_error"}),
        ({}, {"prior": "decoupled"}),
        ({"objective": ELBO(free_bits=0.1)}, {"objective": ELBO(free_bits=0.3)}),
        ({"objective": ELBO()}, {"objective": ELBO(prior_weight=2), "prior": "decoupled"}),
    ],
    ids=str,
)  # fmt: skip
def test_another_structure_is_not_taken_for_it(monkeypatch, traces, params, others):
    rows = (X - X.min()) / np.ptp(X)
    eager, traced = both(monkeypatch, lambda: [tiny(**own).fit(rows) for own in (params, others, params)])
    assert len(traces) >= 1
    assert all(map(same_weights, eager, traced))


def test_how_many_rows_there_are_counts_where_the_objective_asks(monkeypatch, traces):
    eager, traced = both(monkeypatch, lambda: [tiny(BetaTCVAE).fit(X[n:]) for n in (0, 2, 0)])
    assert len(traces) == 2
    assert all(map(same_weights, eager, traced))
