"""Compiled steps are the eager steps up to rounding, whatever compiles them.

Over the table of objectives: tests/objectives/test_traced_steps.py, beside those by a traced program.
"""

import pickle
import warnings

import numpy as np
import pytest
import torch
from handed_graphs import graphs_handed_over
from sklearn.base import clone
from tiny_training import N_BATCHES, AtBatchBegin, AtEpochBegin, Rivalry, X, batch_normalised, linear_decoder, tiny

from vaekit import VAE, BetaTCVAE, BetaVAE, FactorDPVAE, FactorVAE
from vaekit.engine import _captured, _compiled, _kinds
from vaekit.exceptions import VaekitWarning
from vaekit.likelihoods import Normal
from vaekit.nn import Custom

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def graphs(monkeypatch):
    return graphs_handed_over(monkeypatch)


def distance(model, other):
    """Of all weights, as a share of their norm."""
    here, there = model.net_.flat_.buffer, other.net_.flat_.buffer
    return float((here - there).norm() / there.norm())


@pytest.mark.parametrize(
    ("cls", "params"),
    [
        (VAE, {}), (FactorVAE, {}), (BetaTCVAE, {}), (BetaVAE, {"early_stopping": True, "max_epochs": 6}),
        (VAE, {"max_steps": 17}), (FactorVAE, {"batch_size": 64}), (VAE, {"likelihood": Normal(scale="learned")}),
    ],
    ids=str,
)  # fmt: skip
def test_a_fit_is_the_same_fit(monkeypatch, graphs, cls, params):
    batched = {"batch_size": 3, **params}
    compiled, plain = tiny(cls, compile=True, **batched).fit(X), tiny(cls, **batched).fit(X)
    assert distance(compiled, plain) <= 1e-6
    assert compiled.n_steps_ == plain.n_steps_
    np.testing.assert_allclose(compiled.score_samples(X), plain.score_samples(X), rtol=1e-4)


def test_training_goes_on_with_and_without_a_compiler(graphs):
    def train(*choices):
        model = tiny(FactorDPVAE, batch_size=3, warm_start=True, compile=choices[0]).fit(X)
        model.set_params(learning_rate=3e-3, compile=choices[1]).fit(X)
        return pickle.loads(pickle.dumps(model)).set_params(compile=choices[2]).partial_fit(X)

    plain = train(False, False, False)
    assert graphs == []
    assert distance(train(True, False, True), plain) <= 1e-6
    assert len(graphs) == 1
    assert clone(tiny(compile=True)).compile


def test_a_scheduler_between_epochs_is_followed(graphs):
    def halve(net, rows):
        for group in net.optimizer_.param_groups:
            group["lr"] /= 2

    plain, compiled = (tiny(batch_size=3, callbacks=[AtEpochBegin(halve)], compile=c).fit(X) for c in (False, True))
    assert distance(compiled, plain) <= 1e-6
    assert distance(compiled, tiny(batch_size=3).fit(X)) > 1e-3


def test_strengths_seeds_and_data_share_a_program(graphs):
    for seed, beta in enumerate((1.5, 2, 4)):
        tiny(BetaVAE, batch_size=3, compile=True, beta=beta, random_state=seed, learning_rate=0.01 / beta).fit(X * beta)
    assert len(graphs) == 1
    tiny(BetaVAE, batch_size=3, compile=True, activation="tanh").fit(X)
    assert len(graphs) == 2


@pytest.mark.parametrize("cls", [VAE, FactorDPVAE, BetaTCVAE])
def test_what_a_gpu_records_of_it_takes_the_same_steps(monkeypatch, graphs, cls):
    monkeypatch.setattr(_kinds, "CAPTURING", {"cuda", "cpu"})
    monkeypatch.setattr(_kinds, "FEWEST_CAPTURED", 0)
    recorded = tiny(cls, compile=True).fit(X)
    assert isinstance(recorded.net_.graph_.body, _compiled.CompiledBody)
    plain = tiny(cls).fit(X)
    assert isinstance(plain.net_.graph_.body, _captured.EagerBody)
    assert distance(recorded, plain) <= 1e-6
    recorded.set_params(warm_start=True, learning_rate=1e-2).fit(X)
    assert distance(recorded, plain.set_params(warm_start=True, learning_rate=1e-2).fit(X)) <= 1e-6
    assert len(graphs) == 1


@pytest.mark.parametrize(
    "params",
    [
        {"objective": Rivalry()},
        {"callbacks": [AtBatchBegin(lambda net, batch: None)]},
        {"network": Custom(encoder_module=batch_normalised, decoder_module=linear_decoder)},
    ],
    ids=["an objective of another's", "a callback of every batch", "statistics of its own"],
)
def test_what_cannot_be_compiled_says_so_once(graphs, params):
    with pytest.warns(VaekitWarning, match="'compile' parameter is True, but") as caught:
        tiny(compile=True, **params).fit(X)
    assert sum("'compile'" in str(one.message) for one in caught) == 1
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*'compile'")
        tiny(**params).fit(X)


def test_short_fits_are_not_compiled(monkeypatch, graphs):
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", 3 * N_BATCHES + 1)
    with pytest.warns(VaekitWarning, match="too few of them"):
        tiny(compile=True).fit(X)
    assert graphs == []


def test_a_missing_compiler_is_an_error_that_teaches_and_leaves_an_earlier_fit(monkeypatch, graphs):
    def fail(traced, tensors):
        raise FileNotFoundError("g++")

    model = tiny(batch_size=3, warm_start=True).fit(X)
    codes = model.transform(X)
    monkeypatch.setattr(_compiled, "_inductor", fail)
    with pytest.raises(RuntimeError, match=r"found no compiler that works.*or choose compile=False"):
        model.set_params(compile=True).fit(X)
    np.testing.assert_array_equal(model.transform(X), codes)
    model.set_params(compile=False).fit(X)


def test_inductor_compiles_what_it_is_handed(monkeypatch):
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", 0)
    monkeypatch.setattr(_compiled, "AT_ONCE", 2)
    compiled, plain = (tiny(batch_size=8, hidden_layer_sizes=(4,), compile=choice).fit(X) for choice in (True, False))
    assert 0 < distance(compiled, plain) <= 1e-5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_moments_that_fade_end_at_zero(dtype):
    m, tiniest = torch.tensor([1.0, 1e-3, -1e-3], dtype=dtype), torch.finfo(dtype).tiny
    state, gradient, group = (
        [m, m**2, torch.tensor(0.0)],
        torch.tensor([1.0, 0, 0], dtype=dtype),
        {"betas": (0.1, 0.999)},
    )
    for _ in range(400):
        weights, state = _compiled._updated(m, 0, state, torch.tensor(1e-3), gradient, {**group, "eps": 1e-8})
        assert not ((state[0] != 0) & (state[0].abs() < tiniest)).any()
    np.testing.assert_array_equal(state[0], [1, 0, 0])
    assert weights.dtype == dtype
