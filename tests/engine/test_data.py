"""Batches cover the rows exactly once; rows stay as they came until the batch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vaekit.engine import ResidentRows, StreamedRows, batch_bounds, count_batches
from vaekit.engine._data import drawn_numbers
from vaekit.utils._torch import make_generator


@given(n_rows=st.integers(1, 500), batch_size=st.integers(2, 70))
def test_batches_cut_the_rows_without_a_batch_of_one(n_rows, batch_size):
    bounds = batch_bounds(n_rows, batch_size)
    sizes = [stop - start for start, stop in bounds]
    assert [row for start, stop in bounds for row in range(start, stop)] == list(range(n_rows))
    assert min(sizes) > 1 or n_rows == 1
    assert all(size == batch_size for size in sizes[:-1])
    assert sizes[-1] <= batch_size + 1
    assert len(bounds) == count_batches(n_rows, batch_size)
    assert batch_bounds(n_rows, batch_size, n_most=3) == bounds[:3]


def test_a_last_batch_of_one_row_joins_its_neighbour():
    assert batch_bounds(9, 4) == [(0, 4), (4, 9)]
    assert batch_bounds(10, 4) == [(0, 4), (4, 8), (8, 10)]


@pytest.mark.parametrize("scaling", [(128.0, 64.0), (torch.tensor([1.0, 2.0, 3.0]), torch.tensor(4.0))])
def test_bytes_stay_bytes_until_the_batch(scaling):
    values = torch.arange(12, dtype=torch.uint8).reshape(4, 3)
    rows = ResidentRows(values, *scaling)
    assert len(rows) == 4
    assert rows.values.dtype == torch.uint8
    batch = rows[torch.tensor([2, 0])].x
    assert batch.dtype == torch.float32
    offset, unit = (np.asarray(part) for part in scaling)
    np.testing.assert_allclose(batch, (values.numpy()[[2, 0]] - offset) / unit, rtol=1e-6)


def test_floats_are_handed_out_as_they_are():
    values = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(ResidentRows(values)[1:3].x, values[1:3])


# ---------------------------------------------------------------------- weights

WEIGHT = torch.tensor([0.25, 0.0, 1.0, 2.5, 1.25], dtype=torch.float64)


def test_a_row_is_drawn_in_proportion_to_its_weight():
    """Rounded up or down in every pass, and right in the mean of many: the deviation of a draw is below 1/2."""
    generator, n_passes = make_generator(0), 4000
    counts = torch.stack([torch.bincount(drawn_numbers(WEIGHT, generator), minlength=5) for _ in range(n_passes)])
    assert ((counts - WEIGHT).abs() < 1).all()
    assert ((counts.double().mean(0) - WEIGHT).abs() < 4 * 0.5 / n_passes**0.5).all()


def test_rows_are_drawn_independently_enough():
    """Whether one row of weight 1/2 is drawn says little about another: rows are in another order every time."""
    generator, weight = make_generator(0), torch.tensor([0.5] * 8 + [1.0] * 4, dtype=torch.float64)
    counts = torch.stack([torch.bincount(drawn_numbers(weight, generator), minlength=12) for _ in range(2000)])
    others = np.corrcoef(counts[:, :8].double().numpy().T)[np.triu_indices(8, 1)]
    assert np.abs(others).max() < 0.25


@pytest.mark.parametrize("is_one_batch", [False, True])
@pytest.mark.parametrize("kind", ["resident", "some of them", "streamed"])
def test_a_pass_draws_rows_by_their_weights_and_batches_come_without(kind, is_one_batch):
    values = torch.arange(5.0)[:, None]
    if kind == "streamed":
        rows = StreamedRows(lambda some: values.numpy()[some], 5, torch.from_numpy, "cpu", 2, 2, weight=WEIGHT)
    elif kind == "resident":
        rows = ResidentRows(values, weight=WEIGHT)
    else:
        shuffled = torch.tensor([3, 1, 4, 0, 2])
        rows = ResidentRows(values[shuffled], weight=WEIGHT[shuffled], numbers=shuffled.argsort())
    order = rows.orders({"first": None}, make_generator(1), is_one_batch=is_one_batch)["first"]
    drawn = rows[order[0:5]]
    assert drawn.weight is None
    counts = torch.bincount(drawn.x[:, 0].long(), minlength=5)
    assert ((counts - WEIGHT).abs() < 1).all()
    torch.testing.assert_close(rows[1:4].weight, WEIGHT[1:4])
    torch.testing.assert_close(rows[1:4].x, values[1:4])


def test_a_pair_counts_as_the_geometric_mean_of_its_rows():
    """Pairs (1, 0), (2, 1), (3, 2): the weights are 0, 0 and 2; only the last is drawn."""
    weight = torch.tensor([1.0, 0.0, 1.0, 4.0], dtype=torch.float64)
    rows = ResidentRows(torch.arange(4.0)[:, None], weight=weight, follows=torch.tensor([[1, 2, 3], [0, 1, 2]]))
    torch.testing.assert_close(rows._weight_of_places(), torch.tensor([0.0, 0.0, 2.0], dtype=torch.float64))
    orders = rows.orders({"first": None, "before": "first"}, make_generator(0))
    assert orders["first"].tolist() == [3, 3, 3]
    assert orders["before"].tolist() == [2, 2, 2]
