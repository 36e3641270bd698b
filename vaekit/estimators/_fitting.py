"""Training an estimator: what the first rows decide, what a call of fit does, what is measured afterwards."""

import contextlib
import math
from numbers import Integral
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from vaekit.engine import EarlyStop, EpochBar, EpochLog, Net, Plan, ScaleWatch, batch_bounds, has_stopped
from vaekit.estimators._blueprint import Blueprint, build_net
from vaekit.estimators._preprocessing import choose_likelihood, choose_preprocessing
from vaekit.estimators._validation import scale_of_pixels, without_weights
from vaekit.estimators._words import VOCABULARIES
from vaekit.likelihoods import LikelihoodSpec
from vaekit.nn import MLP, ConvNet
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._random import make_random_state
from vaekit.utils._sklearn import fit_context
from vaekit.utils._spec import Spec
from vaekit.utils._threads import threads_for
from vaekit.utils._warnings import warn_user

__all__ = ["FittingMixin"]

# parameters that may change while training goes on (the random state then decides samples alone); all others may not
CHANGEABLE = {
    "batch_size", "callbacks", "learning_rate", "max_epochs", "max_steps", "n_iter_no_change", "random_state", "tol",
    "verbose", "warm_start",
}  # fmt: skip
MAX_FIRST_ROWS = 512  # rows that the words may start from
MAX_SUMMARY_ROWS, MAX_SUMMARY_VALUES = 10_000, 2**23  # rows that are remembered, to measure what training came to


@contextlib.contextmanager
def fitting(estimator):
    """Give an estimator its attributes back if anything goes wrong inside before something was learned.

    Gradients are on, whatever they were.
    """
    before, first_step = dict(vars(estimator)), _step_of(estimator)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            yield
    except BaseException:
        is_same_net = vars(estimator).get("net_") is before.get("net_")
        if _step_of(estimator) <= (first_step if is_same_net else 0):
            vars(estimator).clear()
            vars(estimator).update(before)
        raise


def _step_of(estimator):
    return estimator.net_.step_ if estimator.__sklearn_is_fitted__() else 0


def _spelled_out(params, prefix=""):
    """Values of parameters by name, of a spec its type and, under names of their own, its parameters."""
    settings = {}
    for name, value in params.items():
        settings[prefix + name] = tuple(value) if isinstance(value, list) else value
        if isinstance(value, Spec):
            settings[prefix + name] = type(value)
            settings |= _spelled_out(value.settings(), f"{prefix}{name}__")
    return settings


def _same(value, other):
    """Whether two settings say the same; a count and a fraction of the same size do not."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return np.array_equal(value, other)
    return value is other or (isinstance(value, Integral) == isinstance(other, Integral) and bool(value == other))


def _some_rows(X, numbers):
    """Rows by number, without a copy where the numbers are a range."""
    return X[numbers.start : numbers.stop : numbers.step] if isinstance(numbers, range) else X[numbers]


class FittingMixin(GuardedMethods):
    """fit and partial_fit, one after the other or afresh."""

    net_: Net
    likelihood_: LikelihoodSpec
    n_components_: int

    @without_weights
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Train on X; an earlier fit survives if this one fails before its first step is done.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images of shape (n_samples, height, width) or \
(n_samples, channels, height, width)
            Data, in any units. Tensors and memory maps are taken; uint8 images stay uint8 in memory.
        y : Ignored
            Present by convention.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If X has fewer than two rows, or holds values that are not finite or outside the likelihood's support; if a
            parameter is invalid; if a term of the loss is not finite in the first epoch; if training goes on with
            parameters that make another model.

        Notes
        -----
        Whatever ends training early, an interrupt (Ctrl-C) or an error in a callback, the estimator is then fitted with
        what it had learned by the last whole step (with early stopping: at the best epoch), a warning says at which
        step that was, and the KeyboardInterrupt or error passes on. So a search stops, and a model that was not trained
        to its end is never taken for one that was; `try: model.fit(X)`, `except KeyboardInterrupt: pass` goes on with
        it. Callbacks that end training by raising KeyboardInterrupt themselves, as those of skorch do, end it quietly.
        """
        task = self._init_callback_context(max_subtasks=self.max_epochs)
        with fitting(self):
            task.call_on_fit_task_begin(estimator=self, X=X, y=y)
            rows = self._begin(X, goes_on=self.warm_start)
            self._train(rows, self.max_epochs, self.max_steps, callbacks=self._epoch_tasks(task, X, y))
            self._warn_of_training()
            task.call_on_fit_task_end(estimator=self, X=X, y=y, reconstruction_attributes={})
        return self

    @without_weights
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Train for one pass over X, going on from where training stands.

        Schedules run over `max_epochs` planned passes of all rows: of `total_samples`, or of the first X if that is
        None. `max_epochs` calls with the same X are the same as one `fit`, but for a scale in closed form, which is
        that of the last call's steps and not of all rows, and for learning-rate schedulers that multiply the rate in
        place (StepLR, MultiStepLR): they are built anew with every call, and step once more.

        With early stopping a share of each X is held out. When their loss has not improved for `n_iter_no_change`
        calls, the best weights are given back, and later calls train nothing and say so.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data; units and likelihood are decided by the first call.
        y : Ignored
            Present by convention.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        with fitting(self):
            X = self._begin(X, goes_on=True, is_part=True)
            if has_stopped(self.net_, self.n_iter_no_change):
                warn_user(
                    f"Early stopping has ended training at step {self.n_steps_}, and nothing was trained; raise "
                    "'n_iter_no_change' to go on, or fit afresh.",
                    ConvergenceWarning,
                )
            else:
                self._train(X, 1, None, is_part=True)
        return self

    def _begin(self, X, goes_on, is_part=False):
        """Return validated rows, with a net to train on them: the one there is if training goes on, else a new one."""
        if goes_on and self.__sklearn_is_fitted__():
            self._refuse_changes()
            return np.asarray(self._validate_in_support(X))
        X = self._validate(X, reset=True)
        self._start(X, n_planned=(is_part and self.total_samples) or len(X))
        return X

    def _refuse_changes(self):
        """Raise ValueError if a parameter that makes the model is no longer what it was at the first fit."""
        now, before = self._settings(), self._first_settings
        changed = [name for name in now if name not in before or not _same(now[name], before[name])]
        changed = [name for name in changed if name.rpartition("__")[0] not in changed]
        if changed:
            raise ValueError(
                f"The parameters {changed} changed since the first fit, and cannot change a model that goes on "
                "training; fit afresh, with warm_start=False."
            )

    def _settings(self):
        """What the parameters that make the model say, words as the specs they mean."""
        params = {name: value for name, value in self.get_params(deep=False).items() if name not in CHANGEABLE}
        words = {name for name in VOCABULARIES if isinstance(params.get(name), str) and params[name] != "auto"}
        return _spelled_out(params | {name: self._resolve(name) for name in words})

    def _start(self, X, n_planned):
        """Decide everything that the first rows decide, and build an untrained net, to train on so many rows."""
        self._first_settings = self._settings()
        random_state = make_random_state(self.random_state)
        init_seed, train_seed = (int(seed) for seed in random_state.randint(2**31 - 1, size=2))
        is_image = self.image_shape_ is not None
        event_shape = (
            (self.n_features_in_,) if not is_image else (*(1,) * (3 - len(self.image_shape_)), *self.image_shape_)
        )
        objective = self._make_objective().validated()
        likelihood = self._resolve("likelihood", auto=lambda: choose_likelihood(X, is_image, objective.is_bound))
        preprocessing, deviation = choose_preprocessing(
            X, support=likelihood.support, standardize=self.standardize, is_image=is_image
        )
        built_in = MLP(hidden_layer_sizes=tuple(self.hidden_layer_sizes), activation=self.activation).validated()
        train = self._split(len(X), train_seed)[0]
        self._blueprint = Blueprint(
            network=self._resolve("network", auto=lambda: ConvNet() if is_image else built_in),
            posterior=self._make_posterior(),
            prior=self._resolve("prior"),
            likelihood=likelihood,
            objective=objective,
            event_shape=event_shape,
            n_components=self.n_components,
            preprocessing=preprocessing,
            deviation=deviation,
            plan=self._plan(round(len(train) * n_planned / len(X)), objective),
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            init_seed=init_seed,
            train_seed=train_seed,
        )
        self.net_ = build_net(self._blueprint, device=self.device, rows=self._first_rows(X, train))
        self.likelihood_, self.n_components_ = likelihood, self.n_components
        are_pixels = is_image or (likelihood.support == "unit_interval" and X.dtype == np.uint8)
        self._pixels = scale_of_pixels(X, X.min(), X.max()) if are_pixels else None

    def _first_rows(self, X, train):
        """A few training rows as the network sees them, from all over X."""
        few = _some_rows(X, train[:: math.ceil(len(train) / MAX_FIRST_ROWS)])
        return torch.from_numpy(self._network_rows(few)(slice(None)))

    def _plan(self, n_rows, objective):
        n_steps = self.max_epochs * len(batch_bounds(n_rows, self.batch_size))
        n_steps = n_steps if self.max_steps is None else min(n_steps, self.max_steps)
        warmup_steps = self.warmup if isinstance(self.warmup, Integral) else self.warmup * n_steps
        warmup_steps = warmup_steps if objective.uses_warmup else 0
        return Plan(n_steps, warmup_steps, self.n_components)

    def _split(self, n_rows, seed):
        """Numbers of the training rows and of held-out rows; without early stopping nothing is held out."""
        if not self.early_stopping:
            return range(n_rows), None
        n_train = n_rows - math.ceil(self.validation_fraction * n_rows)
        if n_train < 2:
            raise ValueError(
                f"Training takes at least two rows, and early stopping leaves {n_train} of {n_rows} to train on; pass "
                "more rows at a time, lower 'validation_fraction', or choose early_stopping=False."
            )
        return train_test_split(np.arange(n_rows), test_size=self.validation_fraction, random_state=seed)

    def _train(self, X, n_epochs, max_steps, is_part=False, callbacks=()):
        train, valid = self._split(len(X), self._blueprint.train_seed)
        if len(train) < 2:
            raise ValueError("Training takes at least two rows, and X holds one; pass more rows at a time.")
        train_rows = self._resident(X if valid is None else X[train])
        valid_rows = None if valid is None else self._resident(X[valid])
        self._blueprint = self._blueprint._replace(learning_rate=self.learning_rate, batch_size=self.batch_size)
        remembered = self._rows_to_summarize = np.array(_some_rows(X, train[:: self._summary_stride(len(train))]))
        callbacks = [*self._users_callbacks(), *self._own_callbacks(n_epochs, is_part), *callbacks]
        training, first_step = self.net_.training_with(callbacks, self.learning_rate, self.batch_size), self.net_.step_
        try:
            with threads_for(self._work_of_a_step()), training:
                self.net_.partial_fit(train_rows, valid=valid_rows, epochs=n_epochs, max_steps=max_steps)
        finally:  # what was measured meanwhile, by a callback, was not of these weights
            self._rows_to_summarize = remembered
            if self.net_.step_ > first_step:
                self.net_.finish(self._resident(remembered))
        if not is_part:
            self._summarize_remembered()

    def _summary_stride(self, n_rows):
        """Every how many-th row is remembered."""
        n_most = max(1, min(MAX_SUMMARY_ROWS, MAX_SUMMARY_VALUES // self.n_features_in_))
        return math.ceil(n_rows / n_most)

    def _own_callbacks(self, n_epochs, is_part):
        label, verbosity = type(self).__name__, int(self.verbose)
        shown = [[], [EpochBar(n_epochs, label)], [EpochLog(label)]][min(verbosity, 2)]
        if self.net_.has_learned_scale and self.likelihood != "auto":
            shown.append(ScaleWatch())
        if self.early_stopping:
            shown.append(EarlyStop(self.n_iter_no_change, self.tol, self._last_change(), is_part))
        return shown

    def _last_change(self):
        """The step after which neither a weight of the loss nor what is trained changes any more."""
        plan, last_stage = self.net_.plan, self.net_.stages_[-1]
        schedules = self._blueprint.objective.schedule_ends(plan.n_steps)
        return max([plan.warmup_steps, last_stage.start, *schedules.values()])
