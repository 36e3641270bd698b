"""Which kind of step runs: a function of parameters, device and planned steps, never of what ran before."""

from torch.nn.modules import batchnorm, dropout, instancenorm, rnn

from vaekit.engine._once import once_in_training
from vaekit.engine._ranks import ranks_here
from vaekit.engine._structure import UnknownStructureError, structure_of

__all__ = ["is_a_function_of_tensors", "kind_of_step", "structure_in_training"]

FEWEST_TRACED = 500  # steps that make up for a trace on a CPU
FEWEST_CAPTURED = 100  # steps that make up for a capture
CAPTURING = {"cuda"}  # types of devices whose work can be recorded
OWN_MINDS = {part.__name__ for part in (batchnorm, dropout, instancenorm, rnn)}  # random, or with running statistics


def kind_of_step(net, has_batch_hooks):
    """Return "eager", "traced" (on a CPU) or "captured" (on a CUDA device).

    Callbacks that look at every batch, modules that draw or keep statistics of their own, words that are not ours and
    objectives that look at all rows get the eager step: what they do cannot be written down once. So do nets that
    several processes train together, fits that are planned to end before a trace has paid, shorter types than float32
    on a CPU, and devices of other types.
    """
    device = net.flat_.buffer.device.type
    kind, fewest = ("captured", FEWEST_CAPTURED) if device in CAPTURING else ("traced", FEWEST_TRACED)
    if has_batch_hooks or ranks_here() is not None or net.plan.n_steps < fewest or device not in {"cpu", *CAPTURING}:
        return "eager"
    if net.precision != "float32" and kind != "captured":
        return "eager"
    return kind if is_a_function_of_tensors(net) else "eager"


def is_a_function_of_tensors(net):
    """Whether all that a step does hangs on tensors that it is handed, and on what its key says."""
    return once_in_training(net, "a function of tensors", lambda: _can_be_written_down(net))


def _can_be_written_down(net):
    if net.is_foreign or net.objective.needs_all_rows or not net.optimizer_.is_fused:
        return False
    if any(type(part).__module__ in OWN_MINDS for part in net.module_.modules()):
        return False
    return structure_in_training(net) is not None


def structure_in_training(net):
    """Key of a net's module and of its phases in this stage of its training; None where nobody can say."""
    return once_in_training(net, "structure", lambda: _structure(net))


def _structure(net):
    phases = [(phase.name, phase.parts, phase.loss) for phase in net.stage_.phases]
    try:
        return structure_of(net.module_, phases)
    except UnknownStructureError:
        return None
