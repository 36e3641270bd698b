"""One training step: every phase's gradient and update, in turn."""

import torch

__all__ = ["run_step"]


def run_step(model, phases, parameters, optimizer, inputs, on_gradients=None):
    """Run the phases of one step; each one's gradient is taken with respect to its own parameters only.

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

    Returns
    -------
    terms : dict of str to Tensor
        Every phase's loss and unweighted terms; nothing has been moved to the host.
    """
    recorded, carried = {}, None
    for i, (phase, own) in enumerate(zip(phases, parameters)):
        loss, terms, carried = phase.loss(model, inputs, carried)
        # a parameter that the loss does not touch has gradient zero, and Adam leaves it where it is
        gradients = torch.autograd.grad(loss, own, materialize_grads=True)
        if on_gradients is not None:
            on_gradients(own, gradients)
        optimizer.step_phase(i, torch.cat([gradient.reshape(-1) for gradient in gradients]))
        recorded[phase.name if i else "train"] = loss
        recorded.update(terms)
    return recorded
