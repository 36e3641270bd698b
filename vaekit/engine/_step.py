"""One training step: every phase's gradient and update, in turn."""

import torch

__all__ = ["phase_parameters", "run_step"]


def phase_parameters(model, phase):
    """Trainable parameters of the parts a phase updates."""
    parts = [getattr(model, name) for name in phase.modules]
    return [p for part in parts if part is not None for p in part.parameters() if p.requires_grad]


def run_step(model, phases, parameters, optimizer, inputs):
    """Run the phases of one step; each one's gradient is taken with respect to its own parameters only.

    Parameters
    ----------
    model : nn.Module
    phases : list of Phase
    parameters : list of list of Parameter
        Those of each phase.
    optimizer : PhasedAdam
    inputs : StepInputs

    Returns
    -------
    terms : dict of str to Tensor
        Every phase's loss and unweighted terms, detached; nothing has been moved to the host.
    """
    recorded, carried = {}, None
    for i, (phase, own) in enumerate(zip(phases, parameters)):
        loss, terms, carried = phase.loss(model, inputs, carried)
        # a part the loss does not touch has no gradient, and Adam passes over it
        for parameter, gradient in zip(own, torch.autograd.grad(loss, own, allow_unused=True)):
            parameter.grad = gradient
        optimizer.step(phase=i)
        recorded[phase.name if i else "train"] = loss
        recorded.update(terms)
    return recorded
