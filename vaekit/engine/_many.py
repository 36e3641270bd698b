"""Epochs of many nets, taken together: groups of one structure, their steps one program, or branches of one graph."""

import itertools
from collections import Counter
from functools import partial

import numpy as np
import torch

from vaekit.engine._branches import MOST_BRANCHES
from vaekit.engine._convolutions import has_convolutions
from vaekit.engine._kinds import FEWEST_CAPTURED, kind_of_step
from vaekit.engine._lanes import rates_of
from vaekit.engine._programs import graph_of
from vaekit.engine._progress import MOST_STEPS, Progress

__all__ = ["groups_of", "take_together"]

MOST_LANES = 20  # nets of a program: their numbers must find room in the processor's caches
MOST_ON_A_GPU, MOST_CONVOLUTIONS = 256, 48  # a GPU has room for more; images take memory
FEWEST_STEPS = 500  # of all nets together, that make up for writing down their program


def groups_of(epochs, recordings):
    """Split epochs into groups that are taken together, of nearly equal size, by learning rate.

    Parameters
    ----------
    epochs : list of Epoch
    recordings : Recordings
        Knows which nets were branches of one graph.
    """
    by_key = {}
    for epoch in epochs:
        by_key.setdefault(epoch.key, []).append(epoch)
    groups = []
    for key, equal in by_key.items():
        groups += recordings.split(equal) if key[0] == "branches" else _split(sorted(equal, key=_rates_and_sizes))
    return groups


def _rates_and_sizes(epoch):
    return rates_of(epoch.net), [stop - start for start, stop in epoch.bounds]


def _split(epochs):
    n_groups = -(-len(epochs) // _most_together(epochs[0].net))
    ends = [len(epochs) * number // n_groups for number in range(n_groups + 1)]
    return [epochs[start:end] for start, end in itertools.pairwise(ends)]


def _most_together(net):
    if net.flat_.buffer.device.type == "cpu":
        return MOST_LANES
    return MOST_CONVOLUTIONS if has_convolutions(net.module_) else MOST_ON_A_GPU


def take_together(epochs, between, recordings):
    """Take the epochs of a group, each as its net would alone, and write into each what came of it.

    Nets that have a batch size or too few steps to themselves take those one after the other.

    Parameters
    ----------
    epochs : list of Epoch
    between : callable
        Called now and then; may raise what ends all.
    recordings : Recordings
        What was kept of epochs before.
    """
    if len(epochs) > 1:
        _Together([_Member(epoch) for epoch in epochs], between, recordings).run()


class _Member(Progress):
    """A net in its epoch."""

    def __init__(self, epoch):
        super().__init__(epoch.net, epoch.rows, epoch.bounds)
        self.epoch, self.net = epoch, epoch.net

    def take_alone(self, n_steps):
        """Take some steps by itself; what goes wrong there is its own."""
        try:
            take_step = self.epoch.kind_of_step(self.epoch.rows, self.epoch.bounds)
            steps = range(self.done, self.done + n_steps)
            self.note_each(take_step(self.draws.inputs_of(number)) for number in steps)
        except Exception as error:
            self.epoch.error, self.done = error, len(self.sizes)

    def conclude(self):
        """Hand the record to the epoch."""
        if self.epoch.error is None:
            self.epoch.record = self.record()


class _Together:
    """The epoch of a group: stretches of steps whose batches are of one size, each for all nets that have such."""

    def __init__(self, members, between, recordings):
        self.members, self.between, self.recordings = members, between, recordings
        self.lanes, self.n_owed = None, 0

    def run(self):
        """Take all steps of all members."""
        while left := [member for member in self.members if member.next_size is not None]:
            ((size, _),) = Counter(member.next_size for member in left).most_common(1)
            self._advance([member for member in left if member.next_size == size])
        self._give_back()
        for member in self.members:
            member.conclude()

    def _advance(self, some):
        """Take the steps that members whose batches are of one size have in common."""
        n_steps = min(member.n_alike for member in some)
        for part, graph in _of_one_graph(some, n_steps):
            nets = [member.net for member in part]
            found = graph and graph.program_for(nets, _pays(part, n_steps), partial(_first_of, part))
            if not (found and self._take(part, n_steps, *found)):
                self._give_back()
                for first in range(0, len(part), MOST_BRANCHES):
                    self._take_each(part[first : first + MOST_BRANCHES], n_steps)

    def _take(self, part, n_steps, n_lanes, program):
        """Take steps by a program; False if the device cannot."""
        nets = [member.net for member in part]
        if self.lanes is None or self.lanes.nets != nets or self.lanes.n_lanes != n_lanes:
            self._give_back()
            self.lanes = self.recordings.lanes_for(part[0].epoch.key, nets, n_lanes)
        with torch.inference_mode():
            inputs, at_once = partial(_first_of, part, n_lanes), part[0].most_ahead(len(part))
            step = self.recordings.step_of(program, self.lanes, inputs, _is_long(part, n_steps))
            if step is None:
                return False
            for start in range(0, n_steps, at_once):
                _take_some(part, min(at_once, n_steps - start), n_lanes, step, program.details)
                self.between()
        self.n_owed += n_steps
        return True

    def _take_each(self, part, n_steps):
        """Take each net's own steps: side by side where they can be captured, else one after the other."""
        branches = self._branches(part) if _can_be_branches(part) else None
        if branches is None:
            for member in part:
                member.take_alone(n_steps)
            return
        for start in range(0, n_steps, MOST_STEPS):
            _take_some_branches(part, min(MOST_STEPS, n_steps - start), branches)
            self.between()

    def _branches(self, part):
        nets, rows = [member.net for member in part], [member.epoch.rows for member in part]
        return self.recordings.branches_for(nets, rows, [member.draws.inputs_of(member.done) for member in part])

    def _give_back(self):
        if self.lanes is not None:
            self.lanes.give_back(self.n_owed)
        self.lanes, self.n_owed = None, 0


def _of_one_graph(members, n_steps):
    """Pairs of members that may have one program, and its graph; None where there are too few of them, or of steps."""
    n_planned = sum(member.epoch.n_steps_planned * n_steps / len(member.sizes) for member in members)
    if len(members) == 1 or n_planned < FEWEST_STEPS or members[0].epoch.key[0] == "branches":
        return [(members, None)]
    first = members[0]
    graph = graph_of(first.epoch.key, first.draws, first.done)
    if not graph.counts_rows:
        return [(members, graph)]
    groups = itertools.groupby(sorted(members, key=_n_rows), key=_n_rows)
    parts = [list(part) for _, part in groups]
    return [(part, graph_of(first.epoch.key, part[0].draws, part[0].done) if len(part) > 1 else None) for part in parts]


def _pays(part, n_steps):
    """Whether so many steps are ahead that a program is worth writing down."""
    return sum(member.epoch.n_steps_left * n_steps / len(member.sizes) for member in part) >= FEWEST_STEPS


def _is_long(part, n_steps):
    """Whether steps of such batches are planned that make up for a capture."""
    return max(member.epoch.n_steps_planned * n_steps / len(member.sizes) for member in part) >= FEWEST_CAPTURED


def _can_be_branches(part):
    """Whether there are several nets whose steps are captured, in batches that are not left over."""
    are_first = all(member.next_size == member.sizes[0] for member in part)
    return len(part) > 1 and are_first and all(kind_of_step(m.net, has_batch_hooks=False) == "captured" for m in part)


def _n_rows(member):
    return len(member.epoch.rows)


def _take_some(part, n_steps, n_lanes, step, details):
    """Take some steps of all members, and write down what they gave out."""
    inputs = _stacked([member.ahead(n_steps) for member in part], n_lanes)
    values, seen = zip(*[step(*of_a_step) for of_a_step in zip(*[stack.unbind() for stack in inputs])])
    values = torch.stack(values, 1).cpu().numpy()
    observed = _added_up(part, seen) if details.has_observed else [0.0] * len(part)
    for member, own, so_far in zip(part, values, observed):
        member.note(details.names, np.ascontiguousarray(own), so_far)


def _take_some_branches(part, n_steps, branches):
    """Take some steps of all members, each its own, and write down what they gave out."""
    results = []
    for number in range(n_steps):
        results.append(branches.take([member.draws.inputs_of(member.done + number) for member in part]))
    for member, own in zip(part, zip(*results)):
        member.note_each(own)


def _stacked(parts, n_lanes):
    """Inputs of all members (n_steps, n_lanes, ...); the first member's fill up what is left."""
    return [torch.stack(own, 1) for own in zip(*parts, *[parts[0]] * (n_lanes - len(parts)))]


def _first_of(part, n_lanes):
    """Inputs of the next step (n_lanes, ...)."""
    return [stack[0] for stack in _stacked([member.ahead(1) for member in part], n_lanes)]


def _added_up(part, seen):
    """What the likelihood has seen of each member, as an epoch adds it up step by step."""
    zero, size = torch.zeros_like(seen[0][0]), part[0].next_size
    total = torch.stack([member.observed + zero for member in part])
    for own in seen:
        total = total + size * own[: len(part)]
    return total
