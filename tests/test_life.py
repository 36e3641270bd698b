"""An estimator's life in any order: fitted, interrupted, copied, saved, resumed, misused; laws hold at all times."""

import os
import pickle
import signal
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

from tests.helpers.family import NAMES, X, same_bits, tiny
from vaekit.persistence import Checkpoint, load, save

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
N_BATCHES, N_EPOCHS = 5, 2
OTHER_WORDS = {"n_components": 3, "standardize": "column", "activation": "tanh", "posterior_family": "fixed_scale"}


class Press(Callback):
    """Ctrl-C amid a step."""

    def __init__(self, step):
        self.step, self.n_begun = step, 0

    def on_batch_begin(self, net, **kwargs):
        self.n_begun += 1
        if self.n_begun == self.step:
            os.kill(os.getpid(), signal.SIGINT)


class Fail(Callback):
    """An error of a callback at the end of an epoch."""

    def on_epoch_end(self, net, **kwargs):
        raise ZeroDivisionError


class Life(RuleBasedStateMachine):
    """One estimator, and what is known about it."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.codes, self.n_steps, self.n_rows, self.n_files, self.fresh = None, 0, 0, 0, {}

    def teardown(self):
        self.folder.cleanup()

    @initialize(name=st.sampled_from(NAMES), warm_start=st.booleans())
    def born(self, name, warm_start):
        self.model = tiny(name, max_epochs=N_EPOCHS, warm_start=warm_start)

    def path(self):
        self.n_files += 1
        return Path(self.folder.name) / str(self.n_files)

    def trained(self, n_steps, n_rows, goes_on):
        """Remember what a call should have come to."""
        before = (self.n_steps, self.n_rows) if goes_on and self.codes is not None else (0, 0)
        self.n_steps, self.n_rows = before[0] + n_steps, before[1] + n_rows
        self.codes = self.model.transform(X)

    # ------------------------------------------------------------------ training

    @rule()
    def fit(self):
        self.model.fit(X)
        self.trained(N_EPOCHS * N_BATCHES, N_EPOCHS, self.model.warm_start)
        self.remember_fresh()

    @rule()
    def fit_with_checkpoints(self):
        self.model.set_params(checkpoint=Checkpoint(self.folder.name, shared=True)).fit(X)
        self.model.set_params(checkpoint=None)
        self.trained(N_EPOCHS * N_BATCHES, N_EPOCHS, self.model.warm_start)
        self.remember_fresh()

    def remember_fresh(self):
        """A fit that starts from nothing is the same each time, whatever came before it."""
        if self.n_steps == N_EPOCHS * N_BATCHES and not self.model.warm_start:
            first = self.fresh.setdefault(self.model.learning_rate, self.codes)
            assert same_bits(first, self.codes)

    @rule()
    def partial_fit(self):
        self.model.partial_fit(X)
        self.trained(N_BATCHES, 1, goes_on=True)

    @rule(step=st.sampled_from([1, 2, 4, 6, 9]))
    def interrupt(self, step):
        self.model.set_params(callbacks=[Press(step)])
        with pytest.raises(KeyboardInterrupt):
            self.model.fit(X)
        self.model.set_params(callbacks=None)
        self.trained(step, step // N_BATCHES, self.model.warm_start)

    @rule()
    def callback_fails(self):
        self.model.set_params(callbacks=[Fail()])
        with pytest.raises(ZeroDivisionError):
            self.model.fit(X)
        self.model.set_params(callbacks=None)
        self.trained(N_BATCHES, 1, self.model.warm_start)

    # ------------------------------------------------------------------ copies

    @precondition(lambda self: self.codes is not None)
    @rule()
    def through_a_pickle(self):
        self.model = pickle.loads(pickle.dumps(self.model))

    @precondition(lambda self: self.codes is not None)
    @rule()
    def through_a_file(self):
        path = self.path()
        save(self.model, path)
        self.model = load(path)

    @rule()
    def a_clone_knows_nothing(self):
        twin = clone(self.model)
        assert not hasattr(twin, "model_")
        assert {name: repr(value) for name, value in twin.get_params().items()} == {
            name: repr(value) for name, value in self.model.get_params().items()
        }

    # ------------------------------------------------------------------ parameters, and misuse

    @rule(rate=st.sampled_from([1e-3, 3e-3]), warm_start=st.booleans())
    def set_how_to_train(self, rate, warm_start):
        self.model.set_params(learning_rate=rate, warm_start=warm_start, device="cpu")

    @precondition(lambda self: self.codes is not None)
    @rule(name=st.sampled_from(list(OTHER_WORDS)))
    def go_on_as_another_model(self, name):
        before = getattr(self.model, name)
        self.model.set_params(**{name: OTHER_WORDS[name]})
        with pytest.raises(ValueError, match=name):
            self.model.partial_fit(X)
        self.model.set_params(**{name: before})

    @rule(rows=st.sampled_from([X[:, :3], X[0], X[:0], np.full_like(X, np.nan), "X"]))
    def ask_nonsense(self, rows):
        with pytest.raises((ValueError, TypeError, NotFittedError)):
            self.model.transform(rows)

    @rule(rows=st.sampled_from([X[:1], X[:0], np.full_like(X, np.inf), None]))
    def fit_nonsense(self, rows):
        with pytest.raises((ValueError, TypeError)):
            self.model.fit(rows)

    @rule()
    def fit_with_nonsense(self):
        before = self.model.learning_rate
        with pytest.raises(ValueError, match="learning_rate"):
            self.model.set_params(learning_rate=-1).fit(X)
        self.model.set_params(learning_rate=before)

    # ------------------------------------------------------------------ laws

    @invariant()
    def knows_what_it_has_learned(self):
        if self.codes is None:
            assert not hasattr(self.model, "model_")
            with pytest.raises(NotFittedError):
                self.model.transform(X)
            return
        assert same_bits(self.model.transform(X), self.codes)
        assert (self.model.n_steps_, len(self.model.history_)) == (self.n_steps, self.n_rows)
        assert [row["epoch"] for row in self.model.history_] == list(range(1, self.n_rows + 1))
        assert np.isfinite(self.model.sample(2)).all()
        assert self.model.n_features_in_ == X.shape[1]
        assert {int(state["step"]) for state in self.model.net_.optimizer_.state.values()} == {self.n_steps}


def test_any_life(request):
    n_examples = max(5, request.config.getoption("fuzz") // 40)
    how = settings(max_examples=n_examples, stateful_step_count=12, deadline=None, derandomize=n_examples == 5,
                   suppress_health_check=list(HealthCheck), database=None)  # fmt: skip
    run_state_machine_as_test(Life, settings=how)
