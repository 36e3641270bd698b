"""Steps of several nets side by side, each the net's own step: on a CUDA device branches of one graph."""

import torch

from vaekit.engine._captured import EagerBody, kinds_of, memory_of, replayable, written_into
from vaekit.engine._taking import body_of
from vaekit.engine._traced import CountedRows, flattened

__all__ = ["MOST_BRANCHES", "Branches"]

MOST_BRANCHES = 8  # nets of a graph; more of them gain little


class Branches:
    """One step of each of some nets, all at once.

    On a CUDA device a graph holds them as branches that do not wait for one another; elsewhere they follow each other.
    Each is the step that is captured for the net alone, over the net's own memory.

    Parameters
    ----------
    nets : list of Net
    rows : list of Rows
        Of each.
    all_inputs : list of StepInputs
        Of a step of each.
    pool : optional
        Memory that graphs share which are replayed one after the other.
    """

    def __init__(self, nets, rows, all_inputs, pool=None):
        self.nets, self._rows = nets, [CountedRows(len(own)) for own in rows]
        tensors, layouts = zip(*map(flattened, all_inputs))
        self._key = _key(nets, layouts, tensors)
        self._inputs = [[tensor.clone() for tensor in own] for own in tensors]
        self._memory = [tensor for net in nets for tensor in memory_of(net)]  # held, so that no other gets its place
        makers = [body_of(net) or EagerBody for net in nets]
        self.bodies = [make(*own) for make, *own in zip(makers, nets, layouts, self._inputs, self._rows)]
        self.begin()
        self._run = replayable(self._all_branches(), self._memory, pool)

    def is_for(self, nets, rows, all_inputs):
        """Whether it takes such steps of these nets on such rows."""
        if len(nets) != len(self.nets) or any(one is not other for one, other in zip(nets, self.nets)):
            return False
        tensors, layouts = zip(*map(flattened, all_inputs))
        counts = all(not known.was_counted or known.n_rows == len(own) for known, own in zip(self._rows, rows))
        return counts and _key(nets, layouts, tensors) == self._key

    def begin(self):
        """Follow the learning rates of all optimizers."""
        for net, body in zip(self.nets, self.bodies):
            body.begin()
            net.optimizer_.note_steps()

    def take(self, all_inputs):
        """Take a step of each net; return, for each, names and values of its terms, and what the likelihood saw."""
        given = [tensor for inputs in all_inputs for tensor in flattened(inputs)[0]]
        torch._foreach_copy_([tensor for own in self._inputs for tensor in own], given)
        self._run()
        for net in self.nets:
            net.step_ += 1
        return [(body.names, body.values.clone(), _cloned(body.observed)) for body in self.bodies]

    def _all_branches(self):
        device = self._memory[0].device
        if device.type != "cuda":
            return self._one_after_the_other
        with torch.cuda.device(device):
            self._streams = [torch.cuda.Stream() for _ in self.bodies]
        return self._side_by_side

    def _one_after_the_other(self):
        for body in self.bodies:
            body()

    def _side_by_side(self):
        """Every step on a stream of its own, which begins and ends at the stream that is recorded."""
        trunk = torch.cuda.current_stream()
        for body, stream in zip(self.bodies, self._streams):
            stream.wait_stream(trunk)
            with torch.cuda.stream(stream):
                body()
        for stream in self._streams:
            trunk.wait_stream(stream)


def _cloned(tensor):
    return None if tensor is None else tensor.clone()


def _key(nets, layouts, tensors):
    return [(body_of(net), layout, kinds_of(own), *written_into(net))
            for net, layout, own in zip(nets, layouts, tensors)]  # fmt: skip
