"""What an epoch remembers of its steps: means over rows, however a step's rows were drawn and by how many processes."""

import pytest
import torch
from objective_world import BATCH, N_COMPONENTS, OBJECTIVES, make_model
from tiny_training import X, tiny

from vaekit import FactorDPVAE, FactorVAE, fit_many
from vaekit.engine import Net, Plan, ResidentRows, StreamedRows, batch_bounds
from vaekit.engine._draws import EpochDraws
from vaekit.engine._looking import settle_likelihood
from vaekit.engine._loop import run_epoch, step_inputs
from vaekit.engine._ranks import SharedRows, SharedStep
from vaekit.engine._step import run_step
from vaekit.likelihoods import Normal
from vaekit.utils._torch import make_generator

SEVERAL = [name for name, objective in OBJECTIVES.items() if len(objective.draws) > 1]
PASSES = {"one batch": BATCH, "one batch, odd": BATCH - 1, "even": 2 * BATCH, "shorter last": BATCH + 3}


def net_of(name):
    objective = OBJECTIVES[name]
    return Net(
        make_model(objective, likelihood=Normal()), objective=objective, plan=Plan(9, 0, N_COMPONENTS),
        generator=make_generator(0), lr=1e-2, batch_size=BATCH, device="cpu", verbose=0,
    ).initialize()  # fmt: skip


def rows_of(n_rows, weighed=False):
    """Rows in time; each follows the one before it, the first the last."""
    values, numbers = torch.randn(n_rows, 5, generator=make_generator(1), dtype=torch.float64), torch.arange(n_rows)
    weight = 0.5 + torch.rand(n_rows, generator=make_generator(2), dtype=torch.float64) if weighed else None
    return ResidentRows(values, weight=weight, follows=torch.stack([numbers, numbers.roll(1)]))


class OfOne:
    """The ranks of a group of one process."""

    def part(self, n_rows):
        return slice(0, n_rows), 1.0

    def sum(self, tensor):
        return tensor


def standing(net):
    """A step that moves nothing: what the likelihood saw is then a function of batch and noise."""

    class Still:
        def step_phase(self, phase, gradient):
            pass

    def step(inputs, on_gradients=None, agree=None):
        terms, observed = run_step(net.module_, net.phases_, net.parameters_, Still(), inputs, on_gradients)
        return list(terms), torch.stack([term.detach() for term in terms.values()]), observed

    return step


@pytest.mark.parametrize(
    ("n_rows", "weighed"), [*zip(PASSES.values(), [False] * 4), (BATCH, True), (BATCH + 3, True)], ids=str
)
@pytest.mark.parametrize("name", [*SEVERAL, "elbo"])
def test_what_the_likelihood_saw_is_averaged_over_rows(name, n_rows, weighed):
    net, rows, bounds = net_of(name), rows_of(n_rows, weighed), batch_bounds(n_rows, BATCH)
    step = standing(net)
    seen = [step(inputs)[2] for inputs in step_inputs(net, rows, bounds)]
    sizes = torch.tensor([stop - start for start, stop in bounds], dtype=torch.float64)
    expected = (sizes * torch.stack(seen)).sum() / n_rows
    for shared in (False, True):
        net.generator.manual_seed(0)
        take = SharedStep(step, net.module_, OfOne()) if shared else step
        epoch = run_epoch(net, SharedRows(rows, OfOne()) if shared else rows, bounds, take, lambda: None)
        torch.testing.assert_close(epoch.observed, expected, rtol=1e-12, atol=0)
        assert epoch.n_rows == sizes.tolist()


def test_a_pass_that_is_cut_short_has_the_batch_of_a_whole_one():
    net, rows = net_of("total correlation"), ResidentRows(rows_of(2 * BATCH).values)
    bounds = batch_bounds(len(rows), BATCH + 3, 1)
    for inputs in (next(iter(step_inputs(net, rows, bounds))), EpochDraws(net, rows, bounds).inputs_of(0)):
        assert [batch.n_rows for batch in inputs.batches.values()] == [BATCH + 3] * 2


def test_streamed_rows_that_are_cut_short_come_chunk_by_chunk():
    """A batch of a long pass is read from few chunks, be it the only one that is still to be taken."""
    read = []
    rows = StreamedRows(
        lambda s: read.append(s) or torch.zeros(s.stop - s.start, 5).numpy(), 4096, torch.from_numpy, "cpu", 8, 2
    )
    next(iter(step_inputs(net_of("elbo"), rows, [(0, BATCH)])))
    assert len(read) <= 2


@pytest.mark.parametrize("cls", [FactorVAE, FactorDPVAE])
def test_held_out_losses_of_a_pass_of_one_batch_are_those_of_many_fits(monkeypatch, cls):
    how = {"batch_size": 64, "early_stopping": True, "validation_fraction": 0.2, "max_epochs": 4}
    alone = tiny(cls, **how).fit(X)
    together, _ = fit_many([tiny(cls, **how), tiny(cls, **how, random_state=1)], X)
    assert [row["valid_loss"] for row in alone.history_] == [row["valid_loss"] for row in together.history_]


@pytest.mark.parametrize("weighed", [False, True])
def test_a_scale_in_closed_form_is_that_of_all_rows_whatever_follows_what(weighed):
    net, rows = net_of("laplace transition"), rows_of(12, weighed)
    scales = []
    for follows in (None, rows.follows[:, :3]):
        rows.follows = follows
        settle_likelihood(net, rows)
        scales.append(float(net.module_.likelihood.log_scale))
    assert scales[0] == scales[1]
