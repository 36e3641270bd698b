"""What a source says, as a predicate over a finished table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from vaekit.experiments._words import spread

__all__ = ["Claim", "Finding", "Verdict", "in_every_run", "is_lower", "judge", "per_seed"]

MOST_TOLD = 10  # values of a claim, one by one
REPRODUCED, FAILED, UNTESTED = "reproduced", "not reproduced", "cannot be tested here"


class Finding(NamedTuple):
    """What a table says of a claim.

    Attributes
    ----------
    holds : bool
        Whether the claim holds in it.
    said : str
        The numbers, and the number of seeds that they come from.
    """

    holds: bool
    said: str


@dataclass(frozen=True)
class Claim:
    """A sentence of a source, and how it is judged.

    Parameters
    ----------
    text : str
        What is claimed.
    source : str
        Where: page, table, figure.
    test : callable (frame) -> Finding or None, default=None
        Over the finished table, a pandas DataFrame with a row per run: labels, `seed`, and numbers. None, as what it
        returns or itself, where the claim cannot be tested.
    why_not : str, default=""
        Of a claim that cannot be tested: why.
    """

    text: str
    source: str
    test: Callable[[Any], Finding | None] | None = None
    why_not: str = ""


class Verdict(NamedTuple):
    """A claim and what came of it.

    Attributes
    ----------
    claim : Claim
        The claim.
    outcome : {"reproduced", "not reproduced", "cannot be tested here"}
        What came of it.
    said : str
        The numbers, or why there are none.
    """

    claim: Claim
    outcome: str
    said: str


def judge(claims: Sequence[Claim], frame: Any) -> list[Verdict]:
    """Judge claims by a table.

    Parameters
    ----------
    claims : sequence of Claim
        What is claimed.
    frame : DataFrame
        A row per run, as :func:`frame_of` makes it.

    Returns
    -------
    verdicts : list of Verdict
        One for each claim; one whose runs are not there cannot be tested.
    """
    return [_verdict(claim, frame) for claim in claims]


def _verdict(claim, frame):
    found = None if claim.test is None or frame.empty else claim.test(frame)
    if found is None:
        return Verdict(claim, UNTESTED, claim.why_not or "the runs it is about are not there")
    return Verdict(claim, REPRODUCED if found.holds else FAILED, found.said)


# ---------------------------------------------------------------------- how claims are often judged


def per_seed(frame, number, **labels):
    """Values of a number by seed, of the runs with these labels; None where there are none."""
    rows = frame
    for name, value in labels.items():
        rows = rows[rows[name] == value]
    values = rows.set_index("seed")[number].dropna() if number in rows else rows
    return None if len(values) == 0 else values.sort_index()


def is_lower(number, these, than, factor=1.0):
    """Test that a number is lower with some labels than `factor` times that of others, in most seeds and their mean."""

    def test(frame):
        one, other = per_seed(frame, number, **these), per_seed(frame, number, **than)
        if one is None or other is None:
            return None
        seeds = one.index.intersection(other.index)
        wins = int((one[seeds] < factor * other[seeds]).sum())
        holds = 2 * wins > len(seeds) and np.mean(one) < factor * np.mean(other)
        return Finding(bool(holds), f"{spread(one)} beside {spread(other)}; lower in {wins} of {len(seeds)} seeds")

    return test


def in_every_run(number, least=-np.inf, most=np.inf, form=".3f", **labels):
    """Test that a number lies within bounds in every run with these labels; it says the values, or their range."""

    def test(frame):
        values = per_seed(frame, number, **labels)
        if values is None:
            return None
        told = [format(value, form) for value in (values if len(values) <= MOST_TOLD else (values.min(), values.max()))]
        said = ", ".join(told) if len(values) <= MOST_TOLD else f"{' to '.join(told)} in {len(values)} runs"
        return Finding(bool(values.between(least, most).all()), f"{said} ({values.index.nunique()} seeds)")

    return test
