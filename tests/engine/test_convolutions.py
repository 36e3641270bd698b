"""Convolutional nets as one program, their convolutions taken for all of them at once: the nets that each is alone."""

import numpy as np
import pytest
import torch
from many_models import capture_here, convolutions_run_here
from sklearn.base import clone
from tiny_training import tiny

from vaekit import VAE, FactorVAE, fit_many
from vaekit.engine import _recordings
from vaekit.engine._company import how_together
from vaekit.engine._convolutions import convolves
from vaekit.nn import ConvNet

pytestmark = [pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning"), pytest.mark.triton]
IMAGES = np.random.default_rng(0).integers(0, 256, size=(6, 9, 8), dtype=np.uint8)
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def together(monkeypatch):
    """How many steps were taken by a program, each for how many nets."""
    seen, take = [], _recordings.RecordedStep.__call__

    def take_and_tell(self, *inputs):
        seen.append(len(inputs[0]))
        return take(self, *inputs)

    monkeypatch.setattr(_recordings.RecordedStep, "__call__", take_and_tell)
    with convolutions_run_here():
        yield seen


def nets(cls=VAE, n_nets=2, **params):
    network = ConvNet(channels=3, hidden_layer_sizes=(6,))
    return [tiny(cls, random_state=seed, network=network, **{"max_epochs": 1, **params}) for seed in range(n_nets)]


def both(monkeypatch, models):
    """Fits that are alone, and fits that are together."""
    alone = [clone(model).fit(IMAGES) for model in models]
    with monkeypatch.context() as patch:
        capture_here(patch, is_exact=False)
        return alone, fit_many(models, IMAGES)


def moments(model):
    """The first moment of the weights after a step: a tenth of the gradient."""
    return next(iter(model.net_.optimizer_.state.values()))["exp_avg"]


def distance(one, other):
    return float((one - other).norm() / other.norm())


def test_many_nets_are_the_nets_alone(monkeypatch, together):
    alone, many = both(monkeypatch, nets(FactorVAE, max_epochs=2))
    assert set(together) == {2}
    for one, other in zip(alone, many):
        assert distance(other.net_.flat_.buffer, one.net_.flat_.buffer) < 1e-6
        assert other.history_[-1]["train_loss"] == pytest.approx(one.history_[-1]["train_loss"], rel=1e-5)


def test_gradients_of_all_weights_are_those_of_the_net(monkeypatch, together):
    """Weight by weight, after one step."""
    alone, many = both(monkeypatch, nets(max_steps=1))
    assert together == [2]
    for one, other in zip(alone, many):
        for parameter in one.net_.module_.parameters():
            place = slice(parameter.storage_offset(), parameter.storage_offset() + parameter.numel())
            assert distance(moments(other)[place], moments(one)[place]) < 1e-5


def test_short_types_round_as_those_of_the_net_do(monkeypatch, together):
    exact = [clone(model).fit(IMAGES) for model in nets(max_steps=1)]
    alone, many = both(monkeypatch, nets(max_steps=1, precision="bf16"))
    assert together == [2]
    for best, one, other in zip(exact, alone, many):
        assert 0 < distance(moments(other), moments(best)) < 3 * distance(moments(one), moments(best))


def test_which_nets_are_a_program(monkeypatch):
    capture_here(monkeypatch)
    square, flat = IMAGES[:, :8], IMAGES[:, :4]
    halving, mixed = (nets(n_nets=1)[0].fit(rows).net_ for rows in (square, flat))
    assert convolves(halving.module_, CPU)
    assert not convolves(mixed.module_, CPU)  # a side of four pixels stays: kernels of (3, 4)
    assert not convolves(halving.module_, torch.device("mps"))
    assert (how_together(halving), how_together(mixed)) == ("program", "branches")
