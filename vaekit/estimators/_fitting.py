"""Training an estimator: what the first rows decide, what a call of fit does, what is measured afterwards."""

import contextlib
from numbers import Integral

import numpy as np
import torch
from sklearn.model_selection import train_test_split

from vaekit.engine import EarlyStop, EpochBar, Plan, batch_bounds
from vaekit.estimators._blueprint import Blueprint, build_net
from vaekit.estimators._callbacks import users_callbacks
from vaekit.estimators._preprocessing import choose_likelihood, choose_preprocessing
from vaekit.estimators._words import VOCABULARIES
from vaekit.exceptions import CollapseWarning, ScheduleWarning
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
MAX_SUMMARY_ROWS = 10_000  # rows on which the KL per component is measured after a fit
ACTIVE_SHARE = 0.01  # an active latent's mean varies by more than this share of its aggregate variance


@contextlib.contextmanager
def fitting(estimator):
    """Give an estimator its attributes back if anything goes wrong inside; gradients are on, whatever they were."""
    before = dict(vars(estimator))
    try:
        with torch.inference_mode(False), torch.enable_grad():
            yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def _spelled_out(params, prefix=""):
    """Values of parameters by name, of a spec its type and, under names of their own, its parameters."""
    settings = {}
    for name, value in params.items():
        settings[prefix + name] = tuple(value) if isinstance(value, list) else value
        if isinstance(value, Spec):
            settings[prefix + name] = type(value)
            settings |= _spelled_out(value.get_params(deep=False), f"{prefix}{name}__")
    return settings


def _same(value, other):
    """Whether two settings say the same; a count and a fraction of the same size do not."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return np.array_equal(value, other)
    return value is other or (isinstance(value, Integral) == isinstance(other, Integral) and bool(value == other))


class FittingMixin(GuardedMethods):
    """fit and partial_fit, one after the other or afresh."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Train on X; an earlier fit survives if this one fails.

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
        An interrupt (Ctrl-C) ends training with a warning and keeps what was learned.
        """
        with fitting(self):
            X = self._begin(X, goes_on=self.warm_start)
            self._train(X, self.max_epochs, self.max_steps)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Train for one pass over X, going on from where training stands.

        Schedules run over the `max_epochs` planned passes of the first X. `max_epochs` calls with the same X are the
        same as one `fit`, but for learning-rate schedulers that multiply the rate in place (StepLR, MultiStepLR): they
        are built anew with every call, and step once more.

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
            X = self._begin(X, goes_on=True)
            self._train(X, 1, None, is_part=True)
        return self

    def _begin(self, X, goes_on):
        """Return validated rows, with a net to train on them: the one there is if training goes on, else a new one."""
        if goes_on and self.__sklearn_is_fitted__():
            self._refuse_changes()
            return self._validate_in_support(X)
        X = self._validate(X, reset=True)
        self._start(X)
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

    def _start(self, X):
        """Decide everything that the first rows decide, and build an untrained net."""
        self._first_settings = self._settings()
        random_state = make_random_state(self.random_state)
        init_seed, train_seed = (int(seed) for seed in random_state.randint(2**31 - 1, size=2))
        is_image = self.image_shape_ is not None
        event_shape = (
            (self.n_features_in_,) if not is_image else (*(1,) * (3 - len(self.image_shape_)), *self.image_shape_)
        )
        likelihood = self._resolve("likelihood", auto=lambda: choose_likelihood(X, is_image))
        preprocessing = choose_preprocessing(
            X, support=likelihood.support, standardize=self.standardize, is_image=is_image
        )
        built_in = MLP(hidden_layer_sizes=tuple(self.hidden_layer_sizes), activation=self.activation).validated()
        n_rows = len(self._split(len(X), train_seed)[0])
        objective = self._make_objective().validated()
        self._blueprint = Blueprint(
            network=self._resolve("network", auto=lambda: ConvNet() if is_image else built_in),
            posterior=self._make_posterior(),
            prior=self._resolve("prior"),
            likelihood=likelihood,
            objective=objective,
            event_shape=event_shape,
            n_components=self.n_components,
            preprocessing=preprocessing,
            deviation=float(preprocessing.to_network(X[:MAX_SUMMARY_ROWS]).std()) or 1.0,
            plan=self._plan(n_rows, objective),
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            init_seed=init_seed,
            train_seed=train_seed,
        )
        self.net_ = build_net(self._blueprint, device=self.device)
        objective.check_prior(self.net_.module_.prior)
        self.likelihood_, self.n_components_ = likelihood, self.n_components

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
        return train_test_split(np.arange(n_rows), test_size=self.validation_fraction, random_state=seed)

    def _train(self, X, n_epochs, max_steps, is_part=False):
        train, valid = self._split(len(X), self._blueprint.train_seed)
        if len(train) < 2:
            raise ValueError(
                f"Training takes at least two rows, and {len(train)} of {len(X)} is left to train on; pass more rows "
                "at a time, or lower 'validation_fraction'."
            )
        train_rows = self._resident(X if valid is None else X[train])
        valid_rows = None if valid is None else self._resident(X[valid])
        self._blueprint = self._blueprint._replace(learning_rate=self.learning_rate, batch_size=self.batch_size)
        training = self.net_.training_with(self._make_callbacks(n_epochs), self.learning_rate, self.batch_size)
        with threads_for(self._work_of_a_step()), training:
            self.net_.partial_fit(train_rows, valid=valid_rows, epochs=n_epochs, max_steps=max_steps)
            self.n_steps_ = self.net_.step_
            if not is_part:  # the averages of the last epoch's steps have to do where rows come in parts
                self.net_.settle(train_rows)
            self._summarize(X[train[:: max(1, len(train) // MAX_SUMMARY_ROWS)]])
            if not is_part:
                self._warn_of_schedules()

    def _make_callbacks(self, n_epochs):
        own = [EarlyStop(self.n_iter_no_change, self.tol, self._last_change())] if self.early_stopping else []
        bar = [EpochBar(n_epochs, type(self).__name__)] if self.verbose else []
        return [*users_callbacks(self), *own, *bar]

    def _last_change(self):
        """The step after which no weight of the loss changes any more."""
        plan = self.net_.plan
        return max([plan.warmup_steps, *self._blueprint.objective.schedule_ends(plan.n_steps).values()])

    def _summarize(self, X):
        """Measure each latent after training, and say so if (nearly) none carries information."""
        loc, scale = self._encode(X)
        moving, spread = loc.var(axis=0), np.square(scale).mean(axis=0)
        self.active_components_ = moving > ACTIVE_SHARE * (moving + spread)
        with np.errstate(divide="ignore", invalid="ignore"):  # without noise the KL is infinite
            log_scale = np.log(scale).mean(axis=0)
            if self.net_.module_.prior.is_learned:
                self.kl_per_component_ = 0.5 * np.log(moving + spread) - log_scale
            else:
                self.kl_per_component_ = 0.5 * np.mean(loc**2 + scale**2 - 1, axis=0) - log_scale
        self._warn_if_collapsed()

    def _warn_of_schedules(self):
        plan, objective = self.net_.plan, self._blueprint.objective
        complaints = list(objective.complaints(self.net_.history, self.n_steps_, plan.n_steps))
        if plan.warmup_steps > self.n_steps_:
            complaints.append(
                f"Training ended at step {self.n_steps_}, before the KL reached its full weight at step "
                f"{plan.warmup_steps:.0f}; lower 'warmup', or train longer."
            )
        for complaint in complaints:
            warn_user(complaint, ScheduleWarning)

    def _warn_if_collapsed(self):
        n_active, most = int(self.active_components_.sum()), min(self.n_components_, self.n_features_in_)
        is_gentle = self._blueprint.objective.pressure <= 1
        if n_active == 0 or (is_gentle and n_active < most / 2):
            warn_user(
                f"{n_active} of {self.n_components_} latents carry information; train longer (max_epochs), lower the "
                "strength of the regulariser, or expect less noise (likelihood=Normal(scale=...)).",
                CollapseWarning,
            )
