"""Programs of steps of many nets, written down once and kept."""

import math
from collections import OrderedDict

from vaekit.engine._batched import batched
from vaekit.engine._lanes import Lanes, have_own_rates
from vaekit.engine._program import Program
from vaekit.engine._traced import CountedRows, flattened, tracing, write_down

__all__ = ["Graph", "graph_of"]

MOST_KEPT = 64  # graphs of a process
SPARE = 1.5  # lanes per net that a program at hand may have, before another is written down

_graphs = OrderedDict()


class Graph:
    """The step of one net, and the programs that were made of it for several.

    Parameters
    ----------
    draws : EpochDraws
        Of the epoch of some net.
    number : int
        Of a step in it.

    Attributes
    ----------
    counts_rows : bool
        Whether the objective asked how many rows there are, which is then part of the graph.
    """

    def __init__(self, draws, number):
        rows = CountedRows(len(draws.rows))
        self.traced, self.n_static, self.details = write_down(draws.net, *flattened(draws.inputs_of(number)), rows)
        self.counts_rows, self._programs = rows.was_counted, {}

    def program_for(self, nets, pays, inputs):
        """Return how many lanes a program for some nets has, and the program; None if there is none.

        Parameters
        ----------
        nets : list of Net
        pays : bool
            Whether one may be written down where there is none that fits well; else any with room for them will do.
        inputs : callable
            `inputs(n_lanes)` returns a step's inputs for so many nets.
        """
        has_own_rates = have_own_rates(nets)
        with tracing:
            n_lanes = self._lanes_at_hand(len(nets), has_own_rates, SPARE * len(nets) if pays else math.inf)
            if n_lanes is None and pays:
                n_lanes = len(nets)
                self._programs[has_own_rates, n_lanes] = self._program(Lanes(nets, n_lanes), inputs(n_lanes))
        program = self._programs.get((has_own_rates, n_lanes))
        return None if program is None else (n_lanes, program)

    def _lanes_at_hand(self, n_nets, has_own_rates, most):
        known = [n_lanes for rates, n_lanes in self._programs if rates == has_own_rates and n_nets <= n_lanes <= most]
        return min(known, default=None)

    def _program(self, lanes, inputs):
        try:
            return Program(batched(self.traced, lanes.static, inputs, lanes.has_own_rates), self.n_static, self.details)
        except Exception:  # what torch cannot do for several nets; each takes its own steps
            return None


def graph_of(key, draws, number):
    """Return the graph of a step, from those that are kept if it is there.

    Parameters
    ----------
    key : hashable
        What is written into it, besides the number of rows of the batch, and of all where the objective asks for it.
    draws, number
        As above.
    """
    full_key = key, draws.sizes[number]
    with tracing:
        for n_rows in (len(draws.rows), None):
            if (*full_key, n_rows) in _graphs:
                _graphs.move_to_end((*full_key, n_rows))
                return _graphs[*full_key, n_rows]
        graph = Graph(draws, number)
        _graphs[*full_key, len(draws.rows) if graph.counts_rows else None] = graph
        while len(_graphs) > MOST_KEPT:
            _graphs.popitem(last=False)
    return graph
