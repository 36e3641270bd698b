import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vaekit.functional import capacity, cyclical_warmup, linear_warmup

SCHEDULES = {
    "linear": lambda step: linear_warmup(step, 10),
    "linear, none": lambda step: linear_warmup(step, 0),
    "cyclical": lambda step: cyclical_warmup(step, 30, n_cycles=3, ratio=0.5),
    "cyclical, none": lambda step: cyclical_warmup(step, 0),
    "capacity": lambda step: capacity(step, 1.0, 10),
}


@pytest.mark.parametrize("name", SCHEDULES)
@given(step=st.integers(0, 60))
def test_a_number_gives_a_float_and_a_tensor_the_same_tensor(name, step):
    schedule = SCHEDULES[name]
    weight = schedule(step)
    assert isinstance(weight, float)
    assert 0 <= weight <= 1
    for tensor in (torch.tensor(step), torch.tensor(step, dtype=torch.float64)):
        assert schedule(tensor).item() == pytest.approx(weight, abs=1e-6)
        assert schedule(tensor).is_floating_point()


BY_LENGTH = {
    "linear": linear_warmup,
    "cyclical": lambda step, n_steps: cyclical_warmup(step, n_steps, n_cycles=3, ratio=0.5),
    "capacity": lambda step, n_steps: capacity(step, 7.0, n_steps),
}


@pytest.mark.parametrize("schedule", BY_LENGTH.values(), ids=BY_LENGTH)
@given(step=st.integers(0, 60))
def test_lengths_may_be_a_tensor_of_many(schedule, step):
    """Some of which may be 0 or less, and none stops `vmap`."""
    lengths = [-3.0, 0.0, 1.0, 7.5, 30.0, 100.0]
    tensor, expected = torch.tensor(lengths, dtype=torch.float64), [schedule(step, length) for length in lengths]
    for step_or_steps in (step, torch.full((6,), step)):
        assert schedule(step_or_steps, tensor).tolist() == pytest.approx(expected, abs=1e-12)
    assert torch.vmap(lambda n_steps: schedule(step, n_steps))(tensor).tolist() == pytest.approx(expected, abs=1e-12)


@given(n_steps=st.integers(1, 10**6))
def test_linear_warmup_starts_at_0_and_stays_at_1(n_steps):
    assert linear_warmup(0, n_steps) == 0
    assert linear_warmup(n_steps / 2, n_steps) == 0.5
    assert linear_warmup(n_steps, n_steps) == linear_warmup(2 * n_steps, n_steps) == 1


@pytest.mark.parametrize("schedule", [linear_warmup, cyclical_warmup])
def test_a_warmup_of_no_steps_is_always_1(schedule):
    assert [schedule(step, 0) for step in (0, 1, 100)] == [1, 1, 1]
    assert schedule(torch.arange(3), 0).tolist() == [1, 1, 1]


@given(step=st.integers(0, 100))
def test_one_cycle_that_only_rises_is_the_linear_warmup(step):
    assert cyclical_warmup(step, 50, n_cycles=1, ratio=1.0) == pytest.approx(linear_warmup(step, 50))


@given(step=st.integers(0, 29))
def test_cycles_repeat_until_the_last_ends(step):
    def weight(step):
        return cyclical_warmup(step, 90, n_cycles=3, ratio=0.5)

    assert weight(step) == weight(step + 30) == weight(step + 60) == pytest.approx(min(1, step / 15))
    assert weight(step + 90) == 1


@pytest.mark.parametrize(("step", "expected"), [(0, 0), (1, 0.00025), (50_000, 12.5), (100_000, 25), (200_000, 25)])
def test_capacity_rises_to_its_end(step, expected):
    assert capacity(step, 25, 100_000) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [({"ratio": 0.0}, "ratio.*share of a cycle"), ({"ratio": 1.5}, "outside"), ({"n_cycles": 0}, "number of rises")],
)
def test_cyclical_warmup_teaches_its_ranges(parameters, words):
    with pytest.raises(ValueError, match=words):
        cyclical_warmup(0, 10, **parameters)
