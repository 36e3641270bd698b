"""The step as a CUDA graph: recorded once over memory that stays in place, and replayed as a whole."""

import contextlib
import weakref

import torch

from vaekit.engine._optimizer import fused_adam, rate_tensor
from vaekit.engine._step import run_step
from vaekit.engine._traced import CountedRows, flattened, running

__all__ = [
    "CapturedStep", "EagerBody", "keep_graph_of_last", "kinds_of", "memory_of", "replayable", "written_into",
]  # fmt: skip

WARM_UP = 3  # steps before a capture, in which libraries take their workspaces
PIECE = 8192  # weights that one block of a GPU updates

_last = []  # a weak reference to the net that was trained last


class CapturedStep:
    """Takes the steps of an epoch by a graph of the eager step; a batch of another shape is handed to the eager step.

    Only what a step is handed is copied to where the graph expects it, and no step waits for another on the host.
    Shapes alone decide for which of the two it is. The graph stays with the net as long as all that is written into it
    is the same.

    Parameters
    ----------
    net : Net
        In training, in the stage that is to run.
    rows : Rows
    n_rows : int or None
        Of a batch; None where the pass has only one.
    eager : callable (StepInputs)
        The eager step.
    make : callable (Net, Layout, list of Tensor, rows) -> body, optional
        Makes what is recorded: an object whose call takes a step over the tensors handed to it, and which then has
        `names`, `values` and `observed`.
    """

    def __init__(self, net, rows, n_rows, eager, make=None):
        self.net, self.rows, self.n_rows, self.eager, self.make = net, rows, n_rows, eager, make or EagerBody
        self._graph = None

    def __call__(self, inputs):
        """Take a step; return names and values of its terms, and what the likelihood saw."""
        if self.n_rows is not None and inputs.batches["first"].n_rows != self.n_rows:
            return self.eager(inputs)
        tensors, layout = flattened(inputs)
        if self._graph is None:
            self._graph = self._graph_for(layout, tensors)
        if not self._graph.takes(tensors):
            return self.eager(inputs)
        self._graph.replay(tensors)
        self.net.step_ += 1
        body = self._graph.body
        return body.names, body.values.clone(), body.observed

    def _graph_for(self, layout, tensors):
        """The graph that the net has, if it is of such a step, or a new one."""
        key = (self.make, layout, kinds_of(tensors), *written_into(self.net))
        kept = self.net.graph_
        if kept is None or not kept.is_for(key, self.rows):
            kept = self.net.graph_ = StepGraph(self.net, self.rows, key, self.make, layout, tensors)
        kept.body.begin()
        self.net.optimizer_.note_steps()
        return kept


def kinds_of(tensors):
    return [(tensor.shape, tensor.dtype) for tensor in tensors]


def written_into(net):
    """What is written into the graph of a net's step: where its memory is, and the numbers that are none."""
    groups = [(group["betas"], group["eps"]) for group, _, _ in running(net)]
    return net.stage_.start, net.precision, groups, [tensor.data_ptr() for tensor in memory_of(net)]


def memory_of(net):
    """All that the running phases of a step change."""
    states = [state[name] for _, _, state in running(net) for name in ("exp_avg", "exp_avg_sq", "step")]
    return [net.flat_.buffer, *net.module_.buffers(), *states]


def keep_graph_of_last(net):
    """Of the nets that are not in training, let one keep its graph, which holds memory of the device: this one."""
    for other in (reference() for reference in _last):
        if other is not None and other is not net:
            other.graph_ = None
    _last[:] = [weakref.ref(net)]


# ---------------------------------------------------------------------- the graph


class StepGraph:
    """A body over tensors of its own; on a CUDA device recorded as a graph, elsewhere just called.

    Attributes
    ----------
    body
        Holds what the last step gave out, until the next.
    """

    def __init__(self, net, rows, key, make, layout, tensors):
        self.key, self._rows, self._inputs = key, CountedRows(len(rows)), [tensor.clone() for tensor in tensors]
        self._memory = memory_of(net)  # held, so that no other tensor gets its place
        self.body = make(net, layout, self._inputs, self._rows)
        self.body.begin()
        self._run = replayable(self.body, self._memory)

    def is_for(self, key, rows):
        """Whether it is the graph of such a step on such rows."""
        return self.key == key and (not self._rows.was_counted or len(rows) == self._rows.n_rows)

    def takes(self, tensors):
        """Whether these have the shapes and types that are written into it."""
        return kinds_of(tensors) == kinds_of(self._inputs)

    def replay(self, tensors):
        """Take a step with these."""
        torch._foreach_copy_(self._inputs, tensors)
        self._run()


def replayable(work, memory, pool=None):
    """Return what does some work: on a CUDA device its record, elsewhere the work itself.

    Parameters
    ----------
    work : callable
    memory : list of Tensor
        What it changes, which is given back after rounds of trial.
    pool : optional
        Memory that records share which are replayed one after the other.
    """
    device = memory[0].device
    if device.type != "cuda":
        return work
    with torch.cuda.device(device), _given_back(memory):
        return _recorded(work, pool)


@contextlib.contextmanager
def _given_back(memory):
    """Steps that are taken inside are undone, in place."""
    kept = [tensor.detach().clone() for tensor in memory]
    try:
        yield
    finally:
        with torch.no_grad():
            torch._foreach_copy_([tensor.detach() for tensor in memory], kept)


def _recorded(work, pool=None):
    """Return the replay of some work, after a few rounds of it on a stream aside."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    # around it the stream that is current: a capture that fails would leave its own behind
    here = torch.cuda.stream(torch.cuda.current_stream())
    with here, torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
        work()
    return graph.replay


# ---------------------------------------------------------------------- what is recorded


class EagerBody:
    """The eager step over tensors that stay in place; learning rates are read from such tensors, too."""

    def __init__(self, net, layout, tensors, rows):
        self.net, self.inputs = net, layout.inputs_of(tensors, rows)
        self.optimizer = AdamInPlace(net)
        self.names, self.values, self.observed = None, None, None

    def begin(self):
        """Follow the learning rates of the optimizer."""
        self.optimizer.follow()

    def __call__(self):
        """Take a step."""
        net, (_, own, phases) = self.net, self.net.stage_
        parameters, how = net.parameters_[own], {"precision": net.precision}
        terms, self.observed = run_step(net.module_, phases, parameters, self.optimizer, self.inputs, **how)
        self.names, self.values = list(terms), torch.stack([term.detach() for term in terms.values()])


class AdamInPlace:
    """The running phases of a `PhasedAdam`, their learning rates in tensors that a graph reads."""

    def __init__(self, net):
        self.groups = running(net)
        self.rates = [rate_tensor(0.0, net.flat_.buffer) for _ in self.groups]

    def follow(self):
        """Write the rates that now hold where the graph reads them."""
        for (group, _, _), rate in zip(self.groups, self.rates):
            rate.fill_(group["lr"])

    @torch.no_grad()
    def step_phase(self, phase, gradient):
        """Update one phase's weights along their flat gradient."""
        (group, weights, state), rate = self.groups[phase], self.rates[phase]
        moments = state["exp_avg"], state["exp_avg_sq"], state["step"]
        fused_adam(weights, *moments, rate, gradient, group, piece=PIECE if weights.is_cuda else None)
