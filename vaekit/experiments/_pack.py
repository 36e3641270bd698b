"""One archive with all that a machine without a network needs to run a study."""

import zipfile
from pathlib import Path

__all__ = ["pack"]

COMMAND = """#!/bin/sh
# Runs shards of {minutes} minutes until all is done. What is finished lies in store/: copy its files to merge stores.
cd "$(dirname "$0")"
until python -m vaekit.experiments run {study} --scale {scale} --device "${{1:-cuda}}" --store store {data} \\
    --minutes {minutes}; do
  [ $? -eq 75 ] || exit 1
done
"""
NEEDS = """Unpack, and with Python {python}, {needs} installed: sh run.sh [device]
"""


def pack(study, scale, path, *, data=None, minutes=8):
    """Write the archive of a study: the package, the files that it needs, and one command.

    Parameters
    ----------
    study : Study
        The study.
    scale : {"smoke", "small", "paper"}
        Which runs the command does.
    path : str or path-like
        Of the archive, a zip file.
    data : str or path-like, default=None
        Folder of files that the study needs, packed with it.
    minutes : float, default=8
        Of one shard.

    Returns
    -------
    path : Path
        Of the archive.
    """
    path, house = Path(path), Path(__file__).parents[1]
    command = COMMAND.format(study=study.name, scale=scale, minutes=minutes, data="--data data" if data else "")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(house.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, Path("vaekit") / file.relative_to(house))
        for file in sorted(Path(data).rglob("*")) if data else ():
            if file.is_file():
                archive.write(file, Path("data") / file.relative_to(data))
        archive.writestr("run.sh", command)
        archive.writestr("README", NEEDS.format(python="3.11 or later", needs="torch, scikit-learn, skorch, pandas"))
    return path
