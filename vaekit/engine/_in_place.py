"""A graph whose elementwise operations write over what nobody reads any more, instead of asking for memory."""

import operator

import torch

__all__ = ["write_over"]

ATEN = torch.ops.aten
# operations whose every number hangs on those in its own place alone, and how they are told where to write
WITH_OUT = {
    "abs", "add", "clamp", "clamp_min", "div", "exp", "expm1", "log", "log1p", "maximum", "minimum", "mul", "neg",
    "pow", "sigmoid", "sqrt", "sub", "tanh",
}  # fmt: skip
WITH_GRADIENT = {"leaky_relu_backward", "sigmoid_backward", "tanh_backward", "threshold_backward"}
UNDECLARED_VIEWS = {ATEN._unsafe_view.default, operator.getitem}


def write_over(graph):
    """Have operations of a graph write into the memory of an operand that is read there for the last time.

    The bits are the same. Memory that is given to the graph, or that it gives out, is left alone.

    Parameters
    ----------
    graph : torch.fx.Graph
        Of torch's operators, whose nodes know how their tensors lie in memory (`tensor_meta`). Changed in place.
    """
    memory = _Memory(graph)
    for node in graph.nodes:
        if _is_elementwise(node):
            operand = next((own for own in node.all_input_nodes if memory.is_free(own, node)), None)
            if operand is not None:
                _redirect(node, operand)


class _Memory:
    """In the memory of which nodes the tensor of each may lie, and who reads it last."""

    def __init__(self, graph):
        self.owners, self.last_reader = {}, {}
        self.fresh = {node for node in graph.nodes if _is_fresh(node)}
        for node in graph.nodes:
            own = {owner for source in node.all_input_nodes for owner in self.owners[source]}
            self.last_reader.update(dict.fromkeys(own, node))
            self.owners[node] = {node} if node in self.fresh else own | {node}

    def is_free(self, operand, node):
        """Whether this memory is the graph's own, laid out as the result is, and read here for the last time."""
        if operand not in self.fresh or self.last_reader[operand] is not node:
            return False
        others = (other for other in node.all_input_nodes if other is not operand)
        one, result = operand.meta.get("tensor_meta"), node.meta.get("tensor_meta")
        is_seen_otherwise = any(operand in self.owners[other] for other in others)
        return not is_seen_otherwise and _layout(one) == _layout(result) and _is_dense(one)


def _is_fresh(node):
    """Whether a node's tensor has memory of its own, for certain."""
    if node.target in UNDECLARED_VIEWS or not isinstance(node.target, torch._ops.OpOverload):
        return False
    return all(returned.alias_info is None for returned in node.target._schema.returns)


def _is_elementwise(node):
    name = node.target._opname if isinstance(node.target, torch._ops.OpOverload) else None
    return name in WITH_OUT | WITH_GRADIENT | {"relu"} and not node.kwargs


def _layout(meta):
    return None if meta is None else (meta.dtype, meta.shape, meta.stride)


def _is_dense(meta):
    """Whether each number has a place of its own, without gaps between."""
    expected = 1
    pairs = () if meta is None else zip(meta.stride, meta.shape)
    for stride, size in sorted(pair for pair in pairs if pair[1] != 1):
        if stride != expected:
            return False
        expected *= size
    return meta is not None


def _redirect(node, operand):
    name = node.target._opname
    if name == "relu":
        node.target = ATEN.relu_.default
    elif name in WITH_GRADIENT:
        node.target, node.kwargs = getattr(ATEN, name).grad_input, {"grad_input": operand}
    else:
        node.target, node.kwargs = getattr(torch, name), {"out": operand}
