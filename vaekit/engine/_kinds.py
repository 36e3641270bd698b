"""Which kind of step runs: a function of parameters, device and planned steps, never of what ran before."""

from torch.nn.modules import batchnorm, dropout, instancenorm, rnn

from vaekit.engine._structure import UnknownStructureError, structure_of

__all__ = ["kind_of_step"]

FEWEST_TRACED = 500  # steps that make up for a trace on a CPU
OWN_MINDS = {part.__name__ for part in (batchnorm, dropout, instancenorm, rnn)}  # random, or with running statistics


def kind_of_step(net, has_batch_hooks):
    """Return "eager" or "traced".

    Callbacks that look at every batch, modules that draw or keep statistics of their own, words that are not ours and
    objectives that look at all rows get the eager step: what they do cannot be written down once. So do fits that are
    planned to end before a trace has paid, and other devices than a CPU.
    """
    is_long = net.plan.n_steps >= FEWEST_TRACED
    if has_batch_hooks or not is_long or net.flat_.buffer.device.type != "cpu":
        return "eager"
    return "traced" if _is_a_function_of_tensors(net) else "eager"


def _is_a_function_of_tensors(net):
    if net.is_foreign or net.objective.needs_all_rows or not net.optimizer_.is_fused:
        return False
    if any(type(part).__module__ in OWN_MINDS for part in net.module_.modules()):
        return False
    try:
        structure_of(net.module_, net.stage_.phases)
    except UnknownStructureError:
        return False
    return True
