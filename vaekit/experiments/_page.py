"""A study's page: obtained beside published, claim by claim, made from the store."""

from typing import Any

from vaekit.experiments._claims import judge
from vaekit.experiments._tables import frame_of, markdown

__all__ = ["page"]


def page(study: Any, scale: str, store: Any) -> str:
    """Return the page of a study as Markdown.

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
    text : str
        Tables with spread, claims with what came of them, what differs from the source, and the command.
    """
    frame, n_runs = frame_of(study, scale, store), len(study.keys(scale))
    parts = [
        f"# {study.title}",
        f"Source: {study.source}",
        f"Scale `{scale}`: {len(frame)} of {n_runs} runs are finished{_spent(frame)}.",
        "## Tables",
        *(markdown(table, frame) for table in study.tables),
        "## Claims",
        _claims(study, frame),
        "## What differs from the source",
        study.differs or "Nothing that we know of.",
        "## Run it",
        _command(study, scale),
    ]
    return "\n\n".join(parts) + "\n"


def _spent(frame):
    if frame.empty:
        return ""
    hours = (frame.fit_seconds.sum() + frame.measure_seconds.sum()) / 3600
    return f", in {hours:.2g} hours on {', '.join(sorted(set(frame.device)))}"


def _claims(study, frame):
    lines = ["| claim | source | outcome | seen |", "| --- | --- | --- | --- |"]
    for claim, outcome, said in judge(study.claims, frame):
        lines.append(f"| {claim.text} | {claim.source} | {outcome} | {said} |")
    return "\n".join(lines)


def _command(study, scale):
    given = " --data DIR" if study.needs else ""
    said = f"\n\n`DIR` holds {study.needs}." if study.needs else ""
    return f"```\npython -m vaekit.experiments run {study.name} --scale {scale} --store STORE{given}\n```{said}"
