"""In a notebook's cell losses are drawn while they fall; elsewhere a bar moves."""

import re
import sys
import types
from xml.etree import ElementTree

import numpy as np
import pytest
from tiny_training import X, same_parameters, tiny

from vaekit.engine import _live_loss, watching
from vaekit.engine._callbacks import EpochBar
from vaekit.engine._live_loss import LiveLoss, Picture

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning", "ignore:Training was ended")


class Shown(list):
    """What a notebook shows: a list with the state of each output, old states before new ones."""

    def display(self, thing, display_id):
        assert display_id is True
        self.append([thing])
        return types.SimpleNamespace(update=self[-1].append)


@pytest.fixture
def notebook(monkeypatch):
    """The two things that are asked of IPython."""
    shown = Shown()
    ipython, room = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    ipython.get_ipython, room.display = lambda: types.SimpleNamespace(kernel=object()), shown.display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", room)
    monkeypatch.setattr(_live_loss, "SECONDS_BETWEEN", 0)
    return shown


def lines_of(picture):
    drawn = ElementTree.fromstring(picture._repr_html_())
    return [np.array([point.split(",") for point in line.get("points").split()], dtype=float)
            for line in drawn.iter("polyline")]  # fmt: skip


def test_losses_are_drawn_epoch_by_epoch(notebook, capfd):
    model = tiny(verbose=1, early_stopping=True).fit(X)
    ((first, *states),) = notebook
    assert repr(first) == f"{type(model).__name__}: epoch 0 of 3"
    assert lines_of(first) == []
    assert [len(line) for state in states for line in lines_of(state)] == [1, 1, 2, 2, 3, 3, 3, 3]  # and the end
    last = model.history_[-1]
    losses = f"train_loss {last['train_loss']:.4g}, valid_loss {last['valid_loss']:.4g}"
    told = f"{type(model).__name__}: epoch 3 of 3, {losses}, "
    assert re.fullmatch(re.escape(told) + r"\d+ s in all", repr(states[-1]))
    assert re.search(r", at most \d+ s left$", repr(states[0]))
    assert capfd.readouterr() == ("", "")
    assert same_parameters(model, tiny(early_stopping=True).fit(X))


def test_a_failed_training_leaves_a_finished_picture(notebook):
    with pytest.raises(RuntimeError, match="no more"):
        tiny(verbose=1, callbacks=[Fails()]).fit(X)
    assert repr(notebook[0][-1]).endswith("in all")


class Fails(LiveLoss):
    """Fails at the end of the first epoch."""

    def __init__(self):
        super().__init__(1, "")

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        pass

    def on_epoch_end(self, net, **kwargs):
        raise RuntimeError("no more")

    def on_train_end(self, net, X=None, y=None, **kwargs):
        pass


@pytest.mark.parametrize("verbose", [0, 2])
def test_nothing_is_shown_that_nobody_asked_for(notebook, verbose):
    tiny(verbose=verbose).fit(X)
    assert notebook == []


@pytest.mark.parametrize("shell", [None, types.SimpleNamespace(), types.SimpleNamespace(kernel=None)])
def test_without_a_kernel_there_is_a_bar(notebook, monkeypatch, shell):
    assert isinstance(watching(3, "VAE"), LiveLoss)
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: shell)
    assert isinstance(watching(3, "VAE"), EpochBar)
    monkeypatch.delitem(sys.modules, "IPython")
    assert isinstance(watching(3, "VAE"), EpochBar)
    assert "IPython" not in sys.modules


def test_high_first_losses_do_not_flatten_the_rest():
    losses = [1e6, *np.linspace(50, 10, 29)]
    (line,) = lines_of(Picture("VAE", {"train_loss": losses, "valid_loss": [np.nan] * 30}, 60, ""))
    assert (np.diff(line[:, 0]) > 0).all()
    assert line[-1, 0] == pytest.approx(_live_loss.WIDTH / 2, abs=0.1)  # half of the epochs are done
    assert (np.diff(line[1:, 1]) >= 0).all()  # down the page
    assert np.ptp(line[:, 1]) == pytest.approx(_live_loss.HEIGHT - 2 * _live_loss.PAD)
    assert len(np.unique(line[:, 1])) > 25


@pytest.mark.parametrize("losses", [[], [3.0], [2.0, 2.0], [np.inf, np.nan, 1.0], [np.nan]])
def test_few_equal_and_broken_losses_are_drawn(losses):
    lines = lines_of(Picture("VAE", {"train_loss": losses}, 10, ""))
    assert len(lines) == bool(np.isfinite(losses).any())
    assert all(np.isfinite(line).all() for line in lines)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "0 s"), (59.7, "1 min 0 s"), (61, "1 min 1 s"), (3599.6, "1 h 0 min"), (7322, "2 h 2 min")],
)
def test_seconds_are_told_as_people_tell_them(seconds, told):
    assert _live_loss._told(seconds) == told
