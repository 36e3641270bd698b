"""Programs of many nets as they are recorded on a CUDA device, called without a graph."""

import pytest
import torch
from many_models import capture_here
from sklearn.base import clone
from tiny_training import N_BATCHES, X, same_weights, tiny

from vaekit import VAE, BetaTCVAE, FactorDPVAE, FactorVAE, fit_many
from vaekit.engine import _batched, _loop, _recordings
from vaekit.engine._batched import adam_of_each

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


@pytest.fixture(autouse=True)
def recorded(monkeypatch):
    """Recorded steps that are made meanwhile, and how often each was taken."""
    made = []

    class Watched(_recordings.RecordedStep):
        def __init__(self, *args):
            super().__init__(*args)
            self.n_steps = 0
            made.append(self)

        def __call__(self, *inputs):
            self.n_steps += 1
            return super().__call__(*inputs)

    monkeypatch.setattr(_recordings, "RecordedStep", Watched)
    return made


def alone_and_together(monkeypatch, models, is_exact=True):
    alone = [clone(model).fit(X) for model in models]
    capture_here(monkeypatch, is_exact)
    return list(zip(alone, fit_many(models, X)))


@pytest.mark.parametrize(
    ("cls", "several"),
    [
        (FactorVAE, [{"learning_rate": rate} for rate in (1e-3, 2e-3, 1e-2)]),
        (BetaTCVAE, [{"max_epochs": n} for n in (2, 3, 4)]),
        (VAE, [{"early_stopping": True, "tol": 10, "n_iter_no_change": n, "max_epochs": 6} for n in (1, 2, 9)]),
    ],
)  # fmt: skip
def test_recorded_fits_are_the_same_fits(monkeypatch, recorded, cls, several):
    pairs = alone_and_together(monkeypatch, [tiny(cls, **params) for params in several])
    assert recorded
    assert all(same_weights(one, other) for one, other in pairs)


def test_noise_of_many_steps_is_the_same_alone_and_together(monkeypatch, recorded):
    """As it is drawn on a CUDA device: two steps' at a time, last batches of another size among them."""
    monkeypatch.setattr(_loop, "DRAWING_AHEAD", {"cpu"})
    monkeypatch.setattr(_loop, "MOST_DRAWN", 2 * 8 * 8)
    pairs = alone_and_together(monkeypatch, [tiny(FactorVAE, random_state=seed) for seed in range(2)])
    assert recorded
    assert all(same_weights(one, other) for one, other in pairs)


def test_a_recording_serves_all_epochs_and_groups(monkeypatch, recorded):
    monkeypatch.setattr("vaekit.engine._many.MOST_LANES", 2)
    pairs = alone_and_together(monkeypatch, [tiny(random_state=seed) for seed in range(4)])
    assert all(same_weights(one, other) for one, other in pairs)
    assert [step.n_steps for step in recorded] == [2 * 3 * (N_BATCHES - 1), 2 * 3]  # full batches, and the last ones


def test_few_steps_are_not_recorded(monkeypatch, recorded):
    models = [tiny(random_state=seed) for seed in range(2)]
    alone = [clone(model).fit(X) for model in models]
    capture_here(monkeypatch)
    monkeypatch.setattr("vaekit.engine._many.FEWEST_CAPTURED", 3 * (N_BATCHES - 1))
    fit_many(models, X)
    assert [step.n_steps for step in recorded] == [3 * (N_BATCHES - 1)]
    assert all(map(same_weights, alone, models))


def test_what_cannot_be_recorded_is_taken_by_branches(monkeypatch):
    def refuse(*args):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(_recordings, "RecordedStep", refuse)
    taken, take = [], _recordings.Branches.take
    monkeypatch.setattr(_recordings.Branches, "take", lambda *args: taken.append(1) or take(*args))
    pairs = alone_and_together(monkeypatch, [tiny(random_state=seed) for seed in range(2)])
    assert all(same_weights(one, other) for one, other in pairs)
    assert len(taken) == 3 * (N_BATCHES - 1)


# ------------------------------------------------------------------ ways that are not exact to the bit


@pytest.mark.parametrize(("cls", "rates"), [(FactorDPVAE, (1e-3, 1e-3)), (FactorVAE, (1e-3, 2e-3))])
def test_fast_ways_are_close(monkeypatch, recorded, cls, rates):
    models = [tiny(cls, random_state=n, learning_rate=rate) for n, rate in enumerate(rates)]
    for one, other in alone_and_together(monkeypatch, models, is_exact=False):
        there, here = one.net_.flat_.buffer, other.net_.flat_.buffer
        assert (there - here).norm() < 1e-6 * there.norm()
    assert recorded


def test_updates_in_pieces_are_close(monkeypatch, recorded):
    monkeypatch.setattr(_batched, "PIECE", 16)
    models = [tiny(random_state=seed, max_epochs=1) for seed in range(2)]
    for one, other in alone_and_together(monkeypatch, models, is_exact=False):
        there, here = one.net_.flat_.buffer, other.net_.flat_.buffer
        assert (there - here).norm() < 1e-6 * there.norm()


def test_adam_with_a_rate_for_each_is_adam():
    generator = torch.Generator().manual_seed(0)
    rates, steps, found = torch.tensor([1e-3, 3e-2]), torch.tensor([3.0, 7.0]), torch.zeros(3, 2, 48)
    found[0].normal_(generator=generator)
    own = [torch.nn.Parameter(row.clone()) for row in found[0]]
    adams = [torch.optim.Adam([row], lr=rate, betas=(0.8, 0.99)) for row, rate in zip(own, rates.tolist())]
    for row, adam, n in zip(own, adams, steps):
        adam.state[row] = {name: torch.zeros(48) for name in ("exp_avg", "exp_avg_sq")} | {"step": n.clone()}
    options = {"beta1": 0.8, "beta2": 0.99, "eps": 1e-8}
    for _ in range(5):
        gradient = torch.randn(2, 48, generator=generator)
        steps += 1
        adam_of_each(found[0], gradient, found[1], found[2], steps, rates, options)
        for row, adam, own_gradient in zip(own, adams, gradient):
            row.grad = own_gradient
            adam.step()
    torch.testing.assert_close(found[0], torch.stack([row.detach() for row in own]), rtol=1e-5, atol=1e-7)
