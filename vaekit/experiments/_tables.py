"""Finished runs as a table: tidy, and as Markdown with spread, beside what was published."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vaekit.experiments._words import spread

__all__ = ["Table", "frame_of", "markdown"]


@dataclass(frozen=True)
class Table:
    """A table of a study's page.

    Parameters
    ----------
    title : str
        Its heading.
    rows : sequence of str
        Labels whose values name a row.
    numbers : dict of str to str
        Numbers (columns), with their heading; a format may follow after a colon, as in ``"FID:.1f"``. Without one they
        have as many places as their spread allows.
    published : dict of tuple to dict of str to str
        What the source has, by the values of `rows`: a text for a number's name.
    only : dict, default={}
        Labels that runs must have.
    of : callable (frame) -> frame, default=None
        Makes the table's runs of those that are left, to choose among them, say.
    """

    title: str
    rows: Sequence[str]
    numbers: Mapping[str, str]
    published: Mapping[tuple, Mapping[str, str]] = field(default_factory=dict)
    only: Mapping[str, Any] = field(default_factory=dict)
    of: Callable[[Any], Any] | None = None


def frame_of(study: Any, scale: str, store: Any) -> Any:
    """Return the finished runs of a study at one scale.

    Parameters
    ----------
    study : Study
        The study.
    scale : {"smoke", "small", "paper"}
        Whose runs.
    store : Store
        Where records are.

    Returns
    -------
    frame : DataFrame
        A row per finished run: its labels, `seed`, its numbers, `fit_seconds`, `measure_seconds` and `device`.
    """
    import pandas as pd

    runs = study.keys(scale)
    lines = [
        {**runs[key].labels, "seed": runs[key].seed, **record["numbers"], **record["seconds"]}
        | {"device": record["device"]}
        for key, record in store.finished(study.name, runs).items()
    ]
    return pd.DataFrame(lines)


def markdown(table: Table, frame: Any) -> str:
    """Return a table as Markdown: mean ± standard deviation over seeds, and what was published.

    Parameters
    ----------
    table : Table
        What to show.
    frame : DataFrame
        Finished runs.

    Returns
    -------
    text : str
        The heading and the table, of the runs that have some of its numbers; rows of the source of which there are no
        runs stay empty, and without any there are headings alone.
    """
    for name, value in table.only.items():
        frame = frame[frame[name] == value] if name in frame else frame[:0]
    if table.of is not None and not frame.empty:
        frame = table.of(frame)
    frame = frame.dropna(subset=[name for name in table.numbers if name in frame], how="all")
    groups = {} if frame.empty else dict(iter(frame.groupby(list(table.rows), sort=False)))
    names = list(dict.fromkeys([*groups, *table.published]))
    heads = [*table.rows, "seeds", *_headings(table)]
    lines = [heads, ["---"] * len(heads), *(_line(table, name, groups.get(name)) for name in names)]
    return f"### {table.title}\n\n" + "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def _headings(table):
    for number, told in table.numbers.items():
        yield told.partition(":")[0]
        if _is_published(table, number):
            yield "published"


def _is_published(table, number):
    return any(number in numbers for numbers in table.published.values())


def _line(table, name, rows):
    cells = []
    for number, told in table.numbers.items():
        cells.append(_cell(rows, number, told.partition(":")[2]))
        if _is_published(table, number):
            cells.append(table.published.get(name, {}).get(number, ""))
    return [*name, 0 if rows is None else rows.seed.nunique(), *cells]


def _cell(rows, number, form):
    return spread(rows[number], form) if rows is not None and number in rows else ""
