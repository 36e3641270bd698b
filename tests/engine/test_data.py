"""Batches cover the rows exactly once; rows stay as they came until the batch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vaekit.engine import ResidentRows, batch_bounds, count_batches


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
