"""Steps that would be branches of a CUDA graph, taken without one: bit for bit those of each net alone."""

import numpy as np
import pytest
from many_models import capture_here
from sklearn.base import clone
from tiny_training import same_weights, tiny

from vaekit import VAE, BetaVAE, FactorVAE, fit_many
from vaekit.engine import _branches, _recordings
from vaekit.exceptions import NonFiniteLossError
from vaekit.nn import ConvNet

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
IMAGES = np.random.default_rng(0).random(size=(19, 4, 5))
NET = ConvNet(channels=2, hidden_layer_sizes=(5,))


@pytest.fixture(autouse=True)
def together(monkeypatch):
    """How many nets each step was taken for; branches that are made are in its `made`."""

    class Watched(list):
        made = 0

    seen = Watched()

    class Seen(_branches.Branches):
        def __init__(self, *args):
            seen.made += 1
            super().__init__(*args)

        def take(self, all_inputs):
            seen.append(len(self.nets))
            return super().take(all_inputs)

    monkeypatch.setattr(_recordings, "Branches", Seen)
    return seen


def conv(cls=VAE, **params):
    return tiny(cls, network=NET, **params)


def assert_fits_are_the_same(monkeypatch, models, rows=IMAGES):
    """Each eager and alone against all of them together."""
    each = rows if isinstance(rows, list) else [rows] * len(models)
    alone = [clone(model).fit(own) for model, own in zip(models, each)]
    capture_here(monkeypatch)
    fit_many(models, rows)
    for one, other in zip(alone, models):
        assert same_weights(one, other)
        timeless = [[{**row, "duration": 0} for row in model.history_] for model in (one, other)]
        assert timeless[0] == timeless[1]


def test_models_of_any_kind_are_branches(monkeypatch, together):
    models = [conv(cls, random_state=n) for n, cls in enumerate((VAE, BetaVAE, FactorVAE))]
    assert_fits_are_the_same(monkeypatch, models)
    assert together == [3] * 6  # full batches; what is left over is each net's own
    assert together.made == 1


@pytest.mark.parametrize("params", [{"precision": "bf16"}, {"prior": "decoupled"}], ids=str)
def test_choices_are_those_of_each(monkeypatch, together, params):
    models = [conv(random_state=n, learning_rate=1e-3 * (n + 1), max_epochs=2, **params) for n in range(2)]
    assert_fits_are_the_same(monkeypatch, models)
    assert together == [2] * 4


def test_rows_may_differ_in_number(monkeypatch, together):
    rows = [IMAGES, IMAGES[1:], np.concatenate([IMAGES, IMAGES])]
    assert_fits_are_the_same(monkeypatch, [conv(max_epochs=2) for _ in rows], rows)
    assert together == [3] * 4


def test_those_that_stop_leave_the_others_together(monkeypatch, together):
    models = [
        conv(early_stopping=True, tol=10, n_iter_no_change=n, max_epochs=5, batch_size=4, warmup=0) for n in (1, 2, 9)
    ]
    assert_fits_are_the_same(monkeypatch, models)
    assert {3, 2} <= set(together)
    assert together.made == 2


def test_groups_stay_as_they_were(monkeypatch, together):
    models = [conv(random_state=n, max_epochs=1 + (n != 2)) for n in range(11)]
    assert_fits_are_the_same(monkeypatch, models)
    assert together == [8, 8, 3, 3, 3, 3, 7, 7]
    assert together.made == 3


def test_one_that_is_not_finite_does_not_touch_the_others(monkeypatch, together):
    models = [conv(learning_rate=rate, warmup=0) for rate in (1e-3, 1e30, 1e-3)]
    alone = clone(models[0]).fit(IMAGES)
    capture_here(monkeypatch)
    with pytest.raises(NonFiniteLossError):
        fit_many(models, IMAGES)
    assert 3 in together
    assert all(same_weights(alone, model) for model in models[::2])


def test_what_a_device_cannot_hold_together_runs_alone(monkeypatch, together):
    def refuse(*args):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(_recordings, "Branches", refuse)
    assert_fits_are_the_same(monkeypatch, [conv(random_state=n) for n in range(2)])
    assert together == []
