"""The whole step, gradients and updates of all phases, written down once as a flat program that needs no autograd."""

import functools
import threading
from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import nn
from torch.func import functional_call

from vaekit._outputs import Batch, StepInputs
from vaekit.engine._once import once_in_training
from vaekit.engine._optimizer import flat_gradient, fused_adam, rate_tensor
from vaekit.engine._precision import networks_in
from vaekit.engine._program import Program
from vaekit.engine._recording import recorded
from vaekit.engine._structure import structure_of

__all__ = ["CountedRows", "TracedStep", "Whole", "flattened", "kept_program", "running", "tracing", "write_down"]

MOST_KEPT = 64  # programs of a process
_programs, tracing = OrderedDict(), threading.Lock()  # tracing patches torch for the whole process


class Details(NamedTuple):
    """What a program gives out: names of its terms, and whether the likelihood saw anything."""

    names: list
    has_observed: bool


class TracedStep:
    """Takes the steps of an epoch by a program; a batch of another shape is handed to the eager step.

    Which of the two it is hangs on shapes alone. Both take the same operations in the same order.

    Parameters
    ----------
    net : Net
        In training, in the stage that is to run.
    rows : Rows
    n_rows : int or None
        Of a batch; None where the pass has only one, whose rows may be divided among several draws.
    eager : callable (StepInputs)
        The eager step.
    """

    def __init__(self, net, rows, n_rows, eager):
        self.net, self.rows, self.n_rows, self.eager = net, rows, n_rows, eager
        self._run = self._shapes = None

    def __call__(self, inputs):
        """Take a step; return names and values of its terms, and what the likelihood saw."""
        if self.n_rows is not None and inputs.batches["first"].n_rows != self.n_rows:
            return self.eager(inputs)
        tensors, layout = flattened(inputs)
        if self._run is None:
            self._bind(inputs, layout)
        if _shapes(tensors) != self._shapes:
            return self.eager(inputs)
        with torch.inference_mode():
            values, observed = self._run(*tensors)
        self.net.step_ += 1
        return self._details.names, values, observed if self._details.has_observed else None

    def _bind(self, inputs, layout):
        """Lay the program over the tensors that are trained now."""
        tensors, _ = flattened(inputs)
        net, trace = self.net, functools.partial(_trace, self.net, tensors, layout)
        program = kept_program(net, self.rows, tensors, layout, "traced", trace)
        self._details, self._shapes = program.details, _shapes(tensors)
        with torch.inference_mode():
            self._run = program.on(_static(self.net))
        self.net.optimizer_.note_steps()


def _shapes(tensors):
    return [tensor.shape for tensor in tensors]


# ---------------------------------------------------------------------- what goes in


class Layout(NamedTuple):
    """Names of what goes in at every step, in order: the facts of each batch that are known, noise, weights."""

    batches: tuple
    noise: tuple
    weights: tuple

    def inputs_of(self, tensors, rows):
        """The step's inputs that some tensors are."""
        left = iter(tensors)
        batches = {name: Batch(**{fact: next(left) for fact in facts}) for name, facts in self.batches}
        noise = {name: next(left) for name in self.noise}
        return StepInputs(batches, noise, {name: next(left) for name in self.weights}, rows)


def flattened(inputs):
    """Tensors of a step's inputs, and their layout."""
    batches = [(name, batch._asdict()) for name, batch in inputs.batches.items()]
    facts = tuple((name, tuple(fact for fact, t in known.items() if t is not None)) for name, known in batches)
    tensors = [t for _, known in batches for t in known.values() if t is not None]
    tensors += [*inputs.noise.values(), *inputs.weights.values()]
    return tensors, Layout(facts, tuple(inputs.noise), tuple(inputs.weights))


def running(net):
    """Groups of the optimizer, with moments, of the phases that are running."""
    groups = net.optimizer_.param_groups[net.stage_.numbers]
    return [(group, group["params"][0], net.optimizer_.state[group["params"][0]]) for group in groups]


def _static(net):
    """The memory that a step works on: parameters, buffers; weights, moments, count and rate of each phase."""
    held = [*net.module_.parameters(), *net.module_.buffers()]
    for group, weights, state in running(net):
        rate = rate_tensor(group["lr"], weights)
        held += [weights, state["exp_avg"], state["exp_avg_sq"], state["step"], rate]
    return [tensor.detach() for tensor in held]


class CountedRows:
    """The training set, of which a traced step may know how many rows it has."""

    def __init__(self, n_rows):
        self.n_rows, self.was_counted = n_rows, False

    def __len__(self):
        self.was_counted = True
        return self.n_rows


# ---------------------------------------------------------------------- the program


def kept_program(net, rows, tensors, layout, kind, make):
    """The program for a net and inputs of such shapes, from those that are kept if it is there.

    Its key has all that is written into it; how many rows there are is part of it only where the objective asks.

    Parameters
    ----------
    net : Net
    rows : Rows
    tensors : list of Tensor
    layout : Layout
    kind : hashable
        What is made of the step.
    make : callable (CountedRows) -> program
    """
    fresh = tuple((tensor.shape, tensor.dtype, tensor.device, tensor.stride()) for tensor in tensors)
    known = kind, layout, fresh, torch.get_default_dtype(), len(rows)
    return once_in_training(net, known, lambda: _found_or_made(net, rows, layout, known, make))


def _found_or_made(net, rows, layout, known, make):
    kind, _, fresh, default, _ = known
    key = kind, _structure(net, layout), fresh, default
    with tracing:
        for full_key in ((*key, len(rows)), (*key, None)):
            if full_key in _programs:
                _programs.move_to_end(full_key)
                return _programs[full_key]
        counted = CountedRows(len(rows))
        program = make(counted)
        _programs[(*key, len(rows) if counted.was_counted else None)] = program
        while len(_programs) > MOST_KEPT:
            _programs.popitem(last=False)
    return program


def _structure(net, layout):
    """Key of all that a step of a net hangs on, but for tensors."""
    groups = [(group["betas"], group["eps"]) for group, _, _ in running(net)]
    phases = [(phase.name, phase.parts, phase.loss) for phase in net.stage_.phases]
    return structure_of(net.module_, phases, groups, layout)


class Whole(nn.Module):
    """A module whose pass is a function of itself, for `functional_call`."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, function, *args):
        """Call it."""
        return function(self.module, *args)


def _trace(net, tensors, layout, rows):
    traced, n_static, details = write_down(net, tensors, layout, rows)
    return Program(traced, n_static, details)


def write_down(net, tensors, layout, rows):
    """The graph of a step, taken by a copy of all that it changes; how many inputs stay in place; its `Details`."""
    static, step = _copied(net, _static(net)), _Step(net, layout, rows)
    with torch.enable_grad():
        traced = recorded(step, [*static, *(tensor.clone() for tensor in tensors)])
    return traced, len(static), Details(step.names, step.has_observed)


def _copied(net, static):
    """Copies of tensors that are views of the flat buffer where they are."""
    buffer = net.flat_.buffer
    flat, place = buffer.clone(), buffer.untyped_storage().data_ptr()
    return [
        flat.as_strided(t.shape, t.stride(), t.storage_offset())
        if t.untyped_storage().data_ptr() == place
        else t.clone()
        for t in static
    ]


class _Step:
    """The step as a function of flat tensors."""

    def __init__(self, net, layout, rows):
        self.net, self.layout, self.rows, self.whole = net, layout, rows, Whole(net.module_)
        names = {id(p): name for name, p in self.whole.named_parameters()}
        self.tensor_names = [*names.values(), *(name for name, _ in self.whole.named_buffers())]
        self.own_names = [[names[id(p)] for p in own] for own in net.parameters_[net.stage_.numbers]]

    def __call__(self, *tensors):
        """Losses and terms of all phases, stacked, and what the likelihood saw."""
        state = dict(zip(self.tensor_names, tensors))
        trained = tensors[len(state) : len(state) + 5 * len(self.own_names)]
        inputs = self.layout.inputs_of(tensors[len(state) + len(trained) :], self.rows)
        recorded, carried = {}, None
        for i, (phase, names) in enumerate(zip(self.net.stage_.phases, self.own_names)):
            own = [state[name].detach().requires_grad_() for name in names]
            loss, terms, carried = self._called({**state, **dict(zip(names, own))}, phase, inputs, carried)
            gradients = torch.autograd.grad(loss, own, materialize_grads=True)
            gradient = flat_gradient(own, gradients)
            fused_adam(*trained[5 * i : 5 * i + 5], gradient, running(self.net)[i][0])
            recorded[phase.name if i else "train"] = loss
            recorded.update(terms)
        observed = self.net.module_.likelihood.take_observed()
        self.names, self.has_observed = list(recorded), observed is not None
        return torch.stack([term.detach() for term in recorded.values()]), observed

    def _called(self, state, phase, inputs, carried):
        with networks_in(self.net.precision, self.net.module_):
            return functional_call(self.whole, state, (phase.loss, inputs, carried))
