"""A graph of one model's step made one of many models' at once: every operation with the models in front.

Each operation is tried on random numbers first: several ways to do it for all models, from the fastest to one after the
other, and the first that gives every model the very bits of its own operation is taken. So a model has the same weights
alone and beside others, whatever a library of matrix products does with a stack of them. That is for CPUs: on other
devices the fastest way that there is will do, and last digits differ.
"""

import torch
from torch import fx

from vaekit.engine._captured import PIECE
from vaekit.engine._convolutions import many_convolutions
from vaekit.engine._program import ALIASES, VIEWS
from vaekit.engine._recording import recorded
from vaekit.utils._torch import make_generator

__all__ = ["batched"]

ATEN = torch.ops.aten
LOOKS = VIEWS | ALIASES
# rounded as IEEE 754 says, or not at all: any way gives the same bits
EXACT = {
    "_to_copy", "_unsafe_view", "abs", "add", "bitwise_not", "cat", "clamp", "clamp_min", "clone", "copy", "div", "eq",
    "full_like", "gather", "ge", "gt", "index", "index_select", "le", "lt", "masked_fill", "maximum", "minimum", "mul",
    "ne", "neg", "new_ones", "new_zeros", "ones_like", "relu", "rsub", "select_backward", "sgn", "slice_backward",
    "sqrt", "stack", "sub", "threshold_backward", "where", "zeros_like",
}  # fmt: skip
PRODUCTS = {"addmm", "baddbmm", "bmm", "mm"}
# what is left over behind the last full vector is computed one by one, seldom rounded otherwise: many trials show it
LONGEST_VECTOR, MANY_TRIALS = 16, 16
TO_THE_BIT = {"cpu"}  # types of devices where they are asked for
MOST_KEPT = 10_000  # findings of trials in a process
_found = {}  # by all that a trial hangs on: other programs have the same operations
FEW_MODELS = 16  # whose weights the kernel of Adam is handed in pieces, so that a GPU has enough to do


def batched(traced, static, inputs, has_own_rates):
    """Return the graph of a step of several models.

    Parameters
    ----------
    traced : GraphModule
        The step of one of them.
    static, inputs : list of Tensor
        What it takes, for all models, with the models in front; a rate that all share has no axis for them. They are
        changed.
    has_own_rates : bool
        Whether each model has a learning rate of its own.

    Raises
    ------
    RuntimeError
        If torch cannot do an operation for several models.
    """
    step = _ManySteps(traced, len(inputs[-1]), has_own_rates)
    with torch.no_grad():
        step(*static, *inputs)
        return recorded(step, [*static, *inputs])


class _ManySteps:
    """Runs a graph node by node on values of many models; the first time it settles how."""

    def __init__(self, traced, n_models, has_own_rates):
        self.traced, self.n_models, self.has_own_rates = traced, n_models, has_own_rates
        self.ways = {}

    def __call__(self, *tensors):
        """The outputs for all models, first axis."""
        given, values, self.of_models = iter(tensors), {}, set()
        *nodes, output = self.traced.graph.nodes
        for node in nodes:
            if node.op == "placeholder":
                values[node] = next(given)
                if values[node].ndim:  # else the rate of all
                    self.of_models.add(node)
            elif node.op == "get_attr":
                values[node] = getattr(self.traced, node.target)
            else:
                values[node] = self._value(node, values)
        return tuple(self._for_each(source, values) for source in output.args[0])

    def _for_each(self, source, values):
        if source is None or source in self.of_models:
            return None if source is None else values[source]
        return values[source].expand(self.n_models, *values[source].shape)

    def _value(self, node, values):
        sources = [source for source in node.all_input_nodes if source in self.of_models]
        if not sources:
            return _call(node, values)
        self.of_models.add(node)
        if node.target is getattr(ATEN._fused_adam_, "tensor_lr", None):
            return self._update(node, values)
        if node.target is ATEN._foreach_add_.Scalar or not isinstance(values[sources[0]], torch.Tensor):
            return _call(node, values)
        if node not in self.ways:
            self.ways[node] = self._way(node, sources, values)
        return self.ways[node](node, sources, values)

    def _update(self, node, values):
        """Adam's kernel knows one rate: one call for all models, or each its own."""
        lists = [[values[part] for part in held] for held in node.args]
        rates, others = values[node.kwargs["lr"]], {key: v for key, v in node.kwargs.items() if key != "lr"}
        if self.has_own_rates and rates.device.type not in TO_THE_BIT:
            for weights, gradient, average, square, count in zip(*lists[:4], lists[5]):
                adam_of_each(weights, gradient, average, square, count, rates, others)
        elif self.has_own_rates:
            for model in range(self.n_models):
                torch._fused_adam_(*[[stack[model] for stack in held] for held in lists], lr=rates[model], **others)
        else:
            torch._fused_adam_(*self._rows(lists), lr=rates, **others)

    def _rows(self, lists):
        """Weights, gradients and moments of each model; on a GPU in pieces, where models are few."""
        *flat, counts = [[row for stack in held for row in stack.unbind()] for held in lists]
        if counts[0].device.type in TO_THE_BIT or self.n_models >= FEW_MODELS:
            return [*flat, counts]
        pieces = [[piece for row in rows for piece in row.split(PIECE)] for rows in flat]
        n_pieces = [-(-len(row) // PIECE) for row in flat[0]]
        return [*pieces, [count for count, n in zip(counts, n_pieces) for _ in range(n)]]

    def _way(self, node, sources, values):
        """The fastest way to do an operation for all models that, on a CPU, gives each the bits of its own."""
        name = getattr(node.target, "_opname", None)
        many = many_convolutions(node, values, self.of_models)
        if many is not None:
            return many
        if name == "view":
            return _reshaped
        is_exact = name in EXACT and "alpha" not in node.kwargs  # a scaled sum is rounded once or twice
        if is_exact or node.target in LOOKS or node.target._schema.is_mutable:
            return _at_once
        ways = [_product, _at_once] if node.target is ATEN.addmm.default else [_at_once]
        stacks = [values[source] for source in sources]
        if stacks[0].device.type not in TO_THE_BIT:
            return next((way for way in ways if _can(way, node, sources, values)), _one_by_one)
        is_whole = name in PRODUCTS or all(stack[0].numel() % LONGEST_VECTOR == 0 for stack in stacks)
        key = _key_of_trial(node, sources, values)
        if key in _found:
            return _found[key]
        found = _first_that_agrees(ways, node, sources, values, 1 if is_whole else MANY_TRIALS)
        if key is not None:
            if len(_found) >= MOST_KEPT:
                _found.clear()
            _found[key] = found
        return found


def _key_of_trial(node, sources, values):
    """An operation and how numbers lie in memory; None where a trial takes more from the values than that."""
    if len(sources) < len(node.all_input_nodes) or not all(values[source].is_floating_point() for source in sources):
        return None
    given = fx.node.map_arg((node.args, node.kwargs), lambda source: _layout(values[source]))
    return node.target, repr(given), torch.get_num_threads()


def _layout(tensor):
    return tuple(tensor.shape), tensor.stride(), tensor.dtype


def _first_that_agrees(ways, node, sources, values, n_trials):
    """The first way that gives each model the bits of its own operation in every trial."""
    for seed in range(n_trials):
        trial = {**values, **{source: _noise_like(values[source], seed) for source in sources}}
        own = _one_by_one(node, sources, trial)
        ways = [way for way in ways if _agrees(way, own, node, sources, trial)]
    return [*ways, _one_by_one][0]


def adam_of_each(weights, gradient, average, square, count, rates, options):
    """Adam with a rate for each model: w - rate m' / (sqrt(v') + eps), with m', v' freed of their start at zero.

    Parameters
    ----------
    weights, gradient, average, square : Tensor of shape (n_models, n_weights)
        Changed in place, but for the gradient.
    count, rates : Tensor of shape (n_models,)
        Steps so far, this one among them; step sizes.
    options : dict
        Gives `beta1`, `beta2` and `eps`.
    """
    beta1, beta2 = options["beta1"], options["beta2"]
    average.lerp_(gradient, 1 - beta1)
    square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    steps = count.double()
    sizes = (rates / (1 - beta1**steps)).to(weights.dtype)
    roots = (1 - beta2**steps).sqrt().to(weights.dtype)
    weights.sub_(sizes[:, None] * average / (square.sqrt() / roots[:, None] + options["eps"]))


def _call(node, values):
    args, kwargs = fx.node.map_arg((node.args, node.kwargs), values.__getitem__)
    if kwargs.get("memory_format") is torch.channels_last:  # that of one model; what is of many has its own
        kwargs = {**kwargs, "memory_format": torch.preserve_format}
    return node.target(*args, **kwargs)


def _of_one(node, sources, values):
    """The operation as a function of one model's values."""
    return lambda *own: _call(node, {**values, **dict(zip(sources, own))})


def _at_once(node, sources, values):
    return torch.vmap(_of_one(node, sources, values))(*[values[source] for source in sources])


def _reshaped(node, sources, values):
    """A view; a copy where the models' values lie otherwise in memory than one model's."""
    try:
        return _at_once(node, sources, values)
    except RuntimeError:
        shape = node.args[1]
        return torch.vmap(lambda own: own.reshape(shape))(values[sources[0]])


def _product(node, sources, values):
    """addmm, the sum begun with the bias, as that of one model is."""
    bias, one, other = (values[arg] for arg in node.args)
    return torch.baddbmm(bias.unsqueeze(-2) if bias.ndim == 2 else bias, one, other, **node.kwargs)


def _one_by_one(node, sources, values):
    call, stacks = _of_one(node, sources, values), [values[source] for source in sources]
    results = [call(*own) for own in zip(*stacks)]
    if isinstance(results[0], torch.Tensor):
        return torch.stack(results)
    return tuple(None if parts[0] is None else torch.stack(parts) for parts in zip(*results))


def _can(way, node, sources, values):
    try:
        way(node, sources, values)
    except Exception:  # torch has no such operation for stacks, and says so in many ways
        return False
    return True


def _agrees(way, own, node, sources, values):
    try:
        found = way(node, sources, values)
    except Exception:  # torch has no such operation for stacks, and says so in many ways
        return False
    pairs = zip(*([one] if isinstance(one, torch.Tensor) else one for one in (found, own)))
    return all(torch.equal(torch.nan_to_num(a), torch.nan_to_num(b)) for a, b in pairs if a is not None)


def _noise_like(values, seed):
    """Random numbers laid out in memory as these, where they are numbers."""
    if not values.is_floating_point():
        return values
    extent = 1 + sum((size - 1) * stride for size, stride in zip(values.shape, values.stride()))
    noise = torch.randn(max(extent, 0), generator=make_generator(seed), dtype=values.dtype)
    return (noise * (seed % 3 + 1)).as_strided(values.shape, values.stride())
