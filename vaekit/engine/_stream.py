"""Rows that stay where they are, on a disk or on the host: a few chunks of them are in memory at a time."""

from collections import OrderedDict

import numpy as np
import torch

from vaekit._outputs import Batch
from vaekit.engine._data import drawn_numbers, independent_orders, weight_of

__all__ = ["StreamedOrder", "StreamedRows", "chunk_sizes"]

CHUNK_BYTES, WINDOW_BYTES = 2**18, 2**25  # read at once, and shuffled together: 256 KiB of 32 MiB
FEWEST_ROWS = 256  # that are shuffled together, however large one is


def chunk_sizes(row_bytes, together=1):
    """Rows of a chunk, a multiple of those that are stored `together`, and chunks of a window, for rows of a size."""
    n_rows = together * -(-max(1, CHUNK_BYTES // row_bytes) // together)
    return n_rows, max(2, -(-FEWEST_ROWS // n_rows), WINDOW_BYTES // (n_rows * row_bytes))


class StreamedRows:
    """Training rows that are read when their batch is due, in an order that a disk can bear.

    A pass visits each row once. Chunks of consecutive rows come in uniformly random order, and the rows of each
    *window* of G chunks in a random order of their own, so a batch is a uniform draw from G chunks that were drawn from
    everywhere. Each row is uniformly distributed over the places of a pass (but for the shorter last chunk). What
    differs from a plain permutation is that neighbours in storage come at most a window apart: two rows of a batch lie
    in one chunk of c rows with probability (c - 1) / (G c - 1), about 1 / G, rather than (c - 1) / (n - 1). Rows that
    are stored sorted (by class, say) make batches as varied as G draws of chunks are; up to a window of rows, the order
    is a plain permutation. The same generator gives the same order, whatever is read when.

    Parameters
    ----------
    read : callable
        From a slice to those rows, an array in memory.
    n_rows : int
        How many there are.
    convert : callable
        From such an array to a Tensor of float32 on the device, as the network sees the rows.
    device : torch.device
    chunk_rows, window_chunks : int
        Consecutive rows that are read at once, c, and chunks that are shuffled together, G.
    given : Tensor of shape (n_rows, width), optional
        What a conditional model is told of each row.
    weight : Tensor of shape (n_rows,), optional
        How often each row counts. A pass is then one through as many rows, drawn in proportion to their weights.
    """

    def __init__(self, read, n_rows, convert, device, chunk_rows, window_chunks, given=None, weight=None):
        self.given, self.weight = given, weight
        self.read, self.n_rows, self.convert, self.device = read, n_rows, convert, torch.device(device)
        self.chunk_rows, self.window_chunks = chunk_rows, window_chunks
        self._kept = KeptChunks(read, n_rows, chunk_rows)

    def __len__(self):
        return self.n_rows

    def __getitem__(self, index):
        given = None if self.given is None else self.given[index]
        if isinstance(index, slice):
            return Batch(self.convert(self.read(index)), given, weight=weight_of(self, index))
        numbers = index.cpu().numpy() if isinstance(index, torch.Tensor) else index
        return Batch(self.convert(self._kept[numbers]), given)

    def orders(self, draws, generator, is_one_batch=False):
        """Numbers of rows in the order of one pass, for each draw; those of a window are known when it is reached."""
        own = [name for name, other in draws.items() if other is None]
        if len(own) < len(draws):
            raise ValueError(
                "The objective compares rows with the rows before them in time, and rows that are streamed have no "
                "such order: pass an array in memory, np.asarray(X)."
            )
        self._kept.n_most = 2 * self.window_chunks * len(own)  # a batch may lie across two windows
        if is_one_batch:
            orders = independent_orders(len(self), draws, generator, generator.device, is_one_batch)
        else:
            order = (len(self), self.chunk_rows, self.window_chunks)
            orders = {name: StreamedOrder(*order, _seed(generator)) for name in own}
        if self.weight is None:
            return orders
        drawn = drawn_numbers(self.weight.to(generator.device), generator).sort().values.cpu().numpy()
        return {name: DrawnOrder(drawn, order) for name, order in orders.items()}


def _seed(generator):
    return int(torch.randint(2**62, (), generator=generator, device=generator.device))


class StreamedOrder:
    """Row numbers of one pass, window after window; `order[start:stop]` are those of a batch.

    Parameters
    ----------
    n_rows, chunk_rows, window_chunks : int
    seed : int
        Decides the order.
    """

    def __init__(self, n_rows, chunk_rows, window_chunks, seed):
        self.n_rows, self.chunk_rows, self.window_chunks, self.seed = n_rows, chunk_rows, window_chunks, seed
        n_chunks = -(-n_rows // chunk_rows)
        self.chunks = np.random.default_rng(seed).permutation(n_chunks)
        sizes = np.where(self.chunks < n_chunks - 1, chunk_rows, n_rows - chunk_rows * (n_chunks - 1))
        self.starts = np.append(0, np.cumsum(np.add.reduceat(sizes, np.arange(0, n_chunks, window_chunks))))
        self._windows = {}

    def __len__(self):
        return self.n_rows

    def __getitem__(self, places):
        start, stop, _ = places.indices(self.n_rows)
        first, last = (int(np.searchsorted(self.starts, place, side="right")) - 1 for place in (start, stop - 1))
        self._windows = {number: self._window(number) for number in range(first, last + 1)}
        numbers = np.concatenate([*self._windows.values(), np.empty(0, np.int64)])
        return numbers[start - self.starts[first] : stop - self.starts[first]]

    def _window(self, number):
        if number in self._windows:
            return self._windows[number]
        chunks = self.chunks[number * self.window_chunks : (number + 1) * self.window_chunks]
        rows = (chunks[:, None] * self.chunk_rows + np.arange(self.chunk_rows)).ravel()
        # not 0, with which a seed is the same as alone
        return np.random.default_rng([self.seed, number + 1]).permutation(rows[rows < self.n_rows])


class DrawnOrder:
    """Rows that were drawn, in increasing order, in the order of a pass over their places."""

    def __init__(self, drawn, order):
        self.drawn, self.order = drawn, order

    def __len__(self):
        return len(self.drawn)

    def __getitem__(self, places):
        places = self.order[places]
        return self.drawn[places.cpu().numpy() if isinstance(places, torch.Tensor) else places]


class KeptChunks:
    """Rows by number, out of the chunks that were asked for last; others are read.

    Parameters
    ----------
    read : callable
        From a slice to those rows.
    n_rows, chunk_rows : int

    Attributes
    ----------
    n_most : int
        Chunks that are kept; more if a single call asks for more.
    """

    def __init__(self, read, n_rows, chunk_rows):
        self.read, self.n_rows, self.chunk_rows, self.n_most = read, n_rows, chunk_rows, 1
        self._places, self._memory = OrderedDict(), None  # chunk: where it is; the least recently used first

    def __getitem__(self, numbers):
        chunks, which = np.unique(numbers // self.chunk_rows, return_inverse=True)
        places = self._places_of(chunks.tolist())
        return self._memory[places[which] * self.chunk_rows + numbers % self.chunk_rows]

    def _places_of(self, chunks):
        for chunk in chunks:
            if chunk in self._places:
                self._places.move_to_end(chunk)
        for chunk in chunks:
            if chunk not in self._places:
                self._put(chunk, self._free_place(len(chunks)))
        return np.array([self._places[chunk] for chunk in chunks])

    def _free_place(self, n_wanted):
        n_most = max(self.n_most, n_wanted)
        if len(self._places) < n_most:
            return len(self._places)
        return self._places.popitem(last=False)[1]

    def _put(self, chunk, place):
        rows = self.read(slice(chunk * self.chunk_rows, min((chunk + 1) * self.chunk_rows, self.n_rows)))
        self._make_room(rows, place)
        start = place * self.chunk_rows
        self._memory[start : start + len(rows)] = rows
        self._places[chunk] = place

    def _make_room(self, rows, place):
        """Memory grows by half: what is never used of it is never touched."""
        n_needed = (place + 1) * self.chunk_rows
        if self._memory is None or len(self._memory) < n_needed:
            grown = np.empty((n_needed + n_needed // 2, *rows.shape[1:]), rows.dtype)
            if self._memory is not None:
                grown[: len(self._memory)] = self._memory
            self._memory = grown
