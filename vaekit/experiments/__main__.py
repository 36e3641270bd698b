"""python -m vaekit.experiments: run studies, and look at what came of them."""

import argparse
import contextlib
import math
import sys
import time
import warnings
from pathlib import Path

from tqdm import tqdm

from vaekit.exceptions import UnreadableFileError
from vaekit.experiments._backends import BACKENDS, backend
from vaekit.experiments._catalogue import check_name, load_study
from vaekit.experiments._claims import judge
from vaekit.experiments._estimate import estimate, record_cost, recorded_cost
from vaekit.experiments._pack import pack
from vaekit.experiments._page import page
from vaekit.experiments._runner import check_device, run_study
from vaekit.experiments._store import Store
from vaekit.experiments._study import SCALES
from vaekit.experiments._tables import frame_of, markdown
from vaekit.experiments._words import duration
from vaekit.experiments.studies import STUDIES

REFUSED, TIME_IS_UP, INTERRUPTED = 2, 75, 130  # exit statuses; the second asks for another call


def main(arguments=None):
    """Do one command; return the exit status."""
    given = _parser().parse_args(arguments)
    try:
        return given.command(given) or 0
    except (OSError, UnreadableFileError) as error:
        print(f"{given.parser.prog}: error: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("Stopped; the same command goes on where this one was.", file=sys.stderr)
        return INTERRUPTED


# ---------------------------------------------------------------------- what may be typed


def _parser():
    parser = argparse.ArgumentParser(prog="python -m vaekit.experiments", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _command(commands, _list, "list", "name the studies", has_study=False)
    run = _command(commands, _run, "run", "do the runs that are not finished")
    run.add_argument("--shard", type=_taught(_shard), default=(1, 1), metavar="I/N", help="the i-th of n parts of runs")
    run.add_argument("--jobs", type=_taught(_jobs), default=None, help="groups of runs at a time; -1 is one per core")
    run.add_argument("--backend", default=None, choices=BACKENDS, help="of joblib")
    run.add_argument("--scheduler", default=None, metavar="ADDRESS", help="of a dask cluster")
    run.add_argument("--minutes", type=_taught(_minutes), default=None, help="begin nothing new after that time")
    _command(commands, _status, "status", "how many runs are finished")
    _command(commands, _table, "table", "tables, obtained beside published")
    _command(commands, _claims, "claims", "claims, and what came of them")
    for command, name, help in (
        (_figures, "figures", "draw the figures"),
        (_page, "page", "write the page of docs"),
        (_pack, "pack", "one archive for a machine without a network"),
    ):
        _command(commands, command, name, help).add_argument("--out", type=Path, required=True)
    _command(commands, _estimate, "estimate", "hours that all runs take; kept in the store, for the page")
    return parser


def _command(commands, function, name, help, has_study=True):
    parser = commands.add_parser(name, help=help)
    parser.set_defaults(command=function, parser=parser)
    if has_study:
        parser.add_argument("study", type=_taught(check_name), help="a name of `list`, or a Python file with a STUDY")
        parser.add_argument("--scale", choices=SCALES, default="small")
        parser.add_argument("--store", type=_taught(_store), default=Store("studies"), help="folder of records")
        parser.add_argument("--data", type=_taught(_folder), default=None, help="folder of files that cannot be drawn")
        parser.add_argument("--device", default="cpu")
    return parser


def _taught(read):
    """What reads a word of the command; argparse tells what it says of a wrong one."""

    def reads(text):
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return reads


def _shard(text):
    i, _, n = text.partition("/")
    if not (i.isdecimal() and n.isdecimal() and 1 <= int(i) <= int(n)):
        raise ValueError(f"a shard is I/N with I from 1 to N, as 3/20, got {text!r}")
    return int(i), int(n)


def _jobs(text):
    if not text.removeprefix("-").isdecimal() or int(text) == 0:
        raise ValueError(f"jobs are a whole number, -1 for one per core, got {text!r}")
    return int(text)


def _minutes(text):
    if math.isnan(float(text)):
        raise ValueError("minutes are a number")
    return float(text)


def _store(text):
    if Path(text).exists() and not Path(text).is_dir():
        raise ValueError(f"a store is a folder, and {text!r} is a file")
    return Store(text)


def _folder(text):
    if not Path(text).is_dir():
        raise ValueError(f"there is no folder {text!r}")
    return Path(text)


# ---------------------------------------------------------------------- commands


def _list(given):
    for name in STUDIES:
        print(f"{name:24} {load_study(name).title}")


def _run(given):
    begin, study = time.time(), load_study(given.study)
    with _backend(given):
        _check_device(given)
        if given.scale == "paper":
            print(_cost_once(study, given))
        spent = (time.time() - begin) / 60  # the estimate takes its time, too
        minutes = None if given.minutes is None else given.minutes - spent
        with tqdm(total=0, unit="run") as bar, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outcome = run_study(
                study, given.scale, given.store, data=given.data, device=given.device, shard=given.shard,
                n_jobs=given.jobs, minutes=minutes, progress=lambda *told: _show(bar, *told),
            )  # fmt: skip
    return _told(study, given, outcome)


def _told(study, given, outcome):
    """Print what came of runs; return the exit status."""
    runs = study.keys(given.scale)
    for key, error in outcome.failed.items():
        labels = {**runs[key].labels, "seed": runs[key].seed} if key in runs else {}
        print(f"{', '.join(f'{name} {value}' for name, value in labels.items()) or key}: {error}", file=sys.stderr)
    print(f"{outcome.done} runs done, {outcome.left} left, {len(outcome.failed)} failed")
    if outcome.left > len(outcome.failed):
        return TIME_IS_UP
    return 1 if outcome.failed else 0


def _backend(given):
    if given.backend is None and given.scheduler is None:
        return contextlib.nullcontext()
    try:
        return backend(given.backend or "dask", given.scheduler)
    except (ImportError, ValueError) as error:
        given.parser.error(str(error))


def _check_device(given):
    try:
        check_device(given.device)
    except ValueError as error:
        given.parser.error(str(error))


def _show(bar, n_done, n_runs, seconds):
    bar.total = n_runs
    bar.set_postfix_str(f"{duration(seconds)} left")
    bar.update(n_done - bar.n)


def _status(given):
    study = load_study(given.study)
    print(f"{len(frame_of(study, given.scale, given.store))} of {len(study.keys(given.scale))} runs are finished")


def _table(given):
    study, frame = _finished(given)
    print("\n".join(markdown(table, frame) for table in study.tables))


def _claims(given):
    study, frame = _finished(given)
    for claim, outcome, said in judge(study.claims, frame):
        print(f"{outcome.upper():24} {claim.text} ({claim.source}): {said}")


def _figures(given):
    _draw(*_finished(given), given.out)


def _page(given):
    study, frame = _finished(given)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(page(study, given.scale, given.store))
    _draw(study, frame, given.out.parent)


def _finished(given):
    """The study and its finished runs; that there are none is told."""
    study = load_study(given.study)
    frame = frame_of(study, given.scale, given.store)
    if frame.empty:
        where = f"at scale {given.scale!r} in {str(given.store.folder)!r}"
        print(f"No run of {study.name!r} is finished {where}: `run` does them.", file=sys.stderr)
    return study, frame


def _draw(study, frame, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in study.figures.items() if len(frame) else ():
        path = folder / f"{study.name}_{name}.png"
        draw(frame).plot().figure_.savefig(path, dpi=120, bbox_inches="tight")
        print(path)


def _pack(given):
    given.out.parent.mkdir(parents=True, exist_ok=True)
    study = load_study(given.study)
    print(pack(study, given.scale, given.out, data=given.data))
    if study.needs and given.data is None:
        print(f"Without --data DIR; its runs need {study.needs}.", file=sys.stderr)


def _estimate(given):
    _check_device(given)
    given.store.check_writable(load_study(given.study).name)
    print(_cost(load_study(given.study), given))


def _cost_once(study, given):
    """What was estimated once is not estimated again in the next shard."""
    known = recorded_cost(study, given.scale, given.device, given.store)
    return _cost(study, given) if known is None else f"{known}, on {given.device}"


def _cost(study, given):
    cost = estimate(study, given.scale, data=given.data, device=given.device)
    record_cost(cost, study, given.scale, given.device, given.store)
    return f"{cost}, on {given.device}"


if __name__ == "__main__":
    sys.exit(main())
