"""How an operation is done for many models is tried once, for every way in which numbers can lie."""

import pytest
import torch

from vaekit.engine import _batched
from vaekit.engine._recording import recorded


@pytest.fixture
def tried(monkeypatch):
    """Operations that are tried meanwhile."""
    nodes, first_that_agrees = [], _batched._first_that_agrees

    def tell(ways, node, *others):
        nodes.append(node)
        return first_that_agrees(ways, node, *others)

    monkeypatch.setattr(_batched, "_found", {})
    monkeypatch.setattr(_batched, "_first_that_agrees", tell)
    return nodes


def take(rows, dim=0):
    """A sum over some axis, for several models, each of them alone as well."""
    step = _batched._ManySteps(recorded(lambda own: (own.sum(dim),), [rows[0]]), len(rows), False)
    assert torch.equal(step(rows)[0], torch.stack([own.sum(dim) for own in rows]))


ROWS = torch.arange(60.0).reshape(3, 4, 5)
OTHERS = {
    "shape": (ROWS[:, :3], 0),
    "place in memory": (ROWS.mT.contiguous().mT, 0),
    "type": (ROWS.double(), 0),
    "number of models": (ROWS[:2], 0),
    "argument": (ROWS, 1),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_another_operation_is_tried_again(tried, what):
    take(ROWS)
    take(ROWS + 1)
    assert len(tried) == 1
    take(*OTHERS[what])
    assert len(tried) == 2


def test_an_operation_on_what_all_models_share_is_tried_every_time(tried):
    """Its numbers may decide, not how they lie alone."""
    for factor in (torch.tensor(2.0), torch.tensor(3.0)):
        step = _batched._ManySteps(recorded(lambda own, k=factor: (own**k,), [ROWS[0]]), len(ROWS), False)
        torch.testing.assert_close(step(ROWS)[0], ROWS**factor)
    assert len(tried) == 2
