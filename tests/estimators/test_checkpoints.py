import errno
import os
import pickle
import random
import resource
import shutil
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau, StepLR

from tests.helpers.broken_files import mutations
from tests.helpers.family import IMAGES, NAMES, X, same_bits, tiny
from tests.helpers.foreign_words import own_network
from tests.helpers.killed import duration, run_until
from vaekit import fit_many
from vaekit.files import Lock
from vaekit.nn import ConvNet
from vaekit.persistence import Checkpoint
from vaekit.utils import _on_disk

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LONG = 30


class Ended(Exception):
    """Stands for whatever ends a fit from outside."""


class EndAt(Callback):
    """Ends a fit after so many epochs, its checkpoint not yet written."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.n_epochs:
            raise Ended


def books(model):
    """The history without what depends on the clock."""
    return [{name: value for name, value in row.items() if name != "duration"} for row in model.history_]


def assert_same(model, other, X):
    assert model.n_steps_ == other.n_steps_
    assert repr(books(model)) == repr(books(other))
    assert same_bits(model.transform(X), other.transform(X))
    assert same_bits(model.sample(4, random_state=0), other.sample(4, random_state=0))
    assert same_bits(model.kl_per_component_, other.kl_per_component_)
    for name, value in other.net_.optimizer_.state_dict()["state"].items():
        kept = model.net_.optimizer_.state_dict()["state"][name]
        assert all(bool((kept[key] == value[key]).all()) for key in value)
    assert bool((model.net_.generator.get_state() == other.net_.generator.get_state()).all())


def ended_at(n_epochs, make, X, **params):
    """A fit that ended early."""
    with pytest.raises(Ended):
        make(**{**params, "callbacks": [*(params.get("callbacks") or []), EndAt(n_epochs)]}).fit(X)


def resumed(n_epochs, make, X, **params):
    """A fit that ended early, and then went on: no callback of the second run ends it."""
    ended_at(n_epochs, make, X, **params)
    return make(**{**params, "callbacks": [*(params.get("callbacks") or []), EndAt(10**9)]}).fit(X)


# ---------------------------------------------------------------------- the same bits


@pytest.mark.parametrize("name", NAMES)
def test_every_estimator_goes_on_in_the_same_bits(name, tmp_path):
    def make(**params):
        return tiny(name, max_epochs=5, **params)

    assert_same(resumed(4, make, X, checkpoint=tmp_path), make().fit(X), X)


ROWS = np.arange(len(X))
TOLD = {"y": ("ConditionalVAE", {"y": ROWS % 3}), "groups": ("SlowVAE", {"groups": ROWS // 7})}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_known_about_rows_belongs_to_the_fit(name, tmp_path):
    kind, told = TOLD[name]
    with pytest.raises(Ended):
        tiny(kind, checkpoint=tmp_path, callbacks=[EndAt(3)]).fit(X, **told)
    with pytest.raises(ValueError, match=name):
        tiny(kind, checkpoint=tmp_path, callbacks=[EndAt(9)]).fit(X, **{name: np.roll(told[name], 1)})
    model, plain = tiny(kind, checkpoint=tmp_path, callbacks=[EndAt(9)]).fit(X, **told), tiny(kind).fit(X, **told)
    assert books(model) == books(plain)
    assert same_bits(model.sample(4, random_state=0), plain.sample(4, random_state=0))


SETTINGS = {
    "at the first epoch": (1, {}),
    "at the last epoch": (5, {}),
    "with early stopping": (4, {"early_stopping": True, "n_iter_no_change": 2, "max_epochs": 12}),
    "with a number of steps": (1, {"max_steps": 17}),
    "schedules": (3, {"warmup": 14, "prior": "decoupled"}),
    "stages": (4, {"prior": "flow_matching"}),
    "a network of ones own": (3, {"network": own_network()}),
    "a density found afterwards": (3, {"prior": "post_hoc", "batch_size": 16}),
    "a random state": (3, {"random_state": np.random.RandomState(5)}),
    "traced steps": (60, {"max_epochs": 101}),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_every_kind_of_fit_goes_on_in_the_same_bits(name, tmp_path):
    n_epochs, settings = SETTINGS[name]

    def make(**params):
        return tiny("VAE", **pickle.loads(pickle.dumps({"max_epochs": 5, **settings})), **params)

    rows = np.repeat(X, 2, axis=0)
    assert_same(resumed(n_epochs, make, rows, checkpoint=tmp_path), make().fit(rows), rows)


def test_rows_that_stay_on_disk_go_on_in_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.setattr(_on_disk, "LARGEST_READ", 100)
    np.save(tmp_path / "rows.npy", X.astype(np.float32))
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")

    def make(**params):
        return tiny("DPVAE", max_epochs=5, **params)

    assert_same(resumed(3, make, rows, checkpoint=tmp_path / "checkpoints"), make().fit(rows), rows)


class Counting(Callback):
    """Knows numbers, lists, arrays, a generator, and moves the weights by them."""

    def __init__(self):
        self.n_seen, self.losses, self.mean, self.rng = 0, [], None, np.random.default_rng(3)

    def on_epoch_end(self, net, **kwargs):
        self.n_seen += 1
        self.losses.append(net.history[-1]["train_loss"])
        weights = net.flat_.buffer.detach()
        self.mean = weights.clone() if self.mean is None else 0.9 * self.mean + 0.1 * weights
        net.flat_.buffer.data.copy_(self.mean * (1 + 1e-3 * self.n_seen * self.rng.normal() + 1e-6 * sum(self.losses)))


CALLBACKS = {
    "one of the user's": Counting,
    "steps": lambda: LRScheduler(StepLR, step_size=2, gamma=0.5),
    "a cosine": lambda: LRScheduler(CosineAnnealingLR, T_max=6, step_every="batch"),
    "a plateau": lambda: LRScheduler(ReduceLROnPlateau, patience=0, threshold=10.0, monitor="train_loss"),
    "stopping": lambda: EarlyStopping(monitor="train_loss", patience=3, threshold=10.0, threshold_mode="abs"),
}


@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks_go_on_with_what_they_knew(name, tmp_path):
    def make(callbacks=(), **params):
        return tiny("DPVAE", max_epochs=8, callbacks=[CALLBACKS[name](), *callbacks], **params)

    assert_same(resumed(3, make, X, checkpoint=tmp_path), make(callbacks=[EndAt(99)]).fit(X), X)


def test_a_warm_start_goes_on_from_its_own_checkpoints(tmp_path):
    first = tiny("BetaVAE", warm_start=True).fit(X)
    plain, killed = pickle.loads(pickle.dumps(first)), pickle.loads(pickle.dumps(first))
    plain.fit(X)
    with pytest.raises(Ended):
        killed.set_params(checkpoint=tmp_path, callbacks=[EndAt(5)]).fit(X)
    first.set_params(checkpoint=tmp_path, callbacks=[EndAt(99)]).fit(X)
    assert_same(first, plain, X)


def test_a_fit_without_a_seed_goes_on_with_its_own(tmp_path):
    params = {"random_state": None, "checkpoint": tmp_path}
    ended_at(2, lambda **others: tiny("VAE", **others), X, **params)
    model = tiny("VAE", callbacks=[EndAt(3)], **params)
    with pytest.raises(Ended):
        model.fit(X)
    seeds = model.model_.blueprint.init_seed, model.model_.blueprint.train_seed
    model = tiny("VAE", callbacks=[EndAt(99)], **params).fit(X)
    assert (model.model_.blueprint.init_seed, model.model_.blueprint.train_seed) == seeds
    assert len(model.history_) == 3
    model = tiny("VAE", callbacks=[EndAt(99)], **params).fit(X)
    assert (model.model_.blueprint.init_seed, model.model_.blueprint.train_seed) != seeds


# ---------------------------------------------------------------------- killed


KILLED = {
    "a table": ("DPVAE", X, {"max_epochs": LONG, "early_stopping": True, "n_iter_no_change": 50}),
    "FactorVAE": ("FactorVAE", X, {"max_epochs": LONG}),
    "images": ("BetaVAE", IMAGES, {"max_epochs": LONG, "network": ConvNet(channels=2, hidden_layer_sizes=(8,))}),
    "traced steps": ("AnnealedVAE", X, {"max_epochs": 120}),
}


@pytest.mark.parametrize("name", KILLED)
def test_a_fit_that_was_killed_ends_in_the_same_bits(name, tmp_path, request):
    kind, rows, params = KILLED[name]
    rng, seconds = random.Random(name), None
    for trial in range(max(1, request.config.getoption("kills") // 3)):
        folder = tmp_path / str(trial)

        def fit(folder=folder):
            tiny(kind, checkpoint=folder, **params).fit(rows)

        seconds = seconds or duration(lambda: tiny(kind, checkpoint=tmp_path / "timed", **params).fit(rows))
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            run_until(fit, rng.uniform(0, seconds / 2), number)
        assert_same(tiny(kind, checkpoint=folder, **params).fit(rows), tiny(kind, **params).fit(rows), rows)
        kept = sorted(path.name for path in folder.glob("*.vaekit"))
        assert len(kept) <= 2
        assert all(path.startswith("finished") for path in kept)
        assert list(folder.glob(".*")) == []


def search(folder):
    estimator = tiny("BetaVAE", checkpoint=folder and Checkpoint(folder=folder, shared=True))
    grid = {"beta": [1, 4], "prior": ["normal", "decoupled"]}
    return GridSearchCV(estimator, grid, cv=2, error_score="raise")


def search_in(folder):
    search(folder).fit(X)


def test_a_search_that_was_killed_goes_on_fit_by_fit(tmp_path, request):
    seconds, rng = duration(lambda: search(tmp_path / "timed").fit(X)), random.Random(0)
    for trial in range(max(1, request.config.getoption("kills") // 10)):
        folder = tmp_path / f"search {trial}"
        for share in (0, 0.5):
            run_until(partial(search_in, folder), (share + rng.uniform(0, 0.4)) * seconds)
        model, plain = search(folder).fit(X), search(None).fit(X)
        assert same_bits(model.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
        assert same_bits(model.transform(X), plain.transform(X))
    written = {path: path.stat().st_mtime_ns for path in (folder).rglob("*.vaekit")}
    search(folder).fit(X)
    assert {path: path.stat().st_mtime_ns for path in (folder).rglob("*.vaekit")} == written
    assert len(list((folder).iterdir())) == 9


def many(folder):
    models = [tiny(name, max_epochs=12, checkpoint=folder and folder / name) for name in ("VAE", "BetaVAE", "DPVAE")]
    return fit_many(models, X)


def test_many_fits_that_were_killed_go_on_each_where_it_was(tmp_path):
    seconds = duration(lambda: many(tmp_path / "timed"))
    run_until(lambda: many(tmp_path / "many"), 0.5 * seconds)
    for model, plain in zip(many(tmp_path / "many"), many(None)):
        assert_same(model, plain, X)


# ---------------------------------------------------------------------- what is written when


def written(folder):
    return sorted(path.name for path in folder.glob("*.vaekit"))


@pytest.mark.parametrize(
    ("every", "n_epochs", "names"),
    [({}, 5, ["04", "05"]), ({"every_n_epochs": 3}, 10, ["09", "10"]), ({"every_seconds": 1e6}, 5, ["05"]),
     ({"every_n_epochs": 100}, 5, ["05"])],
)  # fmt: skip
def test_the_newest_two_are_kept(tmp_path, every, n_epochs, names):
    tiny("VAE", max_epochs=n_epochs, checkpoint=Checkpoint(folder=tmp_path, **every)).fit(X)
    assert written(tmp_path) == [f"finished-000000{name}.vaekit" for name in names]


def test_the_call_made_once_more_has_nothing_to_do(tmp_path):
    model = tiny("VAE", checkpoint=str(tmp_path)).fit(X)
    other = tiny("VAE", checkpoint=str(tmp_path)).fit(X)
    assert model.history_ == other.history_  # durations, too
    assert_same(model, other, X)


def test_a_fit_that_ended_is_in_nobodys_way(tmp_path):
    tiny("VAE", max_epochs=5, checkpoint=tmp_path).fit(X)
    other = tiny("BetaVAE", max_epochs=2, checkpoint=tmp_path).fit(X[:20])
    assert_same(other, tiny("BetaVAE", max_epochs=2).fit(X[:20]), X)
    assert written(tmp_path) == ["finished-00000001.vaekit", "finished-00000002.vaekit"]


def test_no_checkpoint_holds_numbers_that_are_not_finite(tmp_path):
    class Break(Callback):
        def on_batch_begin(self, net, **kwargs):
            if net.step_ == 17:
                net.flat_.buffer.data.fill_(float("nan"))

    def make(**params):
        return tiny("VAE", max_epochs=6, callbacks=[Break()], **params)

    model = make(checkpoint=tmp_path).fit(X)
    assert written(tmp_path) == ["finished-00000002.vaekit", "finished-00000003.vaekit"]
    assert_same(make(checkpoint=tmp_path).fit(X), model, X)


def test_partial_fit_writes_none(tmp_path):
    tiny("VAE", checkpoint=tmp_path).partial_fit(X)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------- other fits, other writers, full disks


OTHERS = {
    "X": ({}, X + 1),
    "X,": ({}, X[::-1]),
    "learning_rate": ({"learning_rate": 2e-3}, X),
    "beta": ({"beta": 2.0}, X),
    "beta,": ({"beta": 4}, X),
    "random_state": ({"random_state": 1}, X),
    "max_epochs": ({"max_epochs": 9}, X),
    "prior": ({"prior": "decoupled"}, X),
    "callbacks": ({"callbacks": [EndAt(1), EndAt(1)]}, X),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_fit_is_an_error_that_teaches(name, tmp_path):
    ended_at(2, lambda **params: tiny("BetaVAE", beta=4.0, **params), X, checkpoint=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    params, rows = OTHERS[name]
    params = {"beta": 4.0, "callbacks": [EndAt(3)], "checkpoint": tmp_path, **params}
    if name == "beta,":  # 4 and 4.0 are the same strength, but not the same word
        params["callbacks"] = [EndAt(99)]
    with pytest.raises(ValueError, match="remove the folder") as caught:
        tiny("BetaVAE", **params).fit(rows)
    assert name.rstrip(",") in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_second_writer_is_refused(tmp_path):
    lock = Lock(tmp_path / "lock")
    with pytest.raises(ValueError, match="in use by another fit"):
        tiny("VAE", checkpoint=tmp_path).fit(X)
    lock.release()
    tiny("VAE", checkpoint=tmp_path).fit(X)


def test_two_processes_with_one_folder(tmp_path):
    """One is refused; the other's fit is what it would be alone."""
    model = tiny("VAE", max_epochs=LONG, checkpoint=tmp_path)

    class Wait(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 3:
                assert not run_until(second, 60)

    def second():
        try:
            tiny("VAE", max_epochs=LONG, checkpoint=tmp_path, callbacks=[Wait()]).fit(X)
        except ValueError as error:
            os._exit(0 if "in use" in str(error) else 3)
        os._exit(4)

    class Watch(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 3:
                assert run_until(second, 60)

    assert_same(model.set_params(callbacks=[Watch()]).fit(X), tiny("VAE", max_epochs=LONG).fit(X), X)


def test_a_full_disk_ends_no_training_and_leaves_what_there_was(tmp_path, monkeypatch):
    sync, n_calls = os.fsync, [0]

    def full(number):
        n_calls[0] += 1
        if n_calls[0] > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return sync(number)

    def make(**params):
        return tiny("VAE", max_epochs=6, **params)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.warns(UserWarning, match="could not be written") as caught:
        ended_at(6, make, X, checkpoint=tmp_path)
    monkeypatch.undo()
    assert sum("could not be written" in str(warning.message) for warning in caught) == 1
    assert written(tmp_path) == ["checkpoint-00000001.vaekit", "checkpoint-00000002.vaekit"]
    assert list(tmp_path.glob(".*")) == []
    assert_same(make(checkpoint=tmp_path, callbacks=[EndAt(99)]).fit(X), make().fit(X), X)


def test_a_disk_that_is_full_indeed(tmp_path):
    """No file of a process may grow beyond a few bytes: training comes to its end, and a later call goes on."""

    def make(n_epochs, **params):
        return tiny("VAE", max_epochs=6, callbacks=[EndAt(n_epochs)], **params)

    def fit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        with pytest.warns(UserWarning, match="could not be written"):
            assert_same(make(9, checkpoint=tmp_path).fit(X), make(9).fit(X), X)

    with pytest.raises(Ended):
        make(3, checkpoint=tmp_path).fit(X)
    assert run_until(fit, 60)
    assert len(written(tmp_path)) == 2
    assert list(tmp_path.glob(".*")) == []
    assert_same(make(9, checkpoint=tmp_path).fit(X), make(9).fit(X), X)


@pytest.mark.parametrize("n_damaged", [1, 2])
def test_damaged_checkpoints_are_passed_over(tmp_path, n_damaged):
    def make(**params):
        return tiny("VAE", max_epochs=5, **params)

    ended_at(4, make, X, checkpoint=tmp_path)
    for name in written(tmp_path)[-n_damaged:]:
        (mutated,) = mutations((tmp_path / name).read_bytes(), 1, seed=n_damaged)
        (tmp_path / name).write_bytes(mutated)
    with pytest.warns(UserWarning, match="cannot be read"):
        model = make(checkpoint=tmp_path, callbacks=[EndAt(99)]).fit(X)
    assert_same(model, make().fit(X), X)


def test_mutated_checkpoints_change_no_model(tmp_path, request):
    """A tenth as many as are asked for: each of them is a fit."""

    def make(**params):
        return tiny("VAE", max_epochs=3, **params)

    folder, whole = tmp_path / "whole", make().fit(X).transform(X)
    ended_at(3, make, X, checkpoint=folder)
    content = (folder / written(folder)[-1]).read_bytes()
    for number, mutated in enumerate(mutations(content, request.config.getoption("mutations") // 10)):
        shutil.copytree(folder, tmp_path / str(number))
        (tmp_path / str(number) / written(folder)[-1]).write_bytes(mutated)
        with pytest.warns(UserWarning, match="cannot be read"):
            again = make(checkpoint=tmp_path / str(number), callbacks=[EndAt(99)]).fit(X)
        assert same_bits(again.transform(X), whole)


def test_a_folder_that_cannot_be_made_is_an_error_before_training(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    model = tiny("VAE", checkpoint=tmp_path / "file" / "folder")
    with pytest.raises(NotADirectoryError):
        model.fit(X)
    assert not hasattr(model, "model_")


class Elsewhere(Callback):
    """Goes to another folder, or removes that of the checkpoints."""

    def __init__(self, goes_to=None, removes=None):
        self.goes_to, self.removes = goes_to, removes

    def on_epoch_end(self, net, **kwargs):
        if self.goes_to is not None:
            os.chdir(self.goes_to)
        elif len(net.history) == 2:
            shutil.rmtree(self.removes)


def test_a_folder_is_where_it_was_when_the_fit_began(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    make, how = partial(tiny, "VAE"), {"checkpoint": "folder", "callbacks": [Elsewhere(tmp_path / "elsewhere")]}
    ended_at(3, make, X, **how)
    assert written(tmp_path / "folder") == ["checkpoint-00000001.vaekit", "checkpoint-00000002.vaekit"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_folder_that_is_removed_ends_no_training(tmp_path):
    folder = tmp_path / "folder"
    model = tiny("VAE", checkpoint=folder, callbacks=[Elsewhere(removes=folder)])
    assert_same(model.fit(X), tiny("VAE").fit(X), X)


def test_a_folder_without_a_name_is_refused():
    with pytest.raises(ValueError, match="'checkpoint' parameter is a folder without a name"):
        tiny("VAE", checkpoint="").fit(X)


def test_older_checkpoints_that_cannot_be_removed_end_no_training(tmp_path, monkeypatch):
    def refused(path, missing_ok=False):
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.warns(UserWarning, match="could not be written"):
        model = tiny("VAE", checkpoint=tmp_path).fit(X)
    assert_same(model, tiny("VAE").fit(X), X)


@pytest.mark.parametrize("wrong", [3, ["folder"], {"folder": "a"}])
def test_what_is_no_folder_is_refused(wrong):
    with pytest.raises(ValueError, match=r"'checkpoint' parameter .*'vaekit\.persistence\.Checkpoint"):
        tiny("VAE", checkpoint=wrong).fit(X)


def test_checkpoints_cost_little(tmp_path):
    """An epoch of a small model on a table of some size is not doubled by its checkpoint."""
    rows = np.repeat(X, 500, axis=0)
    started = time.monotonic()
    tiny("VAE", batch_size=128, max_epochs=3).fit(rows)
    plain = time.monotonic() - started
    started = time.monotonic()
    tiny("VAE", batch_size=128, max_epochs=3, checkpoint=tmp_path).fit(rows)
    assert time.monotonic() - started < 2 * plain + 0.5
