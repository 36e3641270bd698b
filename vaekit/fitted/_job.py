"""One training: what a call of fit asks for, the job that is made of it, and what is kept of it afterwards."""

import contextlib
import math
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

from vaekit.engine import Job, refuse_differences, train
from vaekit.fitted._checkpoints import digest_of
from vaekit.fitted._known import NOTHING
from vaekit.fitted._rows import resident_rows, some_rows, training_rows
from vaekit.utils._on_disk import RowsOnDisk
from vaekit.utils._sparse_rows import SparseRows

__all__ = ["Training", "conclude", "prepare", "run", "split"]

MAX_SUMMARY_ROWS, MAX_SUMMARY_VALUES = 10_000, 2**23  # rows that are remembered, to measure what training came to


class Training(NamedTuple):
    """What one call of fit asks for.

    Attributes
    ----------
    n_epochs : int
    max_steps : int or None
        Most steps of this call.
    learning_rate : float
    batch_size : int
    validation_fraction : float or None
        Share of rows that are held out; None if none are.
    is_compiled : bool
        Whether steps that can be are compiled.
    precision : {"float32", "bf16"}
        What encoder and decoder compute in while they are trained.
    """

    n_epochs: int
    max_steps: int | None
    learning_rate: float
    batch_size: int
    validation_fraction: float | None
    is_compiled: bool = False
    precision: str = "float32"


class Prepared(NamedTuple):
    """A job for the engine, whose model it trains, the step it starts from, and rows to judge it by, then and now."""

    model: Any
    job: Job
    first_step: int
    memory: tuple
    remembered: tuple


def prepare(model, X, training, callbacks, known=NOTHING):
    """Return what is to be trained: the model, on validated rows, with callbacks told of it.

    Raises
    ------
    ValueError
        If fewer than two rows are left to train on, or too few for what follows training.
    """
    train_numbers, valid_numbers = split(len(X), training.validation_fraction, model.blueprint.train_seed)
    if len(train_numbers) < 2:
        raise ValueError("Training takes at least two rows, and X holds one; pass more rows at a time.")
    _refuse_what_looks_at_all_rows(model, X)
    rows, valid = training_rows(model, X, known, train_numbers, valid_numbers)
    _refuse_too_few_pairs(len(rows))
    job = Job(
        net=model.net,
        rows=rows,
        valid=valid,
        n_epochs=training.n_epochs,
        max_steps=training.max_steps,
        learning_rate=training.learning_rate,
        batch_size=training.batch_size,
        callbacks=callbacks,
        is_compiled=training.is_compiled,
        precision=training.precision,
    )
    few = known.typical(train_numbers, _most_remembered(X.shape[1]))
    model.module.prior.foresee(len(few))
    remembered = _kept(X, few), known.counted_once()._replace(follows=None).of(few)
    refuse_differences(lambda: (len(X), digest_of(remembered[0])))
    prepared = Prepared(model, job, model.net.step_, model.memory, remembered)
    model.remember(remembered)
    return prepared


def _refuse_too_few_pairs(n_pairs):
    """Of neighbours in time, of which rows that are held out have taken the others: rows themselves are two or more."""
    if n_pairs < 2:
        raise ValueError(
            f"The 'validation_fraction' leaves {n_pairs} pairs of neighbours in time to train on, and training takes "
            "two: lower it, pass longer sequences, or choose early_stopping=False."
        )


def _refuse_what_looks_at_all_rows(model, X):
    if isinstance(X, RowsOnDisk) and model.blueprint.objective.needs_all_rows:
        where = "is sparse" if isinstance(X, SparseRows) else "stays on disk"
        raise ValueError(
            f"{type(model.blueprint.objective).__name__} looks at all rows in every step, and X {where}: pass "
            "rows that memory can hold, np.asarray(X), or choose an estimate from the batch alone."
        )


def conclude(prepared):
    """After training, however it ended: what was measured meanwhile, by a callback, was not of these weights."""
    model, remembered = prepared.model, prepared.remembered
    if model.net.step_ > prepared.first_step:
        model.remember(remembered)
        model.net.finish(resident_rows(model, *remembered))
    elif any(part is not None for part in prepared.memory):  # a first training has none
        model.remember(*prepared.memory)


def run(model, X, training, callbacks, known=NOTHING):
    """Prepare, train, conclude; whatever ends training early passes on, and not what goes wrong afterwards."""
    prepared = prepare(model, X, training, callbacks, known)
    try:
        train([prepared.job])
    except BaseException:
        with contextlib.suppress(Exception):
            conclude(prepared)
        raise
    conclude(prepared)


def split(n_rows, validation_fraction, seed):
    """Numbers of the training rows and of held-out rows; None where nothing is held out.

    Raises
    ------
    ValueError
        If fewer than two rows are left to train on.
    """
    if validation_fraction is None:
        return range(n_rows), None
    n_train = n_rows - math.ceil(validation_fraction * n_rows)
    if n_train < 2:
        raise ValueError(
            f"Training takes at least two rows, and early stopping leaves {n_train} of {n_rows} to train on; pass "
            "more rows at a time, lower 'validation_fraction', or choose early_stopping=False."
        )
    return train_test_split(np.arange(n_rows), test_size=validation_fraction, random_state=seed)


def _kept(X, few):
    """Some rows, as memory of their own."""
    return X.some(few) if isinstance(X, SparseRows) else np.array(some_rows(X, few))


def _most_remembered(n_features):
    """How many rows are remembered."""
    return max(1, min(MAX_SUMMARY_ROWS, MAX_SUMMARY_VALUES // n_features))
