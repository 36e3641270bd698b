"""The step as machine code: traced without a change in place, several steps in one call, and handed to Inductor."""

import warnings

import torch
from torch.func import functional_call

from vaekit.engine._optimizer import flat_gradient
from vaekit.engine._progress import Progress
from vaekit.engine._recording import recorded
from vaekit.engine._traced import Whole, flattened, kept_program, running
from vaekit.utils._distributions import unchanged_distributions

__all__ = ["CompiledBody", "CompiledSteps"]

AT_ONCE = 5  # steps of one call on a CPU: what a call costs is divided among them


class CompiledSteps:
    """Takes the steps of an epoch several at a time by a compiled program.

    What is left over at the end of a pass, and batches of another shape, are handed to another taker of steps. Which of
    the two it is hangs on shapes alone.

    Parameters
    ----------
    net : Net
        In training, in the stage that is to run.
    rows : Rows
    n_rows : int or None
        Of a batch; None where the pass has only one.
    one : callable (StepInputs)
        Takes what is left over.
    """

    def __init__(self, net, rows, n_rows, one):
        self.net, self.rows, self.n_rows, self.one = net, rows, n_rows, one
        self._program = None

    def take_epoch(self, bounds, between):
        """Take all steps of a pass over batches of some bounds, as `run_epoch` does."""
        progress = Progress(self.net, self.rows, bounds)
        n_together = progress.n_alike // AT_ONCE * AT_ONCE if progress.next_size == self.n_rows else 0
        at_once = max(1, progress.most_ahead() // AT_ONCE) * AT_ONCE
        while progress.done < n_together:
            self._take(progress, min(at_once, n_together - progress.done), between)
        while progress.next_size is not None:
            progress.note_each([self.one(progress.draws.inputs_of(progress.done))])
            between()
        return progress.record()

    def _take(self, progress, n_steps, between):
        """Take the next steps, and write down what they gave out."""
        # a compiler is told how what it is handed lies in memory, where noise of several names lies side by side
        calls = list(zip(*(tensor.contiguous().split(AT_ONCE) for tensor in progress.ahead(n_steps))))
        given = []
        if self._program is None:
            self._bind(progress, calls[0])
        for tensors in calls:
            given.append(self._program.run(*self._static, *tensors))
            self.net.step_ += AT_ONCE
            between()
        names, values, seen = self._program.results([torch.cat(parts) for parts in zip(*given)])
        progress.note(names, values.numpy(), 0.0 if seen is None else progress.observed + self.n_rows * seen.sum(0))

    def _bind(self, progress, tensors):
        _, layout = flattened(progress.draws.inputs_of(progress.done))
        self._program = program_for(self.net, self.rows, layout, tensors, AT_ONCE)
        self._static = _static(self.net)
        self.net.optimizer_.note_steps()


class CompiledBody:
    """One compiled step over tensors that stay in place: what a captured step records."""

    def __init__(self, net, layout, tensors, rows):
        self.net, self.tensors = net, [tensor[None] for tensor in tensors]
        self.program, self.static = program_for(net, rows, layout, self.tensors, 1), _static(net)
        self.names, self.values, self.observed = None, None, None

    def begin(self):
        """Follow the learning rates of the optimizer."""
        for (group, _, _), rate in zip(running(self.net), self.static[-len(running(self.net)) :]):
            rate.fill_(group["lr"])

    def __call__(self):
        """Take a step."""
        names, values, seen = self.program.results(self.program.run(*self.static, *self.tensors))
        self.names, self.values, self.observed = names, values[0], None if seen is None else seen[0]


# ---------------------------------------------------------------------- the program


class CompiledProgram:
    """What Inductor made of some steps, and what these give out."""

    def __init__(self, compiled, names, has_observed):
        self.compiled, self.names, self.has_observed = compiled, names, has_observed

    def run(self, *tensors):
        """Take the steps; all that they change is changed in place."""
        with torch.no_grad():
            return self.compiled(*tensors)

    def results(self, given):
        """Names of the terms, their values and what the likelihood saw, with the steps in front."""
        values, *seen = given
        return self.names, values, seen[0] if self.has_observed else None


def program_for(net, rows, layout, tensors, n_steps):
    """The compiled program of so many steps of a net, from those that are kept if it is there.

    What the steps are handed has them in front.
    """
    return kept_program(net, rows, tensors, layout, ("compiled", n_steps), lambda counted: _compile(
        _Steps(net, layout, counted), [*_static(net), *tensors]
    ))  # fmt: skip


def _compile(steps, tensors):
    """Trace steps taken by copies of all tensors, and compile what was traced.

    Raises
    ------
    RuntimeError
        If there is no compiler that does it.
    """
    copies = [tensor.clone() for tensor in tensors]
    with torch.enable_grad():
        traced = recorded(steps, copies)
    try:
        with torch.no_grad(), unchanged_distributions(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a faster precision could be chosen
            compiled = _inductor(traced, copies)
    except Exception as error:
        raise RuntimeError(
            "The 'compile' parameter is True, and torch found no compiler that works for this device (a C++ compiler "
            "such as g++ or clang++ for a CPU, Triton besides for a GPU); install one, or choose compile=False."
        ) from error
    return CompiledProgram(compiled, steps.names, steps.has_observed)


def _inductor(traced, tensors):
    """Compile a graph for tensors that are like these."""
    import torch._inductor  # seconds, which nobody else shall pay

    for node in traced.graph.nodes:
        node.meta.clear()  # what tracing noted there is of another kind than what Inductor notes
    is_on_cpu = all(tensor.device.type == "cpu" for tensor in tensors)
    return torch._inductor.compile(traced, tensors, {"cpp_wrapper": is_on_cpu})


def _static(net):
    """What steps work on: all weights in one, the module's buffers; moments, count and, last, rate of each phase."""
    phases = running(net)
    held = [state[name] for _, _, state in phases for name in ("exp_avg", "exp_avg_sq", "step")]
    like = net.flat_.buffer
    rates = [torch.tensor(group["lr"], dtype=torch.float64, device=like.device) for group, _, _ in phases]
    return [tensor.detach() for tensor in (like, *net.module_.buffers(), *held, *rates)]


class _Steps:
    """Some steps as a function of flat tensors, which are given their new values at the very end."""

    def __init__(self, net, layout, rows):
        self.net, self.layout, self.rows, self.whole = net, layout, rows, Whole(net.module_)
        self.places = {name: _place_of(p, net.flat_.buffer) for name, p in self.whole.named_parameters()}
        self.names_of = {id(p): name for name, p in self.whole.named_parameters()}
        self.buffers = [name for name, _ in self.whole.named_buffers()]
        self.phases = list(zip(net.stage_.phases, net.parameters_[net.stage_.numbers], running(net)))

    def __call__(self, flat, *tensors):
        """Losses and terms of the steps, stacked, and what the likelihood saw, as well."""
        n_buffers, n_phases = len(self.buffers), len(self.phases)
        buffers = dict(zip(self.buffers, tensors))
        held = tensors[n_buffers : n_buffers + 3 * n_phases]
        rates = tensors[n_buffers + 3 * n_phases : n_buffers + 4 * n_phases]
        handed = tensors[n_buffers + 4 * n_phases :]
        weights, moments, values, seen = flat, list(held), [], []
        for own in zip(*(tensor.unbind() for tensor in handed)):
            inputs = self.layout.inputs_of(own, self.rows)
            weights, moments, row, observed = self._step(weights, moments, rates, buffers, inputs)
            values.append(row)
            seen += [] if observed is None else [observed]
        flat.copy_(weights)
        for tensor, new in zip(held, moments):
            tensor.copy_(new)
        self.has_observed = bool(seen)
        return (torch.stack(values), *([torch.stack(seen)] if seen else []))

    def _step(self, weights, moments, rates, buffers, inputs):
        recorded, carried, new = {}, None, []
        for i, (phase, own, (group, part, _)) in enumerate(self.phases):
            state = {**buffers, **{name: place(weights) for name, place in self.places.items()}}
            names = [self.names_of[id(parameter)] for parameter in own]
            live = [state[name].detach().requires_grad_() for name in names]
            called = {**state, **dict(zip(names, live))}
            loss, terms, carried = functional_call(self.whole, called, (phase.loss, inputs, carried))
            gradients = torch.autograd.grad(loss, live, materialize_grads=True)
            gradient = flat_gradient(own, gradients).detach()
            start = part.storage_offset() - self.net.flat_.buffer.storage_offset()
            weights, own_moments = _updated(
                weights.detach(), start, moments[3 * i : 3 * i + 3], rates[i], gradient, group
            )
            new += own_moments
            recorded[phase.name if i else "train"] = loss
            recorded.update(terms)
        self.names = list(recorded)
        observed = self.net.module_.likelihood.take_observed()
        return weights, new, torch.stack([term.detach() for term in recorded.values()]), observed


def _place_of(parameter, buffer):
    """Where a parameter is in the flat weights, as a function of them."""
    start = parameter.storage_offset() - buffer.storage_offset()
    return lambda flat: flat[start : start + parameter.numel()].view(parameter.shape)


def _updated(weights, start, moments, rate, gradient, group):
    """Adam's new weights and moments: w - rate m' / (sqrt(v') + eps), with m', v' freed of their start at zero."""
    (m, v, count), (beta1, beta2), eps = moments, group["betas"], group["eps"]
    stop, count = start + len(gradient), count + 1
    m, v = m + (gradient - m) * (1 - beta1), v * beta2 + gradient * gradient * (1 - beta2)
    # what ReLU has silenced would fade into numbers so small that each costs a hundred others, and stay there
    m = torch.where(m.abs() < 1e8 * torch.finfo(m.dtype).tiny, 0, m)
    step_size, root = rate / (1 - beta1 ** count.double()), (1 - beta2 ** count.double()).sqrt()
    # side by side in memory: on their own, their powers would be computed again beside every weight
    step_size, root = torch.stack([step_size, root]).to(weights.dtype).unbind()
    new = weights[start:stop] - step_size * (m / (v.sqrt() / root + eps))
    pieces = [piece for piece in (weights[:start], new, weights[stop:]) if len(piece)]
    return torch.cat(pieces) if len(pieces) > 1 else new, [m, v, count]
