"""scikit-learn's own callbacks, set by `set_callbacks`: they see epochs as tasks, and may end training."""

import copy
import pickle

import numpy as np
import pytest
from family import NAMES, X, same_bits, tiny
from sklearn.base import clone
from sklearn.callback import ScoringMonitor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback, EarlyStopping

from vaekit.persistence import load, save

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


class Recorder:
    """Writes down what it is called with."""

    def __init__(self, stop_after=np.inf):
        self.stop_after, self.tasks, self.scores, self.calls = stop_after, [], [], []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.calls.append("begin")

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        self.tasks.append((context.task_name, context.task_id, context.parent and context.parent.max_subtasks))
        if fitted_estimator is not None:  # tasks of a pipeline have none
            self.scores.append(fitted_estimator.score(X))
        return len(self.tasks) >= self.stop_after


class Propagated(Recorder):
    max_propagation_depth = None


@pytest.mark.parametrize("name", NAMES)
def test_every_epoch_is_a_task(name):
    recorder = Recorder()
    if not hasattr(tiny(name), "score"):
        recorder.on_fit_task_end = lambda estimator, context: recorder.tasks.append(
            (context.task_name, context.task_id, context.parent and context.parent.max_subtasks)
        )
    model = tiny(name).set_callbacks(recorder).fit(X)
    assert recorder.tasks == [("epoch", 0, 3), ("epoch", 1, 3), ("epoch", 2, 3), ("fit", 0, None)]
    assert recorder.calls == ["setup", *["begin"] * 4, "teardown"]
    assert same_bits(model.transform(X), tiny(name).fit_transform(X))


def test_the_fitted_estimator_of_a_task_is_as_if_training_had_stopped_there():
    recorder = Recorder()
    model = tiny("VAE", warmup=0).set_callbacks(recorder).fit(X)
    expected = [tiny("VAE", warmup=0, max_epochs=n).fit(X).score(X) for n in (1, 2)]
    assert recorder.scores[:2] == expected
    assert recorder.scores[2] == model.score(X)


def test_a_callback_may_end_training():
    model = tiny("VAE").set_callbacks(Recorder(stop_after=2)).fit(X)
    assert len(model.history_) == 2


def test_searches_and_pipelines_hand_their_callbacks_down():
    recorder = Propagated()
    search = GridSearchCV(make_pipeline(tiny("VAE")), {"vae__max_epochs": [2, 3]}, cv=2)
    search.set_callbacks(recorder).fit(X)
    n_epochs = sum(name == "epoch" for name, _, _ in recorder.tasks)
    assert n_epochs == 2 * (2 + 3) + search.best_params_["vae__max_epochs"]
    assert not hasattr(search.estimator[0], "_parent_callback_ctx")


def test_scoring_monitor_scores_every_epoch():
    monitor = ScoringMonitor(scoring={"score": lambda estimator, X, y: estimator.score(X)})
    tiny("VAE").set_callbacks(monitor).fit(X, np.zeros(len(X)))
    scores = [row["score"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(scores) == 3
    assert np.isfinite(scores).all()


class Failing(Recorder):
    def on_fit_task_end(self, estimator, context):
        raise RuntimeError("the callback failed")


def test_one_that_fails_is_torn_down_and_leaves_what_was_learned():
    failing = Failing()
    model = tiny("VAE").set_callbacks(failing)
    with pytest.raises(RuntimeError, match="the callback failed"), pytest.warns(match="ended by RuntimeError"):
        model.fit(X)
    assert failing.calls[-1] == "teardown"
    assert model.n_steps_ == 5


@pytest.mark.parametrize("copied", [clone, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_train_on_their_own(copied):
    model = tiny("VAE").set_callbacks(Recorder()).fit(X)
    assert same_bits(copied(model).fit(X).transform(X), model.transform(X))


# ------------------------------------------------------------------ skorch's, in other processes


class Stopper(EarlyStopping):
    """Has a function of its own that no other process knows by name."""

    def __init__(self):
        super().__init__(monitor="train_loss", patience=1, threshold=1e9, threshold_mode="abs")
        self.judge = lambda loss: loss


@pytest.mark.parametrize("callback", [EarlyStopping(monitor="train_loss", patience=1, threshold=1e9), Stopper()])
def test_callbacks_go_with_a_model_to_other_processes(callback):
    model = tiny("VAE", callbacks=[callback], max_epochs=6)
    back = pickle.loads(pickle.dumps(model))
    assert len(back.fit(X).history_) == len(model.fit(X).history_) < 6


def test_callbacks_end_fits_in_the_processes_of_a_search():
    model = tiny("VAE", callbacks=[EarlyStopping(monitor="train_loss", patience=1, threshold=1e9)], max_epochs=6)
    scoring = {"epochs": lambda model, X, y=None: len(model.history_)}
    search = GridSearchCV(model, {"random_state": [0, 1]}, scoring=scoring, cv=2, n_jobs=2, refit=False).fit(X)
    assert set(search.cv_results_["mean_test_epochs"]) == {len(model.fit(X).history_)}


# ---------------------------------------------------------------------- callbacks that keep the model


class Keeping(Callback):
    """Keeps the model amid its training, in each way there is; it holds the model itself."""

    def __init__(self, path, model=None):
        self.path, self.model, self.kept = path, model, None

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            save(self.model, self.path)
            self.kept = self.model.n_steps_, self.model.transform(X), pickle.dumps(self.model)


def nameless(path):
    """The same of a class without a place, which goes by value, with what it knows of the model."""
    known = {}

    class Local(Keeping):
        def on_epoch_end(self, net, **kwargs):
            self.model = known["model"]
            super().on_epoch_end(net, **kwargs)
            known["kept"], self.model = self.kept, None

    return Local(path), known


def test_a_callback_may_keep_the_model_that_it_belongs_to(tmp_path):
    """Pickling such a model went round in circles: the model, its callback, the model."""
    callback, known = nameless(tmp_path / "model")
    known["model"] = model = tiny("VAE", callbacks=[callback])
    model.fit(X)
    n_steps, codes, pickled = known["kept"]
    for back in (load(tmp_path / "model"), pickle.loads(pickled)):
        assert back.n_steps_ == n_steps
        assert same_bits(back.transform(X), codes)
    assert type(pickle.loads(pickled).callbacks[0]).__name__ == "Local"


def test_so_may_one_that_is_handed_the_model(tmp_path):
    model = tiny("VAE")
    model.set_params(callbacks=[Keeping(tmp_path / "model", model)]).fit(X)
    back = pickle.loads(pickle.dumps(model))
    assert back.callbacks[0].model is back
    assert same_bits(copy.deepcopy(model).transform(X), back.transform(X))
