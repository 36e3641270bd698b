"""What takes the steps of an epoch: the eager step, with callbacks around it or alone, or another kind."""

from functools import partial

import torch

from vaekit.engine._captured import CapturedStep
from vaekit.engine._compiled import CompiledBody, CompiledSteps
from vaekit.engine._kinds import kind_of_step
from vaekit.engine._ranks import SharedStep, ranks_here
from vaekit.engine._step import run_step
from vaekit.engine._traced import TracedStep
from vaekit.engine._user_callbacks import has_batch_hooks
from vaekit.exceptions import VaekitWarning
from vaekit.utils._warnings import warn_user

__all__ = ["taker_of_steps", "warn_if_not_compiled"]


def taker_of_steps(net, rows, bounds):
    """Return what takes the steps of a pass over some rows, in batches of some bounds, as `run_epoch` calls it."""
    has_hooks, eager, ranks = has_batch_hooks(net.callbacks_), partial(_eager, net), ranks_here()
    eager = eager if ranks is None else SharedStep(eager, net.module_, ranks)
    kind = kind_of_step(net, has_hooks)
    if kind == "eager":
        return partial(_with_hooks, net, eager) if has_hooks else eager
    n_rows = bounds[0][1] - bounds[0][0] if len(bounds) > 1 else None
    if kind == "captured":
        return CapturedStep(net, rows, n_rows, eager, make=body_of(net))
    one = TracedStep(net, rows, n_rows, eager)
    return CompiledSteps(net, rows, n_rows, one) if net.is_compiled else one


def warn_if_not_compiled(net):
    """Say that steps which were to be compiled are eager ones, and why."""
    is_eager = kind_of_step(net, has_batch_hooks(net.callbacks_)) == "eager"
    if net.is_compiled and (is_eager or not _is_compiled(net)):
        warn_user(
            "The 'compile' parameter is True, but these steps are not compiled: there are too few of them, callbacks "
            "look at every batch, networks compute in a shorter type ('precision'), or the model or objective has "
            "parts that cannot be written down as one program (modules of one's own, dropout, batch normalisation); "
            "choose compile=False to hear no more of it.",
            VaekitWarning,
        )


def _is_compiled(net):
    return net.is_compiled and net.precision == "float32"


def body_of(net):
    """What makes the body of a net's captured step; None for that of the eager step."""
    return CompiledBody if _is_compiled(net) else None


def _eager(net, inputs, on_gradients=None, agree=None):
    """One step of the stage that is running."""
    _, own, phases = net.stage_
    parameters, how = net.parameters_[own], {"first": own.start, "precision": net.precision, "agree": agree}
    terms, observed = run_step(net.module_, phases, parameters, net.optimizer_, inputs, on_gradients, **how)
    net.step_ += 1
    return list(terms), torch.stack([term.detach() for term in terms.values()]), observed


def _with_hooks(net, step, inputs):
    """One step with the callbacks' batch hooks around it."""
    batch = tuple(some.x for some in inputs.batches.values())
    net.notify("on_batch_begin", batch=batch, training=True)
    result = step(inputs, partial(_notify_gradients, net))
    loss = result[1][0]
    net.history.record_batch("train_loss", loss.item())
    net.notify("on_batch_end", batch=batch, training=True, loss=loss, y_pred=None)
    return result


def _notify_gradients(net, parameters, gradients):
    """Let callbacks see, and clip, the gradients of one phase."""
    names = {parameter: name for name, parameter in net.module_.named_parameters()}
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient
    net.notify("on_grad_computed", named_parameters=[(names[p], p) for p in parameters], training=True)
    for parameter in parameters:
        parameter.grad = None
