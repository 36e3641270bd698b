"""What is measured once training is over, and what must be said about it."""

import math

import numpy as np

from vaekit.estimators._convergence import diverged, scale_was_moving, was_still_falling
from vaekit.exceptions import CollapseWarning, ScheduleWarning, UnfinishedTrainingWarning
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._warnings import warn_user

__all__ = ["SummaryMixin"]

ACTIVE_SHARE = 0.01  # an active latent's mean varies by more than this share of its aggregate variance


class SummaryMixin(GuardedMethods):
    """Attributes of a fitted estimator that are numbers, and warnings after a fit."""

    @property
    def n_steps_(self) -> int:
        """Optimiser steps done."""
        self._check_has("n_steps_")
        return self.net_.step_

    @property
    def kl_per_component_(self) -> np.ndarray:
        """KL of each latent's posterior in nats, mean over training rows."""
        self._check_has("kl_per_component_")
        self._summarize_remembered()
        return self._kl_per_component

    @property
    def active_components_(self) -> np.ndarray:
        """Whether each latent carries information."""
        self._check_has("active_components_")
        self._summarize_remembered()
        return self._active_components

    def _check_has(self, name):
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"This {type(self).__name__} instance is not fitted yet, so it has no {name!r}.")

    def _summarize_remembered(self):
        """Measure what training came to on the rows that are remembered, if that has not been done."""
        rows = self._rows_to_summarize
        if rows is not None:
            with self._inferring():
                self.net_.settle(self._resident(rows))
            self._measure_latents(rows)
            self._rows_to_summarize = None

    def _measure_latents(self, X):
        loc, scale = self._encode(X)
        moving, spread = loc.var(axis=0), np.square(scale).mean(axis=0)
        self._active_components = moving > ACTIVE_SHARE * (moving + spread)
        with np.errstate(divide="ignore", invalid="ignore"):  # without noise the KL is infinite
            log_scale = np.log(scale).mean(axis=0)
            if self.net_.module_.prior.is_learned:
                self._kl_per_component = 0.5 * np.log(moving + spread) - log_scale
            else:
                self._kl_per_component = 0.5 * np.mean(loc**2 + scale**2 - 1, axis=0) - log_scale

    def _warn_of_training(self):
        """Say, once each, what did not come about: schedules, the end of learning, latents that carry information."""
        shortcomings = self._schedule_shortcomings()
        for sentence in shortcomings:
            warn_user(sentence, ScheduleWarning)
        unfinished = None if shortcomings else self._convergence_shortcoming()
        if unfinished is not None:
            warn_user(unfinished, UnfinishedTrainingWarning)
        self._warn_if_collapsed()

    def _schedule_shortcomings(self):
        plan, objective = self.net_.plan, self._blueprint.objective
        shortcomings = list(objective.shortcomings(self.net_.history, self.n_steps_, plan.n_steps))
        if plan.warmup_steps > self.n_steps_:
            shortcomings.append(
                f"Training ended at step {self.n_steps_}, before the KL reached its full weight at step "
                f"{plan.warmup_steps:.0f}; lower 'warmup', or train longer."
            )
        if self.net_.stage_ is not self.net_.stages_[-1]:
            shortcomings.append(
                f"Training ended at step {self.n_steps_}, before its last stage, which is due with the first epoch "
                f"from step {self.net_.stages_[-1].start} on; raise 'max_epochs'."
            )
        return shortcomings

    def _convergence_shortcoming(self):
        """A sentence, or None; nothing about training that a callback ended, or early stopping watched over."""
        net = self.net_
        if self.early_stopping or net.was_ended_ or net.went_back_:
            return None
        steps = np.cumsum([row["train_batch_count"] for row in net.history])
        if len(steps) == 0 or steps[-1] != net.step_:
            return None  # a history that tells of another training
        losses = [row["train_loss"] for row in net.history]
        first_epoch = int(np.searchsorted(steps, self._last_change(), side="left")) + 1 if self._last_change() else 0
        steps_per_epoch = math.ceil(net.step_ / len(steps))
        return (
            scale_was_moving(net.log_scales_, steps_per_epoch * net.lr)
            or diverged(
                losses, first_epoch, self.n_features_in_, net.history[-1].get("reconstruction", 0), net.untrained_
            )
            or was_still_falling(
                # where a discriminator learns too, a loss that falls is no progress
                losses if net.module_.discriminator is None else [],
                first_epoch,
                self.n_features_in_,
                net.step_ * net.lr,
            )
        )

    def _warn_if_collapsed(self):
        n_active, most = int(self.active_components_.sum()), min(self.n_components_, self.n_features_in_)
        is_gentle = self._blueprint.objective.pressure <= 1
        if n_active == 0 or (is_gentle and n_active < most / 2):
            warn_user(
                f"{n_active} of {self.n_components_} latents carry information; train longer (max_epochs), lower the "
                "strength of the regulariser, or expect less noise (likelihood=Normal(scale=...)).",
                CollapseWarning,
            )
