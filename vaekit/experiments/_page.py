"""A study's page: obtained beside published, claim by claim, made from the store."""

from typing import Any

from vaekit.experiments._claims import judge
from vaekit.experiments._estimate import recorded_cost
from vaekit.experiments._tables import frame_of, markdown
from vaekit.experiments._words import duration

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
        f"Scale `{scale}`: {len(frame)} of {n_runs} runs are finished{_spent(frame)}.{_cost(study, store)}",
        "## Tables",
        *(_table(table, frame) for table in study.tables),
        *_figures(study),
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
    device, clock = ", ".join(sorted(set(frame.device))), ("fit_seconds", "measure_seconds")
    processor = [name.replace("_", "_processor_") for name in clock]
    if device == "cpu" and {*processor} <= {*frame} and frame[processor].notna().all(axis=None):
        return f", in {_time(frame, processor)} of one processor, without what interrupted processes spent"
    return f", in {_time(frame, clock)} by the clock on {device}"


def _time(frame, columns):
    return duration(frame[list(columns)].sum(axis=None))


def _cost(study, store):
    """What the source's own size is expected to cost, as `estimate` found it."""
    costs = {device: recorded_cost(study, "paper", device, store) for device in ("cpu", "cuda")}
    return "".join(
        f" Scale `paper`, estimated from measured steps on {device}: {cost}."
        for device, cost in costs.items() if cost is not None
    )  # fmt: skip


def _table(table, frame):
    """A table of which there is nothing is a sentence."""
    text = markdown(table, frame).rstrip("\n")
    return f"### {table.title}\n\nNone of its runs are there." if text.endswith("--- |") else text


def _figures(study):
    """Pictures that lie beside the page."""
    if study.figures:
        yield "## Figures"
    for name, draw in study.figures.items():
        yield f"{draw.__doc__.splitlines()[0]}\n\n![{name}]({study.name}_{name}.png)"


def _claims(study, frame):
    lines = ["| claim | source | outcome | seen |", "| --- | --- | --- | --- |"]
    for claim, outcome, said in judge(study.claims, frame):
        lines.append(f"| {claim.text} | {claim.source} | {outcome} | {said} |")
    return "\n".join(lines)


def _command(study, scale):
    given = " --data DIR" if study.needs else ""
    said = f"\n\n`DIR` holds {study.needs}." if study.needs else ""
    typed = f"python -m vaekit.experiments run {study.file or study.name} --scale {scale} --store STORE{given}"
    return f"```\n{typed}\n```{said}"
