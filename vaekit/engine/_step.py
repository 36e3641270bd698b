"""One training step: every phase's gradient and update, in turn."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from vaekit.engine._optimizer import flat_gradient
from vaekit.engine._precision import networks_in

__all__ = ["StepResult", "run_step"]


class StepResult(NamedTuple):
    """All that a training step gives out, besides the parameters it moved; nothing has been moved to the host.

    Attributes
    ----------
    terms : dict of str to Tensor
        Every phase's loss and unweighted terms.
    observed : Tensor or None
        What the likelihood saw of the batch, for the numbers of its own that have a closed form.
    """

    terms: dict[str, Tensor]
    observed: Any


def run_step(model, phases, parameters, optimizer, inputs, on_gradients=None, first=0, precision="float32", agree=None):
    """Run the phases of one step; each one's gradient is taken with respect to its own parameters only.

    A function of the parameters, the module's buffers and the inputs: no branch depends on the value of a tensor, and
    nothing is drawn or kept.

    Parameters
    ----------
    model : nn.Module
    phases : list of Phase
    parameters : list of list of Parameter
        Those of each phase.
    optimizer : PhasedAdam
    inputs : StepInputs
    on_gradients : callable, optional
        Called with each phase's list of gradients before the update; it may change them in place.
    first : int, default=0
        Number of the first of these phases among those of the optimizer.
    precision : {"float32", "bf16"}, default="float32"
        What encoder and decoder compute in.
    agree : callable, optional
        What several processes make of each phase's gradients, a list of them.

    Returns
    -------
    result : StepResult
    """
    recorded, carried = {}, None
    for i, (phase, own) in enumerate(zip(phases, parameters)):
        with networks_in(precision, model):
            loss, terms, carried = phase.loss(model, inputs, carried)
        # a parameter that the loss does not touch has gradient zero, and Adam leaves it where it is
        gradients = torch.autograd.grad(loss, own, materialize_grads=True)
        if agree is not None:
            gradients = agree(gradients)
        if on_gradients is not None:
            on_gradients(own, gradients)
        optimizer.step_phase(first + i, flat_gradient(own, gradients))
        recorded[phase.name if i else "train"] = loss
        recorded.update(terms)
    return StepResult(recorded, model.likelihood.take_observed())
