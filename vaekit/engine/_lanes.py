"""What the steps of several nets change, stacked: weights, buffers, moments, counts."""

import torch

from vaekit.engine._optimizer import rate_tensor
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
        self.n_lanes, self.has_own_rates = n_lanes, have_own_rates(nets)
        self.nets, self._held, padded = self._of(nets)
        self._stacks = [torch.stack(tensors) for tensors in zip(*padded)]
        self._rates = [rate_tensor(rates, nets[0].flat_.buffer) for rates in self._rates_of(nets)]
        self._layout = self._places(nets[0])

    def _of(self, nets):
        held = [_tensors(net) for net in nets]
        return nets, held, held + held[:1] * (self.n_lanes - len(nets))

    def _rates_of(self, nets):
        rates = [rates_of(net) for net in nets]
        by_phase = zip(*(rates + rates[:1] * (self.n_lanes - len(nets))))
        return [list(own) if self.has_own_rates else own[0] for own in by_phase]

    def take_in(self, nets):
        """Have the lanes hold other nets of the same structure, whose rates differ, or do not, as those did."""
        self.nets, self._held, padded = self._of(nets)
        with torch.no_grad():
            torch._foreach_copy_([row for stack in self._stacks for row in stack.unbind()],
                                 [tensor for tensors in zip(*padded) for tensor in tensors])  # fmt: skip
            for rates, tensor in zip(self._rates_of(nets), self._rates):
                tensor.copy_(rate_tensor(rates, nets[0].flat_.buffer))

    @property
    def memory(self):
        """All that a step changes."""
        return self._stacks

    @property
    def static(self):
        """The memory that a step of all nets works on, in the order of a traced step's."""
        places, n_buffers, n_frozen, starts = self._layout
        flat, *others = self._stacks
        buffers, frozen = others[:n_buffers], others[n_buffers : n_buffers + n_frozen]
        phases = others[n_buffers + n_frozen :]
        held = [self._parameter(*place) if place else frozen.pop(0) for place in places] + buffers
        for number, (start, stop) in enumerate(starts):
            held += [flat[:, start:stop], *phases[3 * number : 3 * number + 3], self._rates[number]]
        return held

    def _parameter(self, shape, strides, start):
        """A parameter of all nets, as views of their stacked buffers."""
        flat = self._stacks[0]
        return flat.as_strided((len(flat), *shape), (flat.stride(0), *strides), start)

    def _places(self, net):
        """Where a net's parameters are in its buffer (None where they are frozen); how many others; its phases."""
        frozen = {id(parameter) for parameter in _frozen(net)}
        parameters = list(net.module_.parameters())
        places = [None if id(p) in frozen else (p.shape, p.stride(), p.storage_offset()) for p in parameters]
        begins = [(weights.storage_offset(), len(weights)) for _, weights, _ in running(net)]
        starts = [(start, start + length) for start, length in begins]
        return places, len(list(net.module_.buffers())), len(frozen), starts

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
    """The flat weights, buffers, frozen parameters, and of each phase both moments and the count."""
    moments = [state[name] for _, _, state in running(net) for name in ("exp_avg", "exp_avg_sq", "step")]
    frozen = [parameter.detach() for parameter in _frozen(net)]
    return [net.flat_.buffer, *net.module_.buffers(), *frozen, *moments]


def _frozen(net):
    """Parameters that are not trained, and have memory of their own."""
    place = net.flat_.buffer.untyped_storage().data_ptr()
    return [p for p in net.module_.parameters() if p.untyped_storage().data_ptr() != place]
