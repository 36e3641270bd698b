"""Which phases run when: the stages of training, one after another."""

import itertools
from typing import NamedTuple

from vaekit._outputs import Phase

__all__ = ["Plan", "PlannedStage", "planned", "stage_at"]


class Plan(NamedTuple):
    """How long training is meant to be, decided at the first fit: schedules are fractions of it."""

    n_steps: int
    warmup_steps: float
    n_components: int


class PlannedStage(NamedTuple):
    """A stretch of training in which a step is the same phases.

    Attributes
    ----------
    start : int
        The step from which on it is due.
    numbers : slice
        Which of all stages' phases are its own.
    phases : list of Phase
    """

    start: int
    numbers: slice
    phases: list[Phase]


def planned(stages, is_trained, n_steps):
    """Stages in terms of steps; phases, and stages, in which nothing is trained are left out.

    Parameters
    ----------
    stages : list of Stage
    is_trained : callable
        Whether the model has weights to train in any of some parts.
    n_steps : int
        Planned steps, of which each stage has its share.

    Returns
    -------
    stages : list of PlannedStage

    Raises
    ------
    ValueError
        If a share is not positive.
    """
    if not all(stage.share > 0 for stage in stages):
        raise ValueError(f"The shares {[stage.share for stage in stages]} of the stages must be positive numbers.")
    held = [(stage.share, [phase for phase in stage.phases if is_trained(phase.parts)]) for stage in stages]
    shares, phases = zip(*[(share, phases) for share, phases in held if phases])
    starts = [round(n_steps * share / sum(shares)) for share in itertools.accumulate(shares, initial=0)]
    firsts = itertools.accumulate(map(len, phases), initial=0)
    numbers = itertools.starmap(slice, itertools.pairwise(firsts))
    return [PlannedStage(*stage) for stage in zip(starts, numbers, phases)]


def stage_at(stages, step):
    """The last stage that is due at a step."""
    return [stage for stage in stages if stage.start <= step][-1]
