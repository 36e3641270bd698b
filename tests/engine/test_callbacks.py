"""skorch's callbacks through `callbacks=`, and the library's own bar and silence."""

import copy
import json
import logging.handlers
import pickle
import sys
import threading

import numpy as np
import pytest
import skorch.callbacks
import torch
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
    ProgressBar,
)
from tiny_training import N_BATCHES, AtGradients, Rivalry, X, same_parameters, same_weights, tiny
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from vaekit import BetaDPVAE
from vaekit.engine import ResidentRows

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


def half(count):
    return 0.5**count


def only_first(count):
    return float(count == 0)


# ------------------------------------------------------------------ learning rates


@pytest.mark.parametrize(
    ("step_every", "expected"),
    [("epoch", np.repeat(0.5 ** np.arange(3), N_BATCHES)), ("batch", 0.5 ** np.arange(3 * N_BATCHES))],
)
def test_a_scheduler_drives_every_group_of_the_optimizer(step_every, expected):
    used = []

    def look(net, gradients):
        used.append([group["lr"] for group in net.optimizer_.param_groups])

    scheduler = LRScheduler(policy=LambdaLR, lr_lambda=half, step_every=step_every)
    model = tiny(objective=Rivalry(), callbacks=[scheduler, AtGradients(look)]).fit(X)
    np.testing.assert_allclose(used[::2], np.c_[1e-3 * expected, 0.1 * expected])
    np.testing.assert_array_equal(used[::2], used[1::2])  # the gradients of both phases of a step
    if step_every == "epoch":
        assert [row["event_lr"] for row in model.history_] == [1e-3, 5e-4, 2.5e-4]


def test_steps_are_as_long_as_the_scheduler_says():
    model = tiny(warmup=0, callbacks=[LRScheduler(policy=LambdaLR, lr_lambda=only_first)]).fit(X)
    assert same_weights(model, tiny(warmup=0, max_epochs=1).fit(X))


def test_a_plateau_is_seen_in_the_history():
    patient = LRScheduler(
        policy=ReduceLROnPlateau, monitor="train_loss", threshold=1e9, threshold_mode="abs", patience=0
    )
    model = tiny(callbacks=[patient]).fit(X)
    assert model.net_.optimizer_.param_groups[0]["lr"] == pytest.approx(1e-5)


def test_a_scheduler_counts_the_epochs_of_all_fits():
    scheduler = LRScheduler(policy=LambdaLR, lr_lambda=half)
    at_once, in_turns = tiny(callbacks=[scheduler]).fit(X), tiny(callbacks=[scheduler])
    for _ in range(3):
        in_turns.partial_fit(X)
    assert same_parameters(at_once, in_turns)
    late = tiny(max_epochs=2, warm_start=True).fit(X).set_params(callbacks=[scheduler]).fit(X)
    assert [row.get("event_lr") for row in late.history_] == [None, None, 0.25e-3, 0.125e-3]


# ------------------------------------------------------------------ stopping


@pytest.mark.parametrize("monitor", ["valid_loss", "train_loss"])
def test_skorch_early_stopping_stops(monitor):
    impatient = EarlyStopping(monitor=monitor, patience=2, threshold=1e9, threshold_mode="abs")
    model = tiny(max_epochs=20, early_stopping=monitor == "valid_loss", callbacks=[impatient]).fit(X)
    assert len(model.history_) == 3


@pytest.mark.parametrize(
    "callback",
    [EarlyStopping(), Checkpoint(), ("named", EarlyStopping()), LRScheduler(ReduceLROnPlateau, monitor="valid_loss")],
)
def test_watching_rows_that_nobody_held_out_is_an_error_that_teaches(callback):
    with pytest.raises(ValueError, match=r"'callbacks'.*early_stopping=True.*'train_loss'"):
        tiny(callbacks=[callback]).fit(X)


# ------------------------------------------------------------------ checkpoints


def test_a_checkpoint_holds_weights_moments_and_history(tmp_path):
    checkpoint = Checkpoint(monitor=None, dirname=str(tmp_path))
    model = tiny(BetaDPVAE, callbacks=[checkpoint]).fit(X)
    other = tiny(BetaDPVAE, random_state=1, max_epochs=1).fit(X)
    assert not same_weights(model, other)
    other.net_.load_params(
        f_params=tmp_path / "params.pt", f_optimizer=tmp_path / "optimizer.pt", f_history=tmp_path / "history.json"
    )
    assert same_parameters(model, other)
    np.testing.assert_array_equal(model.transform(X), other.transform(X))
    (ours,), (theirs,) = (list(m.net_.optimizer_.state.values()) for m in (model, other))
    assert ours["step"] == theirs["step"] == 3 * N_BATCHES
    assert all(torch.equal(ours[name], theirs[name]) for name in ("exp_avg", "exp_avg_sq"))
    assert len(json.loads((tmp_path / "history.json").read_text())) == len(other.history_) == 3
    for goes_on in (model, other):  # with the same random numbers
        goes_on.partial_fit(X)
    assert same_weights(model, other)
    assert not torch.equal(ours["exp_avg"], torch.zeros_like(ours["exp_avg"]))


class Intruder(Callback):
    """Another fit that writes to the files of a checkpoint."""

    def __init__(self, folder):
        self.folder = folder

    def on_epoch_end(self, net, **kwargs):
        """Spoil every file."""
        for file in self.folder.iterdir():
            file.write_bytes(b"of another fit")


@pytest.mark.parametrize("files", [{}, {"f_history": None}, {"f_params": "weights_{last_epoch[epoch]}.pt"}])
def test_the_best_that_is_loaded_is_that_of_this_fit(files, tmp_path):
    def best(**how):
        folder = tmp_path / str(len(how))
        checkpoint = Checkpoint(monitor="train_loss_best", dirname=str(folder), load_best=True, **files)
        return tiny(BetaDPVAE, max_epochs=6, learning_rate=0.3, callbacks=[checkpoint, *how.get("more", [])]).fit(X)

    alone, beside = best(), best(more=[Intruder(tmp_path / "1")])
    assert same_weights(alone, beside)
    assert not same_weights(alone, tiny(BetaDPVAE, max_epochs=6, learning_rate=0.3).fit(X))
    assert beside.net_.written_.copies == {}


def test_a_net_pickled_by_a_checkpoint_goes_on_the_same(tmp_path):
    model = tiny(BetaDPVAE, callbacks=[Checkpoint(monitor=None, dirname=str(tmp_path), f_pickle="net.pkl")]).fit(X)
    twin = pickle.loads((tmp_path / "net.pkl").read_bytes())
    rows = ResidentRows(torch.from_numpy(X.astype(np.float32)))
    before = [parameter.detach().clone() for parameter in twin.module_.parameters()]
    for net in (twin, model.net_):
        net.callbacks_ = []
        net.partial_fit(rows, epochs=2)
    pairs = list(zip(twin.module_.parameters(), model.net_.module_.parameters(), strict=True))
    assert all(torch.equal(ours, theirs) for ours, theirs in pairs)
    assert not any(torch.equal(ours, old) for (ours, _), old in zip(pairs, before))


class Spoil(Callback):
    """Makes the learning rate far too large from the fourth epoch on."""

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) > 3:
            net.optimizer_.param_groups[0]["lr"] = 50.0


def test_a_checkpoint_can_give_back_the_best_epoch(tmp_path):
    best = Checkpoint(monitor="train_loss_best", dirname=str(tmp_path), load_best=True, f_history=None)
    model = tiny(warmup=0, max_epochs=6, learning_rate=0.01, callbacks=[Spoil(), best]).fit(X)
    assert [row["event_cp"] for row in model.history_] == [True] * 3 + [False] * 3
    assert same_weights(model, tiny(warmup=0, max_epochs=3, learning_rate=0.01).fit(X))


# ------------------------------------------------------------------ gradients


def norms(into):
    """Return a callback that writes the norm of every gradient into a list."""

    def look(net, gradients):
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients.values()])
        into.append(float(torch.linalg.vector_norm(flat)))

    return AtGradients(look)


def test_clipped_gradients_are_what_adam_sees():
    before, after = [], []
    callbacks = [("before", norms(before)), ("clip", GradientNormClipping(1e-3)), ("after", norms(after))]
    model = tiny(callbacks=callbacks).fit(X)
    assert min(before) > 1
    np.testing.assert_allclose(after, 1e-3, rtol=1e-4)
    (state,) = model.net_.optimizer_.state.values()
    assert torch.linalg.vector_norm(state["exp_avg"]) <= 1.001e-3
    assert not same_weights(model, tiny().fit(X))


def test_looking_at_gradients_changes_nothing():
    model = tiny(callbacks=[norms([])]).fit(X)
    assert same_weights(model, tiny().fit(X))
    assert all(parameter.grad is None for parameter in model.net_.module_.parameters())


# ------------------------------------------------------------------ whose callbacks they are


class Diary(Callback):
    """Keeps notes in an attribute that is no parameter."""

    def __init__(self):
        self.notes = []

    def on_epoch_end(self, net, **kwargs):
        self.notes.append(net.history[-1, "train_loss"])


def fresh_callbacks(folder):
    return {
        "bar": ProgressBar(),
        "scheduler": LRScheduler(policy=LambdaLR, lr_lambda=half),
        "stopping": EarlyStopping(monitor="train_loss"),
        "checkpoint": Checkpoint(monitor="train_loss_best", dirname=str(folder)),
        "clipping": GradientNormClipping(1.0),
        "diary": Diary(),
    }


@pytest.mark.parametrize("name", fresh_callbacks(""))
def test_the_users_callback_is_left_alone(name, tmp_path):
    callback = fresh_callbacks(tmp_path)[name]
    before = copy.deepcopy(vars(callback))
    model = tiny(callbacks=[callback])
    once = model.fit(X).transform(X)
    assert vars(callback) == before
    np.testing.assert_array_equal(model.fit(X).transform(X), once)
    assert vars(callback) == before
    assert model.callbacks == [callback]


def test_all_of_them_together_by_name(tmp_path):
    model = tiny(early_stopping=True, callbacks=list(fresh_callbacks(tmp_path).items())).fit(X)
    assert len(model.history_) == 3
    assert {"event_lr", "event_cp", "valid_loss"} <= set(model.history_[-1])


@pytest.mark.parametrize("verbose", [0, 1])
def test_a_fitted_estimator_holds_no_callback(verbose):
    model = tiny(callbacks=[ProgressBar()], verbose=verbose).fit(X)
    assert model.net_.callbacks_ == []
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).transform(X), model.transform(X))


# ------------------------------------------------------------------ what is printed


@pytest.mark.parametrize("early_stopping", [False, True])
def test_silence(capfd, early_stopping):
    callbacks = [EarlyStopping(monitor="train_loss", patience=1, threshold=1e9, threshold_mode="abs")]
    model = tiny(early_stopping=early_stopping, callbacks=callbacks).fit(X).partial_fit(X)
    model.transform(X), model.sample(2), model.score(X)
    assert capfd.readouterr() == ("", "")


def test_a_bar_over_the_epochs(capfd, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    tiny(BetaDPVAE, verbose=1, early_stopping=True).fit(X)
    out, err = capfd.readouterr()
    assert out == ""
    assert "BetaDPVAE" in err
    assert "3/3" in err
    assert "train_loss=" in err
    assert "valid_loss=" in err


class Counting(ProgressBar):
    """Hands the count of every epoch's bar to `receive`."""

    def __init__(self, receive):
        super().__init__()
        self.receive = receive

    def on_epoch_end(self, net, **kwargs):
        self.receive((self.pbar_.n, self.pbar_.total))
        super().on_epoch_end(net, **kwargs)


def test_skorch_progress_bar_counts_the_batches(capfd):
    counts = []
    tiny(callbacks=[Counting(counts.append)]).fit(X)
    assert counts == [(N_BATCHES, N_BATCHES)] * 3
    assert f"0/{N_BATCHES}" in capfd.readouterr().err


# ------------------------------------------------------------------ all that skorch has


class Writer:
    """What loggers write to: it holds a lock, which cannot be copied, and takes every call."""

    def __init__(self):
        self.lock, self.calls, self.dir = threading.Lock(), [], "."
        self.info = {}

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.calls.append((name, args))


class Run:
    """The run of an MLflow client."""

    class info:
        run_id = "1"


class Experiment(dict):
    """A Neptune run: keys that end in objects to append to."""

    def __init__(self):
        self.lock, self.calls = threading.Lock(), []

    def __getitem__(self, name):
        return self

    def __setitem__(self, name, value):
        self.calls.append(name)

    def append(self, value):
        self.calls.append(value)


def one(net, X, y=None):
    return 1.0


# name: (constructor, words of the refusal or None)
SKORCH = {
    "BatchScoring": (lambda to, path: skorch.callbacks.BatchScoring(one, name="s"), "predictions"),
    "Callback": (lambda to, path: skorch.callbacks.Callback(), None),
    "Checkpoint": (lambda to, path: Checkpoint(monitor="train_loss_best", dirname=path, f_pickle="net.pkl"), None),
    "EarlyStopping": (lambda to, path: EarlyStopping(monitor="train_loss"), None),
    "EpochScoring": (lambda to, path: EpochScoring(one, name="s", on_train=True), "use_caching=False"),
    "EpochTimer": (lambda to, path: skorch.callbacks.EpochTimer(), None),
    "Freezer": (lambda to, path: skorch.callbacks.Freezer("encoder*"), "freezes weights.*Custom"),
    "GradientNormClipping": (lambda to, path: GradientNormClipping(1.0), None),
    "Initializer": (lambda to, path: skorch.callbacks.Initializer("*weight", fn=torch.nn.init.zeros_), None),
    "InputShapeSetter": (lambda to, path: skorch.callbacks.InputShapeSetter(), "leave it out"),
    "LRScheduler": (lambda to, path: LRScheduler("WarmRestartLR"), None),
    "LoadInitState": (lambda to, path: skorch.callbacks.LoadInitState(saved(path)), None),
    "MlflowLogger": (lambda to, path: skorch.callbacks.MlflowLogger(Run(), to, create_artifact=False), None),
    "NeptuneLogger": (lambda to, path: skorch.callbacks.NeptuneLogger(Experiment(), close_after_train=False), None),
    "ParamMapper": (lambda to, path: skorch.callbacks.ParamMapper("*", fn=lambda p: p.data.clamp_(-1, 1)), None),
    "PassthroughScoring": (lambda to, path: skorch.callbacks.PassthroughScoring("train_loss"), "predictions"),
    "PrintLog": (lambda to, path: skorch.callbacks.PrintLog(), None),
    "ProgressBar": (lambda to, path: ProgressBar(), None),
    "SacredLogger": (lambda to, path: skorch.callbacks.SacredLogger(to), None),
    "TensorBoard": (lambda to, path: skorch.callbacks.TensorBoard(to), None),
    "TrainEndCheckpoint": (lambda to, path: skorch.callbacks.TrainEndCheckpoint(dirname=path), None),
    "Unfreezer": (lambda to, path: skorch.callbacks.Unfreezer("encoder*"), "freezes weights"),
    "WandbLogger": (lambda to, path: skorch.callbacks.WandbLogger(to, save_model=False), None),
}


def saved(path):
    checkpoint = Checkpoint(monitor=None, dirname=path)
    tiny(max_epochs=1, callbacks=[checkpoint]).fit(X)
    return checkpoint.initialize()


def test_the_table_holds_all_of_them():
    assert {name for name in skorch.callbacks.__all__ if name != "WarmRestartLR"} == SKORCH.keys()


@pytest.fixture
def without_neptune(monkeypatch):
    monkeypatch.setattr(skorch.callbacks.NeptuneLogger, "_model_summary_file", staticmethod(str))


@pytest.mark.parametrize("name", SKORCH)
def test_each_of_skorchs_callbacks_works_or_is_refused_by_name(name, tmp_path, without_neptune):
    make, refusal = SKORCH[name]
    model = tiny(callbacks=[make(Writer(), str(tmp_path))])
    if refusal is not None:
        with pytest.raises(ValueError, match=f"'callbacks' parameter holds {name}, which .*{refusal}"):
            model.fit(X)
        assert not hasattr(model, "net_")
        return
    (kept,) = pickle.loads(pickle.dumps(model)).callbacks or [None]
    assert type(kept) is type(model.callbacks[0]) or name.endswith(("Logger", "Board"))  # whose object has a lock
    assert len(model.fit(X).history_) >= 3
    assert np.isfinite(model.transform(X)).all()
    for copied in (clone, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))):
        assert copied(model).set_params(callbacks=None).fit(X).n_steps_ == 3 * N_BATCHES


@pytest.mark.parametrize("name", ["TensorBoard", "SacredLogger", "WandbLogger", "MlflowLogger"])
def test_loggers_log_to_the_users_own_object(name, tmp_path):
    to = Writer()
    model = tiny(callbacks=[SKORCH[name][0](to, str(tmp_path))]).fit(X)
    once = len(to.calls)
    assert once >= 3  # an epoch at least each
    clone(model).fit(X)
    assert len(to.calls) == 2 * once
    back = pickle.loads(pickle.dumps(model))
    assert back.callbacks == []  # it holds a lock
    np.testing.assert_array_equal(back.fit(X).transform(X), model.transform(X))


def test_scores_without_cached_predictions_work():
    scoring = EpochScoring(lambda net, rows, y=None: len(rows), name="n_rows", on_train=True, use_caching=False)
    assert [row["n_rows"] for row in tiny(callbacks=[scoring]).fit(X).history_] == [35, 35, 35]


def test_print_log_prints(capsys):
    tiny(callbacks=[skorch.callbacks.PrintLog()]).fit(X)
    lines = capsys.readouterr().out.splitlines()
    assert "train_loss" in lines[0]
    assert len(lines) == 2 + 3  # a head, a rule, and a line per epoch


def freeze(parameter):
    parameter.requires_grad_(False)


def test_freezing_behind_the_scenes_is_an_error_that_names_the_weight():
    mapper = skorch.callbacks.ParamMapper("decoder*", fn=freeze, at=2)
    model = tiny(callbacks=[mapper], warmup=0)
    with (
        pytest.raises(ValueError, match=r"'callbacks' parameter.*froze 'decoder.0.weight'.*Custom"),
        pytest.warns(ConvergenceWarning),
    ):
        model.fit(X)
    assert same_weights(model, tiny(warmup=0, max_epochs=1).fit(X))
    assert model.set_params(callbacks=None).partial_fit(X).n_steps_ == 2 * N_BATCHES


def test_two_fits_share_no_state_that_a_callback_keeps_in_collections():
    diary = Diary()
    models = [clone(tiny(callbacks=[("diary", diary)])) for _ in range(2)]
    assert models[0].callbacks[0][1] is not models[1].callbacks[0][1] is not diary
    for model in models:
        model.callbacks[0][1].notes.append("mine")
    assert diary.notes == []


def test_a_loaded_history_says_how_many_steps_were_done(tmp_path):
    checkpoint = Checkpoint(monitor=None, dirname=str(tmp_path))
    tiny(callbacks=[checkpoint]).fit(X)
    model = tiny(max_epochs=1, callbacks=[skorch.callbacks.LoadInitState(checkpoint)]).fit(X)
    assert (model.n_steps_, len(model.history_)) == (4 * N_BATCHES, 4)


# ------------------------------------------------------------------ lines


@pytest.fixture
def records(monkeypatch):
    """What the library's logger passes on."""
    heard = logging.handlers.BufferingHandler(1000)
    monkeypatch.setattr(logging.getLogger(), "handlers", [heard])
    monkeypatch.setattr(logging.getLogger("vaekit"), "level", logging.INFO)
    return heard.buffer


def test_a_line_per_epoch_goes_to_the_logger_and_nowhere_else(capfd, records):
    tiny(BetaDPVAE, verbose=2, early_stopping=True).fit(X)
    lines = [record.getMessage() for record in records]
    assert [record.name for record in records] == ["vaekit"] * 3
    assert [line.split(" train_loss")[0] for line in lines] == [f"BetaDPVAE epoch {n} step {4 * n}" for n in (1, 2, 3)]
    assert all("kl=" in line and "valid_loss=" in line and "duration=" in line for line in lines)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("vaekit").handlers == []


def test_a_bar_is_quiet_where_nobody_watches(capfd):
    tiny(verbose=1).fit(X)
    assert capfd.readouterr() == ("", "")
