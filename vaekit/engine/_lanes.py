"""What the steps of several nets change, stacked: weights, buffers, moments, counts."""

import torch

from vaekit.engine._traced import running

__all__ = ["Lanes", "have_own_rates", "rates_of"]


class Lanes:
    """Stacks of all that a step works on, a lane for each net.

    Parameters
    ----------
    nets : list of Net
        Of one structure.
    n_lanes : int
        How many lanes there are; the first net fills up those that are left, for company only.
    """

    def __init__(self, nets, n_lanes):
        self.nets, self.n_lanes = nets, n_lanes
        self._held = [_tensors(net) for net in nets]
        padded = self._held + self._held[:1] * (n_lanes - len(nets))
        self._stacks = [torch.stack(tensors) for tensors in zip(*padded)]
        rates = [rates_of(net) for net in nets]
        self.has_own_rates = have_own_rates(nets)
        self._rates = list(zip(*(rates + rates[:1] * (n_lanes - len(nets)))))

    @property
    def static(self):
        """The memory that a step of all nets works on, in the order of a traced step's."""
        net, (flat, *others) = self.nets[0], self._stacks
        n_buffers = len(list(net.module_.buffers()))
        phases, held = others[n_buffers:], [self._parameter(p) for p in net.module_.parameters()]
        held += others[:n_buffers]
        for number, (_, weights, _) in enumerate(running(net)):
            start = weights.storage_offset()
            held += [flat[:, start : start + len(weights)], *phases[3 * number : 3 * number + 3], self._rate(number)]
        return held

    def _parameter(self, parameter):
        """A parameter of all nets, as views of their stacked buffers."""
        flat, buffer = self._stacks[0], self.nets[0].flat_.buffer
        if parameter.untyped_storage().data_ptr() != buffer.untyped_storage().data_ptr():
            return torch.stack([parameter.detach()] * len(flat))  # frozen, and as it was at first
        shape, strides = (len(flat), *parameter.shape), (flat.stride(0), *parameter.stride())
        return flat.as_strided(shape, strides, parameter.storage_offset())

    def _rate(self, phase):
        rates = self._rates[phase]
        return torch.tensor(rates if self.has_own_rates else rates[0], dtype=torch.float64)

    def give_back(self, n_steps):
        """Let the nets have what was learned in some steps."""
        for number, (net, tensors) in enumerate(zip(self.nets, self._held)):
            torch._foreach_copy_(tensors, [stack[number] for stack in self._stacks])
            net.step_ += n_steps
            net.optimizer_.note_steps()


def rates_of(net):
    """The learning rates of a net's running phases."""
    return [group["lr"] for group, _, _ in running(net)]


def have_own_rates(nets):
    """Whether learning rates differ among nets."""
    return any(rates_of(net) != rates_of(nets[0]) for net in nets)


def _tensors(net):
    """The flat weights, buffers, and of each phase both moments and the count."""
    moments = [state[name] for _, _, state in running(net) for name in ("exp_avg", "exp_avg_sq", "step")]
    return [net.flat_.buffer, *net.module_.buffers(), *moments]
