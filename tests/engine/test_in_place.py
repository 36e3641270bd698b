"""Operations that write over their operands: the same bits, and nobody's memory is written over who may look again."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import fx

from vaekit.engine._in_place import write_over
from vaekit.engine._recording import recorded
from vaekit.utils._torch import make_generator

UNARY = {
    "relu": torch.relu, "exp": torch.exp, "tanh": torch.tanh, "abs": torch.abs, "times": lambda x: x * 2.0,
    "square": lambda x: x**2, "clamp": lambda x: x.clamp_min(0.1), "sigmoid": torch.sigmoid,
}  # fmt: skip
VIEWS = {
    "transposed": lambda x: x.mT, "flat": lambda x: x.reshape(-1).view(4, 4), "turned": lambda x: x.flip(0),
    "itself": lambda x: x[:],
}  # fmt: skip
BINARY = {"plus": torch.add, "minus": torch.sub, "times": torch.mul, "largest": torch.maximum, "product": torch.mm}
WORDS = st.tuples(st.sampled_from([*UNARY, *VIEWS, *BINARY]), st.integers(0, 50), st.integers(0, 50))


def in_both_ways(function, *tensors):
    """What a function gives as it was written down, and where its operations write over; and the second graph."""
    traced = recorded(function, [tensor.clone() for tensor in tensors])
    plain = fx.GraphModule(traced, traced.graph)(*tensors)
    write_over(traced.graph)
    traced.graph.lint()
    given = [tensor.clone() for tensor in tensors]
    over = fx.GraphModule(traced, traced.graph)(*given)
    assert all(torch.equal(before, after) for before, after in zip(tensors, given))
    return plain, over, traced.graph


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=12), st.lists(st.integers(0, 50), max_size=3))
def test_bits_are_the_same_whatever_is_computed(words, kept):
    def function(one, other):
        values = [one, other]
        for word, first, second in words:
            operands = values[first % len(values)], values[second % len(values)]
            table = next(table for table in (UNARY, VIEWS, BINARY) if word in table)
            values.append(table[word](*operands) if table is BINARY else table[word](operands[0]))
        return tuple(values[2:][number % len(words)] for number in kept) + (values[-1],)

    tensors = torch.randn(2, 4, 4, generator=make_generator(0)).unbind()
    plain, over, _ = in_both_ways(function, *tensors)
    for expected, found in zip(plain, over, strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)


KEPT = {
    "given to the graph": lambda x: torch.exp(x),
    "given out": lambda x: (lambda y: (y, torch.exp(y)))(x @ x),
    "looked at again": lambda x: (lambda y: torch.exp(y) + y @ y)(x @ x),
    "looked at again as a view": lambda x: (lambda y: (lambda view: torch.exp(y) @ view)(y.mT))(x @ x),
    "its own other operand as a view": lambda x: (lambda y: torch.add(y, y.mT))(x @ x),
    "of another shape": lambda x: torch.add((x @ x)[:1], x),
    "of another type": lambda x: torch.add((x @ x).half(), x),
    "spread out": lambda x: torch.exp((x @ x).sum(0, keepdim=True).expand(4, 4)),
}


@pytest.mark.parametrize("function", KEPT.values(), ids=KEPT)
def test_memory_that_somebody_needs_is_left_alone(function):
    def listed(x):
        outputs = function(x)
        return outputs if isinstance(outputs, tuple) else (outputs,)

    _, _, graph = in_both_ways(listed, torch.randn(4, 4, generator=make_generator(0)))
    first = next((node for node in graph.nodes if "exp" in str(node.target) or "add" in str(node.target)), None)
    assert "out" not in first.kwargs


def test_what_nobody_reads_any_more_is_written_over():
    def chain(x):
        gradient = torch.ops.aten.threshold_backward(x @ x, torch.relu(x.mT @ x), 0)
        return (torch.exp(torch.neg(gradient)) * 2.0,)

    *_, graph = in_both_ways(chain, torch.randn(4, 4, generator=make_generator(0)))
    calls = [node for node in graph.nodes if node.op == "call_function"]
    names = [str(node.target) for node in calls if not {"out", "grad_input"} & set(node.kwargs)]
    assert names == ["aten.mm.default", "aten.transpose.int", "aten.mm.default", "aten.relu_.default"]
