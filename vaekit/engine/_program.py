"""A traced graph made lean: the same operations on the same numbers, with less in between.

What is left out has no bits of its own: aliases, products with one, views taken again of what does not move, constants
computed again. Calls go to torch's own bindings, which are found faster than through the dispatcher's table.
"""

import functools
import operator

import torch
from torch import fx

from vaekit.engine._in_place import write_over

__all__ = ["Program"]

ATEN = torch.ops.aten
ALIASES = {ATEN.detach.default, ATEN.alias.default, ATEN.lift_fresh_copy.default}
VIEWS = {
    ATEN.t.default, ATEN.transpose.int, ATEN.view.default, ATEN.slice.Tensor, ATEN.select.int, ATEN.unsqueeze.default,
    ATEN.squeeze.dim, ATEN.expand.default, ATEN.permute.default, ATEN.split.Tensor, ATEN.split_with_sizes.default,
    ATEN._unsafe_view.default, ATEN.unbind.int, operator.getitem,
}  # fmt: skip
FILLED = {"ones_like": 1, "zeros_like": 0, "new_zeros": 0, "zeros": 0, "ones": 1}
# torch's own bindings take the arguments of these as the operators do
BOUND = {
    "add", "sub", "mul", "div", "neg", "exp", "expm1", "log", "log1p", "tanh", "sigmoid", "relu", "abs", "sqrt",
    "rsqrt", "pow", "mm", "addmm", "bmm", "baddbmm", "t", "transpose", "unsqueeze", "squeeze", "sum", "mean", "cat",
    "stack", "where", "clamp", "clamp_min", "maximum", "minimum", "eq", "gt", "ge", "lt", "le", "ne", "logsumexp",
    "sgn", "select", "bitwise_not", "split_with_sizes", "unbind",
}  # fmt: skip
METHODS = {"view", "expand"}
OF_NETWORKS = {"leaky_relu"}


class Program:
    """A graph in two halves: what depends on memory that stays where it is, and what runs at every step.

    Parameters
    ----------
    traced : GraphModule
        Its inputs are tensors, flat.
    n_static : int
        How many of its first inputs are memory that stays in place: their views are taken once.
    details
        Whatever the caller wants to remember about it.
    """

    def __init__(self, traced, n_static, details=None):
        self.details = details
        once, steady = _halves(_lean(traced, n_static), n_static)
        self._once, self._steady = once.forward, steady.forward

    def on(self, static):
        """Return the step over these tensors: a function of the other inputs."""
        return functools.partial(self._steady, *self._once(*static))


def _lean(traced, n_static):
    """A copy of a graph without aliases, units and repetitions."""
    graph, new, seen = fx.Graph(), {}, {}
    may_share = not _writes_to_its_own(traced.graph)
    for node in traced.graph.nodes:
        same = _same_as(node)
        if same is not None:
            new[node] = new[same]
            continue
        if _mutates(node):
            seen.clear()  # what was computed before may not be what would be computed now
        copy = graph.node_copy(node, new.__getitem__)
        if may_share and _is_pure(copy):
            known = seen.setdefault(_call_of(copy), copy)
            if known is not copy:
                graph.erase_node(copy)
                copy = known
        new[node] = copy
    _drop_unused(graph)
    return fx.GraphModule(traced, graph)


def _call_of(node):
    return node.target, repr(node.args), repr(sorted(node.kwargs.items()))


def _writes_to_its_own(graph):
    """Whether values that the graph computes are changed in place and used again; its inputs may be."""
    roots = [_root(source) for node in graph.nodes if _mutates(node) for source in _written(node)]
    return any(root.op != "placeholder" and len(root.users) > 1 for root in roots)


def _written(node):
    """Nodes of the arguments that a call changes."""
    named = dict(zip((argument.name for argument in node.target._schema.arguments), node.args)) | node.kwargs
    changed = [a.name for a in node.target._schema.arguments if a.alias_info is not None and a.alias_info.is_write]
    held = [named.get(name) for name in changed]
    return [part for value in held for part in (value if isinstance(value, (list, tuple)) else [value]) if part]


def _root(node):
    """The node whose memory a view looks at."""
    while node.op == "call_function" and node.target in VIEWS | ALIASES:
        node = node.all_input_nodes[0]
    return node


def _drop_unused(graph):
    for node in reversed(graph.nodes):
        if not node.users and node.op in ("call_function", "get_attr") and not _mutates(node):
            graph.erase_node(node)


def _same_as(node):
    """The node whose value this one repeats, or None."""
    if node.op != "call_function" or not node.args or not isinstance(node.args[0], fx.Node):
        return None
    source, rest = node.args[0], node.args[1:]
    if node.target in ALIASES:
        return source
    if node.target is source.target is ATEN.t.default:
        return source.args[0]
    if _changes_type_or_shape(node, source):
        return None
    if node.target is ATEN.slice.Tensor and rest[1:] and rest[1] == 0 and len(rest) == 3:
        return source
    if node.target in (ATEN.mul.Tensor, ATEN.pow.Tensor_Scalar, ATEN.div.Tensor) and rest in ((1.0,), (1,)):
        return source
    return source if node.target in (ATEN.expand.default, ATEN.view.default) else None


def _changes_type_or_shape(node, source):
    one, other = node.meta.get("tensor_meta"), source.meta.get("tensor_meta")
    return (
        one is None or other is None or (one.dtype, one.shape, one.stride) != (other.dtype, other.shape, other.stride)
    )


def _mutates(node):
    schema = getattr(node.target, "_schema", None)
    return node.op == "call_function" and schema is not None and schema.is_mutable


def _is_pure(node):
    return node.op == "call_function" and not _mutates(node)


def _halves(lean, n_static):
    """Two graph modules: static inputs to the values that the step needs of them, and those to the outputs."""
    once, steady, ours = fx.Graph(), fx.Graph(), {}
    settled = _settled(lean.graph, n_static, once)
    needed = [node for node in settled if any(user not in settled for user in node.users)]
    once.output(tuple(settled[node] for node in needed))
    for node in needed:
        ours[node] = steady.placeholder(f"kept_{node.name}")
    for node in lean.graph.nodes:
        if node not in settled:
            ours[node] = steady.node_copy(node, ours.__getitem__)
    write_over(steady)
    for node in steady.nodes:
        node.target = _fastest(node)
    return fx.GraphModule(lean, once), fx.GraphModule(lean, steady)


def _settled(graph, n_static, once):
    """What is the same at every step, node by node of `graph`, copied to `once`: views of static inputs, constants."""
    settled, constant, has_constants = {}, set(), not _writes_to_its_own(graph)
    for number, node in enumerate(graph.nodes):
        sources = node.all_input_nodes
        is_call, is_made = _is_pure(node), has_constants and _is_factory(node)
        if node.op == "get_attr" or is_made or (has_constants and is_call and constant.issuperset(sources)):
            constant.add(node)
        is_view = is_call and node.target in VIEWS and sources and all(source in settled for source in sources)
        if is_made:
            settled[node] = _made(node, once)
        elif node in constant or (node.op == "placeholder" and number < n_static) or is_view:
            settled[node] = once.node_copy(node, settled.__getitem__)
    return settled


def _is_factory(node):
    return _is_pure(node) and getattr(node.target, "_opname", None) in FILLED and "tensor_meta" in node.meta


def _made(node, graph):
    """A tensor filled with one number, whatever it was shaped like."""
    meta, value = node.meta["tensor_meta"], FILLED[node.target._opname]
    device = node.meta["val"].device if "val" in node.meta else node.kwargs.get("device")
    return graph.call_function(ATEN.full.default, (list(meta.shape), value), {"dtype": meta.dtype, "device": device})


def _fastest(node):
    name = getattr(node.target, "_opname", None) if getattr(node.target, "namespace", None) == "aten" else None
    if name in METHODS:
        return getattr(torch.Tensor, name)
    if name in OF_NETWORKS:
        return getattr(torch._C._nn, name)
    return getattr(torch, name) if name in BOUND else node.target
