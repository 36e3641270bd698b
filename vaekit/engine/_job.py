"""Jobs: nets to be trained, each on its rows, and the one door through which they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vaekit.engine._ranks import ranks_here, refuse_what_is_not_shared
from vaekit.engine._taking import warn_if_not_compiled
from vaekit.utils._threads import threads_for

__all__ = ["Job", "train"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One training of one net.

    Attributes
    ----------
    net : Net
        Initialised; it goes on from where it stands.
    rows, valid : Rows, or None where nothing is held out
    n_epochs : int
        Passes over the rows.
    max_steps : int or None
        Most steps of this training.
    learning_rate : float
    batch_size : int
    callbacks : sequence of Callback
        Called for this training alone.
    is_compiled : bool
        Whether steps that can be are compiled.
    precision : {"float32", "bf16"}
        What encoder and decoder compute in.
    """

    net: Any
    rows: Any
    valid: Any
    n_epochs: int
    max_steps: int | None
    learning_rate: float
    batch_size: int
    callbacks: Sequence[Any]
    is_compiled: bool = False
    precision: str = "float32"

    def run(self):
        """Train; whatever ends it early passes on, and the net keeps what it had learned by its last whole step."""
        net = self.net
        if ranks_here() is not None:
            refuse_what_is_not_shared(net, self.rows)
        net.is_compiled, net.precision = self.is_compiled, self.precision
        work = self.batch_size * net.work_per_row_
        with threads_for(work), net.training_with(self.callbacks, self.learning_rate, self.batch_size):
            warn_if_not_compiled(net)
            net.partial_fit(self.rows, valid=self.valid, epochs=self.n_epochs, max_steps=self.max_steps)


def train(jobs):
    """Run jobs."""
    for job in jobs:
        job.run()
