"""Ctrl-C waits for the end of a step, keeps what was learned and passes on; a callback's own end is quiet."""

import _thread
import os
import signal
import threading
import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback
from tiny_training import N_BATCHES, AtBatchBegin, AtEpochBegin, AtGradients, Rivalry, X, same_weights, tiny

from vaekit.engine._interrupts import HeldInterrupt, came_by_signal
from vaekit.engine._optimizer import PhasedAdam

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


def press():
    os.kill(os.getpid(), signal.SIGINT)


PRESSES = {"kill": press, "raise_signal": lambda: signal.raise_signal(signal.SIGINT), "main": _thread.interrupt_main}


# ------------------------------------------------------------------ holding


def held(*steps):
    """Run steps with interrupts held, each followed by a look; return how many were run, and whether it ended well."""
    done = []
    try:
        with HeldInterrupt() as interrupt:
            for step in steps:
                step()
                done.append(step)
                interrupt.release()
    except KeyboardInterrupt:
        return len(done), interrupt.pressed
    return len(done), None


@pytest.mark.parametrize("way", PRESSES)
def test_an_interrupt_is_held_until_somebody_looks(way):
    assert held(int, PRESSES[way], int) == (2, True)
    assert held(int, int) == (2, None)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def press_twice():
    press()
    press()


def test_a_second_one_does_not_wait():
    assert held(int, press_twice, int) == (1, True)


def test_a_handler_of_the_users_is_left_alone():
    def handler(number, frame):
        seen.append(number)

    seen, before = [], signal.signal(signal.SIGINT, handler)
    try:
        with HeldInterrupt() as interrupt:
            press()
        model = tiny(callbacks=[AtBatchBegin(lambda net, batch: press())]).fit(X)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(seen) == 1 + model.n_steps_ == 1 + 3 * N_BATCHES
    assert not interrupt.pressed


def test_a_thread_trains_without_handlers():
    models = []
    thread = threading.Thread(target=lambda: models.append(tiny().fit(X)))
    thread.start()
    thread.join()
    assert same_weights(models[0], tiny().fit(X))


def raised_by(function):
    try:
        function()
    except KeyboardInterrupt as interrupt:
        return interrupt
    raise AssertionError("nothing was raised")


def stop():
    raise KeyboardInterrupt


def test_signals_are_told_from_code_that_raises():
    before = signal.signal(signal.SIGTERM, lambda number, frame: stop())
    try:
        assert came_by_signal(raised_by(lambda: signal.raise_signal(signal.SIGTERM)))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not came_by_signal(raised_by(stop))


# ------------------------------------------------------------------ fit


@pytest.mark.parametrize(
    ("callback", "n_steps"),
    [
        (lambda: AtBatchBegin(lambda net, batch: press() if net.step_ == 7 else None), 8),
        (lambda: AtGradients(lambda net, gradients: press() if net.step_ == 0 and len(gradients) > 2 else None), 1),
        (lambda: AtEpochBegin(lambda net, rows: press() if len(net.history) == 2 else None), N_BATCHES + 1),
        (lambda: type("AtEnd", (Callback,), {"on_epoch_end": lambda self, net, **kwargs: press()})(), N_BATCHES),
        (lambda: type("Last", (Callback,), {"on_train_end": lambda self, net, **kwargs: press()})(), 3 * N_BATCHES),
    ],
    ids=["amid an epoch", "amid a step", "between epochs", "after an epoch", "after training"],
)
@pytest.mark.parametrize("words", [{}, {"objective": Rivalry()}], ids=["one phase", "two phases"])
def test_an_interrupt_passes_on_and_leaves_what_was_learned(callback, n_steps, words):
    expected = tiny(max_steps=n_steps, warmup=0, **words).fit(X)
    model = tiny(warmup=0, callbacks=[callback()], **words)
    with pytest.raises(KeyboardInterrupt), pytest.warns(ConvergenceWarning, match=f"interrupted at step {n_steps};"):
        model.fit(X)
    assert same_weights(model, expected)
    assert {int(state["step"]) for state in model.net_.optimizer_.state.values()} == {model.n_steps_} == {n_steps}
    assert len(model.history_) == n_steps // N_BATCHES
    assert np.isfinite(model.transform(X)).all()
    assert model.kl_per_component_.shape == (2,)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_before_the_first_step_it_leaves_what_there_was():
    model = tiny(callbacks=[type("Begin", (Callback,), {"on_epoch_begin": lambda *_, **__: press_twice()})()])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert not hasattr(model, "net_")


def test_a_filter_that_makes_warnings_errors_does_not_hide_the_interrupt():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(KeyboardInterrupt):
            tiny(callbacks=[AtBatchBegin(lambda net, batch: press())]).fit(X)


@pytest.mark.parametrize("phase", [0, 1])
def test_an_end_amid_a_step_of_two_phases_leaves_whole_steps(phase, monkeypatch):
    original, calls = PhasedAdam.step_phase, []

    def interrupted(optimizer, number, gradient):
        original(optimizer, number, gradient)
        calls.append(number)
        if len(calls) == 2 * (2 * N_BATCHES + 2) + phase + 1:
            stop()

    monkeypatch.setattr(PhasedAdam, "step_phase", interrupted)
    with pytest.warns(ConvergenceWarning, match="interrupted"):
        model = tiny(objective=Rivalry(), warmup=0).fit(X)
    n_steps = 2 * N_BATCHES + 3 if phase == 1 else 2 * N_BATCHES  # whole, or back at the start of the epoch
    assert {int(state["step"]) for state in model.net_.optimizer_.state.values()} == {model.n_steps_} == {n_steps}
    monkeypatch.setattr(PhasedAdam, "step_phase", original)
    assert same_weights(model, tiny(objective=Rivalry(), warmup=0, max_steps=n_steps).fit(X))


@pytest.mark.parametrize("error", [MemoryError, torch.OutOfMemoryError, RuntimeError])
@pytest.mark.parametrize("phase", [0, 1])
def test_an_error_amid_a_step_passes_on_and_leaves_whole_steps(error, phase, monkeypatch):
    """Memory that is at an end, say."""
    original, calls = PhasedAdam.step_phase, []

    def failing(optimizer, number, gradient):
        calls.append(number)
        if len(calls) == 2 * (N_BATCHES + 2) + phase + 1:
            raise error("no more")
        original(optimizer, number, gradient)

    monkeypatch.setattr(PhasedAdam, "step_phase", failing)
    model = tiny(objective=Rivalry(), warmup=0)
    with (
        pytest.raises(error, match="no more"),
        pytest.warns(ConvergenceWarning, match=f"by {error.__name__} after step"),
    ):
        model.fit(X)
    n_steps = N_BATCHES if phase == 1 else N_BATCHES + 2  # back at the start of the epoch, or whole
    assert {int(state["step"]) for state in model.net_.optimizer_.state.values()} == {model.n_steps_} == {n_steps}
    monkeypatch.setattr(PhasedAdam, "step_phase", original)
    assert same_weights(model, tiny(objective=Rivalry(), warmup=0, max_steps=n_steps).fit(X))


class Ending(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise KeyboardInterrupt


def test_a_callback_ends_training_quietly():
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("ignore", category=UserWarning)
        model = tiny(callbacks=[Ending()]).fit(X)
    assert len(model.history_) == 1
