"""The estimators' common part: shared parameters, fitting, pickles."""

import contextlib
import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass
from inspect import get_annotations
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import train_test_split

from vaekit.engine import EarlyStop, EpochBar, Plan, batch_bounds
from vaekit.estimators._blueprint import Blueprint, build_net, pack_net, unpack_net
from vaekit.estimators._bridge import BridgeMixin
from vaekit.estimators._codes import CodesMixin
from vaekit.estimators._docstrings import inherit_sections, restate_defaults
from vaekit.estimators._preprocessing import choose_likelihood, choose_preprocessing
from vaekit.estimators._words import VOCABULARIES
from vaekit.exceptions import CollapseWarning, ScheduleWarning
from vaekit.nn import MLP, ConvNet
from vaekit.nn._base import ACTIVATIONS
from vaekit.utils._random import make_random_state
from vaekit.utils._sklearn import (
    Interval,
    InvalidParameterError,
    RealNotInt,
    StrOptions,
    fit_context,
)
from vaekit.utils._spec import Spec, merge_constraints, with_fresh_specs
from vaekit.utils._warnings import warn_user

__all__ = ["BaseEncoder", "estimator"]

estimator = dataclass(eq=False, repr=False, kw_only=True)

# parameters that may change while training goes on; all others make the model
CHANGEABLE = {
    "batch_size", "callbacks", "device", "early_stopping", "learning_rate", "max_epochs", "max_steps",
    "n_iter_no_change", "random_state", "tol", "validation_fraction", "verbose", "warm_start",
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


def _said(value):
    """A parameter's value in words that can be compared; a spec's own parameters are compared by themselves."""
    return type(value).__name__ if isinstance(value, Spec) else repr(tuple(value) if isinstance(value, list) else value)


@estimator
class BaseEncoder(CodesMixin, BridgeMixin, BaseEstimator, ABC):
    """Learn codes for data.

    Parameters
    ----------
    n_components : int, default=10
        Number of latents, the dimension of a code.
    prior : {"normal", "decoupled", "elementwise_flow", "generator"} or spec of `vaekit.priors`, default="normal"
        p(z). `"decoupled"` maps the representation space through a jointly trained invertible network to a plainly
        normal generation space; it is the default of the classes with `DP` in their name.
    likelihood : {"auto", "bernoulli", "normal", "laplace", "squared_error"} or spec of `vaekit.likelihoods`, \
default="auto"
        p(x | z). `"auto"` is Bernoulli for bool, exactly-binary data and uint8 images, else Normal with a learned
        scale; decided once, at the first fit.
    posterior_family : {"normal", "fixed_scale"} or spec of `vaekit.posteriors`, default="normal"
        Family of q(z | x).
    network : {"auto", "mlp", "conv"} or spec of `vaekit.nn`, default="auto"
        Encoder and decoder. `"auto"` is `ConvNet` for images and, for tables, an `MLP` of `hidden_layer_sizes` and
        `activation`.
    hidden_layer_sizes : sequence of int, default=(128, 64)
        Widths of the built-in MLP from input to latent; the decoder mirrors it. Ignored by other networks.
    activation : {"relu", "leaky_relu", "tanh", "elu", "gelu", "silu", "softplus", "identity"}, default="relu"
        Activation of the built-in MLP. Ignored by other networks.
    standardize : {"auto", "common", "column"} or None, default="auto"
        How data are centred and divided before the network sees them; everything public stays in the units of X.
        `"common"` divides by one number, `"column"` each column by its own deviation, `"auto"` picks the first unless
        the columns' ranges lie further apart than a factor of 100. A Bernoulli likelihood takes data as they are.
    warmup : float or int, default=0.3
        Steps over which the weight of the KL rises from 0 to 1: a float is a fraction of all planned steps, an int a
        number of steps. 0 switches it off.
    learning_rate : float, default=1e-3
        Step size of Adam.
    batch_size : int, default=128
        Rows per step. A last batch of a single row is folded into the one before.
    max_epochs : int, default=100
        Passes over the data.
    max_steps : int or None, default=None
        Most steps of one call of `fit`, if that comes before `max_epochs`.
    early_stopping : bool, default=False
        Whether to hold out rows of the training data, stop when their ELBO no longer improves, and keep the weights of
        the best epoch.
    validation_fraction : float, default=0.1
        Share of rows held out for early stopping.
    tol : float, default=1e-4
        Improvement, in nats per row, that counts as one. Only with early stopping.
    n_iter_no_change : int, default=10
        Epochs without improvement after which training stops. Only with early stopping.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit. `learning_rate`, `batch_size` and how long to train may change in
        between, what makes the model may not.
    device : str or torch.device, default="auto"
        Where to compute; `"auto"` is a CUDA device if there is one, else the CPU.
    callbacks : list of skorch callbacks or None, default=None
        Copies of them are called during training. Those that look at predictions (`BatchScoring`, `EpochScoring` with
        caching) or freeze weights (`Freezer`) do not work here.
    random_state : int, RandomState instance or None, default=None
        Decides weights, batches, noise and samples; global generators are neither read nor touched.
    verbose : int, default=0
        0 is silent, 1 shows a progress bar.

    Attributes
    ----------
    n_features_in_ : int
        Number of features seen during fit (pixels times channels, for images).
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, when X had string names.
    n_components_ : int
        Number of latents.
    net_ : skorch.NeuralNet
        The trained net, to be read and not changed.
    history_ : list of dict
        A row per epoch: `train_loss` (nats per row, weighted as trained), its unweighted terms, `duration` in seconds,
        and `valid_loss` with early stopping.
    n_steps_ : int
        Optimiser steps done.
    image_shape_ : tuple of int or None
        Shape of one image as it was given, None for tables.
    likelihood_ : spec
        The likelihood that was used.
    kl_per_component_ : ndarray of shape (n_components_,)
        KL of each latent's posterior, mean over training rows, in nats: to N(0, 1) for the normal prior; for learned
        priors, whose scale is free, to the normal with the latent's own aggregate mean and variance. Infinite for a
        deterministic encoder.
    active_components_ : ndarray of bool of shape (n_components_,)
        Whether a latent's posterior mean varies by more than 1% of its aggregate posterior variance.
    """

    n_components: int = 10
    prior: Any = "normal"
    likelihood: Any = "auto"
    posterior_family: Any = "normal"
    network: Any = "auto"
    hidden_layer_sizes: Any = (128, 64)
    activation: str = "relu"
    standardize: Any = "auto"
    warmup: Any = 0.3
    learning_rate: float = 1e-3
    batch_size: int = 128
    max_epochs: int = 100
    max_steps: Any = None
    early_stopping: bool = False
    validation_fraction: float = 0.1
    tol: float = 1e-4
    n_iter_no_change: int = 10
    warm_start: bool = False
    device: Any = "auto"
    callbacks: Any = None
    random_state: Any = None
    verbose: int = 0

    _parameter_constraints: ClassVar[dict] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "prior": VOCABULARIES["prior"].constraint(),
        "likelihood": VOCABULARIES["likelihood"].constraint("auto"),
        "posterior_family": VOCABULARIES["posterior_family"].constraint(),
        "network": VOCABULARIES["network"].constraint("auto"),
        "hidden_layer_sizes": ["array-like"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "standardize": [StrOptions({"auto", "common", "column"}), None],
        "warmup": [Interval(RealNotInt, 0, 1, closed="both"), Interval(Integral, 0, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "max_steps": [Interval(Integral, 1, None, closed="left"), None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "device": [str, torch.device],
        "callbacks": ["array-like", None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.__doc__:
            own_defaults = {name: vars(cls)[name] for name in get_annotations(cls) if name in vars(cls)}
            # mixins may stand before the class whose sections are inherited
            parent = next(base for base in cls.__mro__[1:] if issubclass(base, BaseEncoder))
            cls.__doc__ = inherit_sections(cls.__doc__, restate_defaults(parent.__doc__, own_defaults))
        merge_constraints(cls)

    @abstractmethod
    def _make_objective(self):
        """Return the objective that this estimator is a name for."""

    def _make_posterior(self):
        """Return the posterior family; a method that decides it itself overrides this."""
        return self._resolve("posterior_family")

    # ------------------------------------------------------------------ parameters

    def set_params(self, **params):
        """Set parameters; `word__name` on a parameter that is a string first turns the string into a fresh spec.

        Parameters
        ----------
        **params : dict
            Parameters of the estimator, or of the spec objects among them as `prior__n_couplings`.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If there is no such parameter; the message names the word and the parameter.
        """
        return super().set_params(**with_fresh_specs(self, VOCABULARIES.values(), params))

    # ------------------------------------------------------------------ fitting

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
        changed = [name for name in now if now[name] != before.get(name)]
        if changed:
            raise ValueError(
                f"The parameters {changed} changed since the first fit, and cannot change a model that goes on "
                "training; fit afresh, with warm_start=False."
            )

    def _settings(self):
        """What the parameters that make the model say, by name."""
        params = self.get_params().items()
        return {name: _said(value) for name, value in params if name.split("__")[0] not in CHANGEABLE}

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

    def _resolve(self, name, auto=None):
        """Return a copy of the spec that a parameter means, so that later changes of the parameter change no fit."""
        value = getattr(self, name)
        return auto() if auto is not None and value == "auto" else clone(VOCABULARIES[name].resolve(value))

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
        with self.net_.training_with(self._make_callbacks(n_epochs), self.learning_rate, self.batch_size):
            self.net_.partial_fit(train_rows, valid=valid_rows, epochs=n_epochs, max_steps=max_steps)
            self.n_steps_ = self.net_.step_
            self._summarize(X[train[:: max(1, len(train) // MAX_SUMMARY_ROWS)]])
            if not is_part:
                self._warn_of_schedules()

    def _make_callbacks(self, n_epochs):
        given = copy.deepcopy(list(self.callbacks or []))
        strangers = [callback for callback in given if not hasattr(_bare(callback), "on_train_begin")]
        if strangers:
            raise InvalidParameterError(
                f"The 'callbacks' parameter of {type(self).__name__} must hold skorch callbacks, alone or as "
                f"(name, callback). Got {strangers[0]!r} among them."
            )
        if not self.early_stopping and any(_watches_held_out_rows(callback) for callback in given):
            raise ValueError(
                "The 'callbacks' parameter holds one that monitors the validation loss, but there is none: set "
                "early_stopping=True to hold out rows, or let it monitor 'train_loss' ('train_loss_best')."
            )
        own = [EarlyStop(self.n_iter_no_change, self.tol, self._last_change())] if self.early_stopping else []
        bar = [EpochBar(n_epochs, type(self).__name__)] if self.verbose else []
        return [*given, *own, *bar]

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

    # ------------------------------------------------------------------ scikit-learn

    def __sklearn_is_fitted__(self):
        return "net_" in vars(self)

    @property
    def history_(self):
        """A row per epoch: losses and their terms in nats per row."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"This {type(self).__name__} instance is not fitted yet, so it has no 'history_'.")
        hidden = ("batches", "train_batch_count", "train_loss_best", "valid_loss_best")
        return [{name: value for name, value in row.items() if name not in hidden} for row in self.net_.history]

    def __getstate__(self):
        state = dict(super().__getstate__())
        if "net_" in state:
            state["net_"] = pack_net(state["net_"])
        return state

    def __setstate__(self, state):
        state = dict(state)
        packed = state.pop("net_", None)
        super().__setstate__(state)
        if packed is not None:
            self.net_ = unpack_net(self._blueprint, packed)


def _bare(callback):
    return callback[-1] if isinstance(callback, (tuple, list)) and callback else callback


def _watches_held_out_rows(callback):
    monitor = getattr(_bare(callback), "monitor", None)  # a name in the history, a function, or None
    return isinstance(monitor, str) and monitor.startswith("valid")
