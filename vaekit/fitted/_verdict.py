"""What must be said once training is over: schedules, the end of learning, latents that carry information."""

import math

import numpy as np

from vaekit.exceptions import CollapseWarning, ScheduleWarning, UnfinishedTrainingWarning
from vaekit.fitted._convergence import diverged, scale_was_moving, was_hardly_trained, was_still_falling
from vaekit.utils._warnings import warn_user

__all__ = ["last_change", "warn_of_training"]


def warn_of_training(model, was_watched):
    """Say, once each, what did not come about.

    Parameters
    ----------
    model : TrainedModel
    was_watched : bool
        Whether early stopping decided the end.
    """
    shortcomings = _schedule_shortcomings(model)
    for sentence in shortcomings:
        warn_user(sentence, ScheduleWarning)
    unfinished = None if shortcomings or was_watched else _convergence_shortcoming(model)
    if unfinished is not None:
        warn_user(unfinished, UnfinishedTrainingWarning)
    _warn_if_collapsed(model)


def last_change(model):
    """The step after which neither a weight of the loss nor what is trained changes any more."""
    plan, last_stage = model.net.plan, model.net.stages_[-1]
    schedules = model.blueprint.objective.schedule_ends(plan.n_steps)
    return max([plan.warmup_steps, last_stage.start, *schedules.values()])


def _schedule_shortcomings(model):
    net, objective = model.net, model.blueprint.objective
    shortcomings = list(objective.shortcomings(net.history, net.step_, net.plan.n_steps))
    if net.plan.warmup_steps > net.step_:
        shortcomings.append(
            f"Training ended at step {net.step_}, before the KL reached its full weight at step "
            f"{net.plan.warmup_steps:.0f}; lower 'warmup', or train longer."
        )
    if net.stage_ is not net.stages_[-1]:
        shortcomings.append(
            f"Training ended at step {net.step_}, before its last stage, which is due with the first epoch "
            f"from step {net.stages_[-1].start} on; raise 'max_epochs'."
        )
    return shortcomings


def _convergence_shortcoming(model):
    """A sentence, or None; nothing about training that a callback ended."""
    net, n_features = model.net, model.blueprint.n_features
    if net.was_ended_ or net.went_back_:
        return None
    steps = np.cumsum([row["train_batch_count"] for row in net.history])
    if len(steps) == 0 or steps[-1] != net.step_:
        return None  # a history that tells of another training
    losses, settled_at = [row["train_loss"] for row in net.history], last_change(model)
    first_epoch = int(np.searchsorted(steps, settled_at, side="left")) + 1 if settled_at else 0
    steps_per_epoch = math.ceil(net.step_ / len(steps))
    # where a discriminator learns too, a loss that falls is no progress, and one that rises no failure
    telling = losses if net.module_.discriminator is None else []
    ended, chance = net.history[-1].get("reconstruction", 0), _chance(model) if steps_per_epoch > 1 else 0.0
    return (
        scale_was_moving(net.log_scales_, steps_per_epoch * net.lr)
        or was_hardly_trained(net.step_ * net.lr)
        or diverged(telling, first_epoch, n_features, ended, net.untrained_, chance)
        or was_still_falling(telling, first_epoch, n_features)
    )


def _chance(model):
    """Standard error of the reconstruction loss of a batch, at most.

    Squared errors scatter by sqrt(2) of their mean where all of a row's error lies in one direction, else by less;
    beside a scale that follows the errors the loss of each feature is half the logarithm of their mean.
    """
    net, follows = model.net, getattr(model.blueprint.likelihood, "scale", None) in ("closed_form", "per_feature")
    return math.sqrt(2 / net.batch_size) * (model.blueprint.n_features / 2 if follows else abs(net.untrained_))


def _warn_if_collapsed(model):
    blueprint, active = model.blueprint, model.summary.active_components
    n_active, most = int(active.sum()), min(blueprint.n_components, blueprint.n_features)
    if n_active == 0 or (blueprint.objective.pressure <= 1 and n_active < most / 2):
        warn_user(
            f"{n_active} of {blueprint.n_components} latents carry information; train longer (max_epochs), lower the "
            "strength of the regulariser, or expect less noise (likelihood=Normal(scale=...)).",
            CollapseWarning,
        )
