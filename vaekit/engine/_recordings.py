"""What is kept from epoch to epoch of nets that train together: memory for their steps, and graphs over it."""

from collections import OrderedDict

import torch

from vaekit.engine import _kinds
from vaekit.engine._branches import MOST_BRANCHES, Branches
from vaekit.engine._captured import replayable
from vaekit.engine._lanes import Lanes, have_own_rates

__all__ = ["Recordings"]

MOST_LANES_KEPT, MOST_BRANCHES_KEPT = 8, 32  # stacks of nets; graphs of branches


class Recordings:
    """Lanes and branches, kept for those that come again. What is recorded here is replayed one after the other."""

    def __init__(self):
        self._lanes, self._steps, self._branches, self._pools = OrderedDict(), {}, [], {}

    def lanes_for(self, key, nets, n_lanes):
        """Lanes that hold some nets of one structure, which `key` stands for."""
        full_key = key, n_lanes, have_own_rates(nets)
        if full_key in self._lanes:
            self._lanes.move_to_end(full_key)
            self._lanes[full_key].take_in(nets)
        else:
            self._lanes[full_key] = Lanes(nets, n_lanes)
        while len(self._lanes) > MOST_LANES_KEPT:
            self._steps.pop(self._lanes.popitem(last=False)[1], None)
        return self._lanes[full_key]

    def step_of(self, program, lanes, inputs, is_long):
        """The step of a program over some lanes; None if the device cannot take it.

        Parameters
        ----------
        program : Program
        lanes : Lanes
        inputs : callable
            `inputs()` returns those of a step.
        is_long : bool
            Whether there are steps enough to record one, where the device can.
        """
        if not is_long or lanes.memory[0].device.type not in _kinds.CAPTURING:
            return program.on(lanes.static)
        steps = self._steps.setdefault(lanes, {})
        if program not in steps:
            try:
                steps[program] = RecordedStep(program, lanes, inputs(), self._pool(lanes.memory[0].device))
            except Exception:  # too little memory, say
                steps[program] = None
        return steps[program]

    def branches_for(self, nets, rows, all_inputs):
        """Branches of some nets; None if the device cannot take them."""
        kept = next((own for own in self._branches if own.is_for(nets, rows, all_inputs)), None)
        if kept is None:
            try:
                kept = Branches(nets, rows, all_inputs, self._pool(nets[0].flat_.buffer.device))
            except Exception:  # too little memory, say; each net takes its own steps
                return None
            self._branches = [*self._branches, kept][-MOST_BRANCHES_KEPT:]
        kept.begin()
        return kept

    def split(self, epochs):
        """Split epochs into groups of branches: nets that were together stay so, whoever of them is left."""
        groups, left = [], list(epochs)
        for kept in reversed(self._branches):
            own = [epoch for epoch in left if any(epoch.net is net for net in kept.nets)]
            if 2 * len(own) > len(kept.nets):
                groups.append(own)
                left = [epoch for epoch in left if epoch not in own]
        return groups + [left[first : first + MOST_BRANCHES] for first in range(0, len(left), MOST_BRANCHES)]

    def _pool(self, device):
        if device.type == "cuda" and device not in self._pools:
            self._pools[device] = torch.cuda.graph_pool_handle()
        return self._pools.get(device)


class RecordedStep:
    """The step of many nets over inputs that stay in place: on a CUDA device one graph.

    Parameters
    ----------
    program : Program
    lanes : Lanes
    inputs : list of Tensor
        Like those of every step.
    pool : optional
        Memory of graphs.
    """

    def __init__(self, program, lanes, inputs, pool):
        self._inputs, self._step, self._given = [own.clone() for own in inputs], program.on(lanes.static), None
        self._run = replayable(self._body, lanes.memory, pool)

    def _body(self):
        self._given = self._step(*self._inputs)

    def __call__(self, *inputs):
        """Values of all nets' terms, and what their likelihoods saw."""
        torch._foreach_copy_(self._inputs, list(inputs))
        self._run()
        return tuple(None if given is None else given.clone() for given in self._given)
