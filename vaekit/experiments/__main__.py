"""python -m vaekit.experiments: run studies, and look at what came of them."""

import argparse
import contextlib
import sys
import warnings
from pathlib import Path

from joblib import parallel_config
from tqdm import tqdm

from vaekit.experiments._catalogue import load_study
from vaekit.experiments._claims import judge
from vaekit.experiments._estimate import estimate
from vaekit.experiments._pack import pack
from vaekit.experiments._page import page
from vaekit.experiments._runner import run_study
from vaekit.experiments._store import Store
from vaekit.experiments._study import SCALES
from vaekit.experiments._tables import frame_of, markdown
from vaekit.experiments.studies import STUDIES

TIME_IS_UP = 75  # the exit status that asks for another call


def main(arguments=None):
    """Do one command; return the exit status."""
    given = _parser().parse_args(arguments)
    return given.command(given) or 0


def _parser():
    parser = argparse.ArgumentParser(prog="python -m vaekit.experiments", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _command(commands, _list, "list", "name the studies", has_study=False)
    run = _command(commands, _run, "run", "do the runs that are not finished")
    run.add_argument("--shard", type=_shard, default=(1, 1), metavar="I/N", help="the i-th of n parts of the runs")
    run.add_argument("--jobs", type=int, default=None, help="groups of runs at a time")
    run.add_argument("--backend", default=None, help="of joblib: loky, dask, ray")
    run.add_argument("--scheduler", default=None, metavar="ADDRESS", help="of a dask cluster")
    run.add_argument("--minutes", type=float, default=None, help="begin nothing new after that time")
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
    parser.set_defaults(command=function)
    if has_study:
        parser.add_argument("study", choices=sorted(STUDIES))
        parser.add_argument("--scale", choices=SCALES, default="small")
        parser.add_argument("--store", type=Store, default=Store("studies"), help="folder of records")
        parser.add_argument("--data", type=Path, default=None, help="folder of files that cannot be drawn")
        parser.add_argument("--device", default="cpu")
    return parser


def _shard(text):
    i, _, n = text.partition("/")
    return int(i), int(n)


def _list(given):
    for name in STUDIES:
        print(f"{name:24} {load_study(name).title}")


def _run(given):
    study = load_study(given.study)
    if given.scale == "paper":
        _estimate(given)
    with tqdm(total=0, unit="run") as bar, _backend(given), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome = run_study(
            study, given.scale, given.store, data=given.data, device=given.device, shard=given.shard,
            n_jobs=given.jobs, minutes=given.minutes, progress=lambda *told: _show(bar, *told),
        )  # fmt: skip
    for key, error in outcome.failed.items():
        print(f"{key}: {error}", file=sys.stderr)
    print(f"{outcome.done} runs done, {outcome.left} left, {len(outcome.failed)} failed")
    if outcome.left > len(outcome.failed):
        return TIME_IS_UP
    return 1 if outcome.failed else 0


def _backend(given):
    if given.scheduler is not None:
        import distributed

        distributed.Client(given.scheduler)
    return parallel_config(backend=given.backend) if given.backend else contextlib.nullcontext()


def _show(bar, n_done, n_runs, seconds):
    bar.total = n_runs
    bar.set_postfix_str(f"{seconds / 60:.1f} min left")
    bar.update(n_done - bar.n)


def _status(given):
    study = load_study(given.study)
    print(f"{len(frame_of(study, given.scale, given.store))} of {len(study.keys(given.scale))} runs are finished")


def _table(given):
    study = load_study(given.study)
    frame = frame_of(study, given.scale, given.store)
    print("\n".join(markdown(table, frame) for table in study.tables))


def _claims(given):
    study = load_study(given.study)
    for claim, outcome, said in judge(study.claims, frame_of(study, given.scale, given.store)):
        print(f"{outcome.upper():24} {claim.text} ({claim.source}): {said}")


def _figures(given):
    study = load_study(given.study)
    frame = frame_of(study, given.scale, given.store)
    _draw(study, frame, given.out)


def _draw(study, frame, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in study.figures.items() if len(frame) else ():
        path = folder / f"{study.name}_{name}.png"
        draw(frame).plot().figure_.savefig(path, dpi=120, bbox_inches="tight")
        print(path)


def _page(given):
    study = load_study(given.study)
    given.out.write_text(page(study, given.scale, given.store))
    _draw(study, frame_of(study, given.scale, given.store), given.out.parent)


def _pack(given):
    print(pack(load_study(given.study), given.scale, given.out, data=given.data))


def _estimate(given):
    cost = estimate(load_study(given.study), given.scale, data=given.data, device=given.device)
    given.store.write(given.study, f"estimate_{given.scale}_{given.device}", cost._asdict())
    print(f"{cost}, on {given.device}")


if __name__ == "__main__":
    sys.exit(main())
