"""Streamed rows: each row once a pass, from everywhere, the same for the same generator, and few of them in memory."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vaekit.engine import StreamedRows, batch_bounds, chunk_sizes
from vaekit.engine._stream import CHUNK_BYTES, FEWEST_ROWS, WINDOW_BYTES, StreamedOrder
from vaekit.utils._torch import make_generator

ONE, TWO = {"first": None}, {"first": None, "second": None}


class Source:
    """Rows that hold their own number, and a count of how many were read."""

    def __init__(self, n_rows):
        self.values, self.n_read, self.largest = np.arange(n_rows, dtype=np.float32)[:, None], 0, 0

    def __call__(self, rows):
        block = self.values[rows]
        self.n_read, self.largest = self.n_read + len(block), max(self.largest, len(block))
        return block


def streamed(n_rows, chunk_rows=7, window_chunks=5):
    source = Source(n_rows)
    return StreamedRows(source, n_rows, torch.from_numpy, "cpu", chunk_rows, window_chunks), source


def a_pass(rows, draws=ONE, seed=0, batch_size=16):
    """Row numbers of each batch of a pass, for each draw."""
    orders = rows.orders(draws, make_generator(seed))
    bounds = batch_bounds(len(rows), batch_size)
    return {
        name: [rows[order[start:stop]].x[:, 0].long().tolist() for start, stop in bounds]
        for name, order in orders.items()
    }


@given(
    n_rows=st.integers(2, 400),
    chunk_rows=st.integers(1, 30),
    window_chunks=st.integers(1, 9),
    batch_size=st.integers(2, 90),
)
def test_a_pass_visits_each_row_once(n_rows, chunk_rows, window_chunks, batch_size):
    rows, _ = streamed(n_rows, chunk_rows, window_chunks)
    (batches,) = a_pass(rows, batch_size=batch_size).values()
    assert sorted(number for batch in batches for number in batch) == list(range(n_rows))
    assert [len(batch) for batch in batches] == [stop - start for start, stop in batch_bounds(n_rows, batch_size)]


def test_the_same_generator_gives_the_same_passes_and_another_another():
    rows, _ = streamed(200)
    assert a_pass(rows, TWO, seed=1) == a_pass(rows, TWO, seed=1)
    assert a_pass(rows, seed=1) != a_pass(rows, seed=2)
    first, second = a_pass(rows, TWO).values()
    assert first != second


def test_an_order_is_the_same_in_whatever_pieces_it_is_asked_for():
    whole = StreamedOrder(100, 7, 3, seed=5)[0:100]
    pieces = StreamedOrder(100, 7, 3, seed=5)
    np.testing.assert_array_equal(np.concatenate([pieces[s : s + 9] for s in range(0, 100, 9)]), whole)
    np.testing.assert_array_equal(pieces[40:60], whole[40:60])


def test_each_chunk_is_read_once_a_pass_and_the_rest_is_forgotten():
    rows, source = streamed(1000)
    a_pass(rows)
    assert source.n_read == 1000
    assert source.largest == 7
    assert len(rows._kept._memory) <= 1.5 * (2 * 5 * 7 + 7)
    a_pass(rows, TWO)
    assert source.n_read <= 3000


def test_up_to_a_window_of_rows_the_order_is_a_plain_permutation():
    orders = np.array([StreamedOrder(4, 2, 2, seed)[0:4] for seed in range(2400)])
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 1e-3


def test_a_row_is_anywhere_in_a_pass_and_meets_its_neighbour_as_often_as_is_said():
    """Rows of one chunk of c share a batch of 2 with probability (c - 1) / (G c - 1), within whole windows."""
    c, windows_chunks, n_rows = 4, 3, 48
    orders = np.array([StreamedOrder(n_rows, c, windows_chunks, seed)[0:n_rows] for seed in range(3000)])
    _, counts = np.unique(np.argmax(orders == 5, axis=1), return_counts=True)
    assert stats.chisquare(counts, np.full(n_rows, len(orders) / n_rows)).pvalue > 1e-3
    pairs = orders.reshape(len(orders), -1, 2) // c
    said = (c - 1) / (windows_chunks * c - 1)
    met = np.mean(pairs[..., 0] == pairs[..., 1])
    assert met == pytest.approx(said, abs=4 * np.sqrt(said / pairs[..., 0].size))


def test_slices_are_read_as_they_lie():
    rows, _ = streamed(50)
    assert rows[10:20].x[:, 0].tolist() == list(range(10, 20))


def test_a_single_batch_is_shared_by_its_draws():
    rows, _ = streamed(20)
    orders = rows.orders(TWO, make_generator(0), is_one_batch=True)
    assert sorted(torch.cat([rows[order].x for order in orders.values()])[:, 0].tolist()) == list(range(20))


def test_rows_that_are_streamed_have_no_row_before_them():
    rows, _ = streamed(20)
    with pytest.raises(ValueError, match=r"pass an array in memory, np\.asarray"):
        rows.orders({"first": None, "before": "first"}, make_generator(0))


@pytest.mark.parametrize("row_bytes", [1, 200, 4096, 2**20, 2**24])
@pytest.mark.parametrize("together", [1, 100])
def test_windows_are_of_a_size_that_memory_bears(row_bytes, together):
    n_rows, n_chunks = chunk_sizes(row_bytes, together)
    assert n_rows % together == 0
    assert n_rows * row_bytes > CHUNK_BYTES - row_bytes
    assert n_chunks == 2 or n_rows * (n_chunks - 1) < FEWEST_ROWS or n_rows * n_chunks * row_bytes <= WINDOW_BYTES
    assert n_rows * n_chunks >= FEWEST_ROWS
