"""What is recorded as a CUDA graph, taken without one: bit for bit the eager step."""

import gc
import pickle

import numpy as np
import pytest
import torch
from objective_world import OBJECTIVES, PAIRS
from sklearn.exceptions import ConvergenceWarning
from tiny_training import N_BATCHES, AtBatchBegin, AtEpochBegin, Rivalry, X, same_weights, tiny

from vaekit import VAE, BetaTCVAE, BetaVAE, FactorDPVAE, FactorVAE
from vaekit.engine import _captured, _kinds
from vaekit.engine._captured import StepGraph
from vaekit.engine._kinds import kind_of_step
from vaekit.likelihoods import Normal

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


@pytest.fixture
def bodies(monkeypatch):
    """Bodies that are recorded meanwhile, on a CPU that would capture if it could."""
    made = []

    class Watched(_captured.EagerBody):
        def __init__(self, *args):
            super().__init__(*args)
            self.n_steps = 0
            made.append(self)

        def __call__(self):
            self.n_steps += 1
            super().__call__()

    monkeypatch.setattr(_captured, "EagerBody", Watched)
    return made


def capture_from(monkeypatch, n_steps):
    monkeypatch.setattr(_kinds, "CAPTURING", {"cuda", "cpu"})
    monkeypatch.setattr(_kinds, "FEWEST_CAPTURED", n_steps)


def both(monkeypatch, train):
    """What `train` returns when all fits are eager, and when all that can be are captured."""
    capture_from(monkeypatch, np.inf)
    eager = train()
    capture_from(monkeypatch, 0)
    return eager, train()


@pytest.mark.parametrize(
    ("cls", "params"),
    [
        (VAE, {}), (BetaVAE, {"beta": 3, "early_stopping": True, "max_epochs": 6}), (FactorDPVAE, {}), (BetaTCVAE, {}),
        (VAE, {"max_steps": 12}), (VAE, {"batch_size": 34}), (VAE, {"batch_size": 64}), (FactorVAE, {"batch_size": 64}),
        (VAE, {"likelihood": Normal(scale="learned"), "prior": "decoupled"}), (FactorVAE, {"precision": "bf16"}),
        *[(VAE, {"objective": OBJECTIVES[name], "prior": prior}) for name, prior in PAIRS
          if prior == ("decoupled" if "split" in name else "normal") and "before" not in OBJECTIVES[name].draws],
    ],
    ids=str,
)  # fmt: skip
def test_a_fit_is_the_same_fit(monkeypatch, bodies, cls, params):
    eager, captured = both(monkeypatch, lambda: tiny(cls, **params).fit(X))
    is_captured = not captured.net_.objective.needs_all_rows
    assert [body.n_steps > 0 for body in bodies] == [True] * is_captured
    assert same_weights(eager, captured)
    timeless = [[{**row, "duration": 0} for row in model.history_] for model in (eager, captured)]
    assert timeless[0] == timeless[1]
    np.testing.assert_array_equal(eager.score_samples(X), captured.score_samples(X))


def test_full_batches_are_captured_and_the_last_is_eager(monkeypatch, bodies):
    capture_from(monkeypatch, 0)
    tiny(max_epochs=3).fit(X)
    assert [body.n_steps for body in bodies] == [3 * (N_BATCHES - 1)]


def test_training_goes_on_in_parts_and_from_pickles(monkeypatch, bodies):
    def train():
        model = tiny(FactorDPVAE, warmup=4, warm_start=True).fit(X)
        model.set_params(learning_rate=3e-3).fit(X).set_params(batch_size=5).fit(X)
        return pickle.loads(pickle.dumps(model)).partial_fit(X)

    eager, captured = both(monkeypatch, train)
    assert same_weights(eager, captured)
    assert len(bodies) == 3  # another learning rate takes none of its own


def test_parts_share_a_graph(monkeypatch, bodies):
    capture_from(monkeypatch, 0)
    model = tiny(BetaTCVAE)
    for _ in range(3):
        model.partial_fit(X)
    assert len(bodies) == 1
    model.partial_fit(X[:20])  # an objective that asks how many rows there are
    assert len(bodies) == 2


def test_a_scheduler_between_epochs_is_followed(monkeypatch):
    def halve(net, rows):
        for group in net.optimizer_.param_groups:
            group.update(lr=group["lr"] / 2, betas=(0.9 - 0.1 * len(net.history), 0.99))

    eager, captured = both(monkeypatch, lambda: tiny(callbacks=[AtEpochBegin(halve)]).fit(X))
    assert same_weights(eager, captured)
    assert not same_weights(captured, tiny().fit(X))


def test_moments_that_were_loaded_anew_are_followed(monkeypatch, bodies):
    def reload(net, rows):
        net.optimizer_.load_state_dict(net.optimizer_.state_dict())

    eager, captured = both(monkeypatch, lambda: tiny(callbacks=[AtEpochBegin(reload)]).fit(X))
    assert same_weights(eager, captured)


def test_numbers_that_are_not_finite_send_it_back(monkeypatch):
    capture_from(monkeypatch, 0)
    model = tiny(warmup=0, max_epochs=2, learning_rate=1e-3).fit(X)
    kept = {name: value.clone() for name, value in model.net_.module_.state_dict().items()}
    with pytest.warns(ConvergenceWarning, match="the weights of the epoch before were kept"):
        model.set_params(warm_start=True, learning_rate=1e30).fit(X)
    assert all(torch.equal(kept[name], value) for name, value in model.net_.module_.named_parameters())


@pytest.mark.parametrize(("params", "kind"), [({}, "captured"), ({"objective": Rivalry()}, "eager")], ids=str)
def test_parameters_and_planned_steps_decide_for_a_kind(monkeypatch, params, kind):
    model = tiny(max_epochs=4, **params).fit(X)
    capture_from(monkeypatch, 4 * N_BATCHES)
    assert kind_of_step(model.net_, has_batch_hooks=False) == kind
    assert kind_of_step(model.net_, has_batch_hooks=True) == "eager"
    capture_from(monkeypatch, 4 * N_BATCHES + 1)
    assert kind_of_step(model.net_, has_batch_hooks=False) == "eager"


def test_callbacks_see_every_batch(monkeypatch, bodies):
    capture_from(monkeypatch, 0)
    seen = []
    tiny(callbacks=[AtBatchBegin(lambda net, batch: seen.append(len(batch[0])))]).fit(X)
    assert (len(seen), bodies) == (3 * N_BATCHES, [])


def test_steps_before_a_capture_are_undone():
    memory = [torch.arange(3.0), torch.zeros((), dtype=torch.int64)]
    with _captured._given_back(memory):
        memory[0].mul_(2)
        memory[1].add_(1)
    assert [tensor.tolist() for tensor in memory] == [[0, 1, 2], 0]


def test_only_the_net_that_was_trained_last_keeps_its_graph(monkeypatch):
    capture_from(monkeypatch, 0)
    one, other = tiny().fit(X), tiny().fit(X)
    assert one.net_.graph_ is None
    assert isinstance(other.net_.graph_, StepGraph)
    del other
    gc.collect()
    assert isinstance(one.fit(X).net_.graph_, StepGraph)


@pytest.mark.parametrize("piece", [None, 16, 48])
def test_updates_piece_by_piece_have_the_same_bits(piece):
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(5, 112, generator=generator)
    found = [start[0].clone(), start[1].clone(), start[2].square(), torch.tensor(3.0)]
    rate = torch.tensor(1e-2, dtype=torch.float64)
    options = {"betas": (0.9, 0.99), "eps": 1e-8}
    _captured.fused_adam(*found, rate, start[3], options, piece=piece)
    parameter = start[0].clone().requires_grad_()
    adam = torch.optim.Adam([parameter], lr=1e-2, fused=True, **options)
    adam.state[parameter] = {"step": torch.tensor(3.0), "exp_avg": start[1], "exp_avg_sq": start[2].square()}
    parameter.grad = start[3]
    adam.step()
    assert torch.equal(found[0], parameter.detach())
    assert found[3] == 4


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("cls", "params"),
    [(VAE, {}), (FactorVAE, {}), (FactorDPVAE, {}), (BetaTCVAE, {}), (VAE, {"prior": "decoupled"})],
    ids=str,
)
def test_a_graph_takes_the_same_steps_on_a_gpu(monkeypatch, cls, params):
    monkeypatch.setattr(_kinds, "FEWEST_CAPTURED", np.inf)
    eager = tiny(cls, device="cuda", max_epochs=10, **params).fit(X)
    monkeypatch.setattr(_kinds, "FEWEST_CAPTURED", 0)
    captured = tiny(cls, device="cuda", max_epochs=10, **params).fit(X)
    assert captured.net_.graph_ is not None
    there, here = eager.net_.flat_.buffer, captured.net_.flat_.buffer
    assert (there - here).norm() <= 1e-5 * there.norm()
