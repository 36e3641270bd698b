"""Drawn many steps at a time or step by step: the same orders, noise and weights."""

import pytest
import torch
from objective_world import BATCH, OBJECTIVES, make_net

from vaekit.engine import ResidentRows, _loop, batch_bounds
from vaekit.engine._draws import EpochDraws
from vaekit.engine._loop import step_inputs
from vaekit.engine._traced import flattened
from vaekit.objectives import ELBO, Warmup
from vaekit.utils._torch import make_generator

N_ROWS = 4 * BATCH + 3
ROWS = ResidentRows(torch.randn(N_ROWS, 5, generator=make_generator(1), dtype=torch.float64))
CASES = ["elbo, rising beta", "total correlation", "capacity", "importance weighted", "tripod, split"]


def begun(name):
    """A net, its generator and count of steps where a second pass begins."""
    net = make_net(OBJECTIVES[name])
    net.generator, net.step_ = make_generator(3), 5
    return net


@pytest.mark.parametrize("most_drawn", [1, 3 * BATCH * 12, 2**22])
@pytest.mark.parametrize("name", CASES)
def test_steps_are_handed_the_same(monkeypatch, name, most_drawn):
    monkeypatch.setattr(_loop, "MOST_DRAWN", most_drawn)
    bounds, net = batch_bounds(N_ROWS, BATCH), begun(name)
    expected = [flattened(inputs)[0] for inputs in step_inputs(net, ROWS, bounds)]
    at_the_end, net = net.generator.get_state(), begun(name)
    draws = EpochDraws(net, ROWS, bounds)
    with torch.inference_mode():  # by a program; the next steps may be others
        draws.part(0, 1)
    assert not any(noise.is_inference() for noise in draws.inputs_of(0).noise.values())
    found = [zip(*(tensor.unbind() for tensor in draws.part(first, n))) for first, n in ((0, 1), (0, 2), (2, 2))]
    found = [list(step) for part in found[1:] for step in part] + [flattened(draws.inputs_of(4))[0]]
    for one, other in zip(found, expected, strict=True):
        assert all(map(torch.equal, one, other))
    assert torch.equal(net.generator.get_state(), at_the_end)


@pytest.mark.parametrize("step", [0, 2, 3])
def test_weights_are_those_of_each_step_whether_schedules_are_over_or_not(step):
    net = make_net(ELBO(beta=Warmup(value=4, steps=3)))
    net.plan = net.plan._replace(warmup_steps=2)
    betas = [own["beta"] for own in _loop.numbers_of_steps(net, range(step, step + 4))]
    assert betas == pytest.approx([4 * min(1, (step + number) / 3) for number in range(4)])
