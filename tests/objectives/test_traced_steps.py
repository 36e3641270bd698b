"""Fifty steps by a traced program, and by a compiled one, end where fifty eager steps end, over all objectives."""

import numpy as np
import pytest
import torch
from handed_graphs import graphs_handed_over
from objective_world import BATCH, N_COMPONENTS, OBJECTIVES, PAIRS, make_model, shaken

from vaekit.engine import Net, Plan, ResidentRows, _compiled, _kinds
from vaekit.engine._kinds import kind_of_step
from vaekit.functional import _row_blocks
from vaekit.likelihoods import Normal
from vaekit.objectives import AggregateDivergence, KLDecomposition, Tripod
from vaekit.utils._torch import make_generator

N_STEPS, PER_EPOCH = 50, 5
SAME = {torch.float32: 1e-5, torch.float64: 1e-10}
TYPES = {"normal": torch.float64, "decoupled": torch.float32}
# each objective with one of the two, in turns where both are possible, but what trains a prior apart beside one that
# learns: test_traceable.py holds one step of all pairs
POSSIBLE = {objective: [prior for prior in TYPES if (objective, prior) in PAIRS] for objective in OBJECTIVES}
IN_TURNS = {
    objective: "decoupled" if "split" in objective else priors[n % len(priors)]
    for n, (objective, priors) in enumerate(POSSIBLE.items())
}
CASES = [(objective, prior, TYPES[prior]) for objective, prior in IN_TURNS.items()]


def trained(objective, prior, dtype, is_compiled=False):
    """A net after fifty steps; its warm-up is amid them."""
    model = make_model(objective, prior, likelihood=Normal()).to(dtype)
    net = Net(
        model, objective=objective, plan=Plan(N_STEPS, 20, N_COMPONENTS), generator=make_generator(0), lr=1e-2,
        batch_size=BATCH, device="cpu", verbose=0, is_compiled=is_compiled,
    ).initialize()  # fmt: skip
    rows = torch.randn(PER_EPOCH * BATCH, 5, generator=make_generator(1), dtype=dtype)
    n = len(rows)  # a sequence, for objectives that look back; each row once is a pass
    rows = ResidentRows(rows, follows=torch.stack([torch.arange(n), torch.arange(n).roll(1)]))
    return shaken(net, "prior", 0).partial_fit(rows, epochs=N_STEPS // PER_EPOCH)


def assert_same(net, eager, dtype):
    assert net.step_ == eager.step_ == N_STEPS
    there, here = eager.flat_.buffer, net.flat_.buffer
    assert (there - here).norm() <= SAME[dtype] * there.norm()
    for row, other in zip(eager.history, net.history, strict=True):
        assert row.keys() == other.keys()
        assert row["train_loss"] == pytest.approx(other["train_loss"], rel=1e-4)


@pytest.mark.parametrize(("objective", "prior", "dtype"), CASES)
def test_after_fifty_steps_it_is_where_the_eager_step_is(monkeypatch, objective, prior, dtype):
    words, stays_eager = (OBJECTIVES[objective], prior, dtype), OBJECTIVES[objective].needs_all_rows
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", np.inf)
    eager = trained(*words)
    assert kind_of_step(eager, False) == "eager"
    monkeypatch.setattr(_kinds, "FEWEST_TRACED", 0)
    traced = trained(*words)
    assert kind_of_step(traced, False) == ("eager" if stays_eager else "traced")
    assert_same(traced, eager, dtype)
    graphs = graphs_handed_over(monkeypatch)
    monkeypatch.setattr(_compiled, "AT_ONCE", 1)  # how several follow each other is the same for all objectives
    compiled = trained(*words, is_compiled=True)
    assert len(graphs) == (0 if stays_eager else 1)
    assert_same(compiled, eager, dtype)


KINDS_OF_PAIRS = KLDecomposition, AggregateDivergence, Tripod
OF_PAIRS = [next(case for case in CASES if isinstance(OBJECTIVES[case[0]], kind)) for kind in KINDS_OF_PAIRS]


@pytest.mark.parametrize(("objective", "prior", "dtype"), OF_PAIRS)
def test_so_it_is_where_pairs_of_rows_are_taken_in_blocks(monkeypatch, objective, prior, dtype):
    monkeypatch.setattr(_row_blocks, "MOST_NUMBERS", 4)
    monkeypatch.setattr(_row_blocks, "NUMBERS_OF_A_BLOCK", 3 * BATCH)
    monkeypatch.setitem(globals(), "N_STEPS", 2 * PER_EPOCH)
    test_after_fifty_steps_it_is_where_the_eager_step_is(monkeypatch, objective, prior, dtype)
