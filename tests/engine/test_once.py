"""A training searches for what does not change once; with others' callbacks, or outside, each time."""

from types import SimpleNamespace

import pytest
from tiny_training import AtEpochBegin, X, tiny

from vaekit.engine import _kinds, _once, _traced
from vaekit.engine._callbacks import EpochLog
from vaekit.engine._once import once_in_training


@pytest.mark.parametrize(
    ("found", "callbacks", "n_searches"),
    [({}, [], 2), ({}, [EpochLog.__new__(EpochLog)], 2), (None, [], 6), ({}, [AtEpochBegin(print)], 6)],
    ids=["alone", "own callbacks", "outside of a training", "a callback of another's"],
)
def test_each_stage_searches_for_each_name(found, callbacks, n_searches):
    searches = []
    for start in (0, 0, 0, 5, 5, 5):
        stage = SimpleNamespace(start=start)
        net = SimpleNamespace(found_=found, callbacks_=[("one", c) for c in callbacks], stage_=stage)
        assert once_in_training(net, "name", lambda start=start: searches.append(start) or start) == start
    assert len(searches) == n_searches


def test_a_training_reads_the_structure_once_and_forgets_it(monkeypatch):
    read, structure_of = [], _kinds.structure_of
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", 0)
    for module in (_kinds, _traced):
        monkeypatch.setattr(module, "structure_of", lambda *values: read.append(1) or structure_of(*values))
    model = tiny(max_epochs=3).fit(X)
    in_three = len(read)
    tiny(max_epochs=6).fit(X)
    assert len(read) == 2 * in_three > 0
    assert model.net_.found_ is None
    assert _once.has_own_callbacks_only(model.net_)
