"""One archive with all that a machine without a network needs to run a study."""

import zipfile
from pathlib import Path

__all__ = ["pack"]

COMMAND = """#!/bin/sh
# sh run.sh [device] [minutes]: shards of so many minutes, one after the other, until all runs are done. A fit that is
# not ready by then is stopped, and goes on from its last checkpoint in the next shard. What is finished lies in store/:
# copy its files to merge stores.
cd "$(dirname "$0")"
minutes=${{2:-{minutes}}}
mkdir -p store
while :; do
  touch store/begun
  timeout -s KILL $((60 * minutes + 60)) \\
    python -m vaekit.experiments run {study} --scale {scale} --device "${{1:-cuda}}" --store store{data} \\
    --minutes "$minutes"
  status=$?
  [ $status -eq 0 ] && exit 0
  [ $status -eq 75 ] || [ $status -eq 137 ] || exit 1 # time was up; or stopped in the middle
  if [ -z "$(find store -newer store/begun \\( -name '*.json' -o -name '*.vaekit' \\))" ]; then
    echo "Nothing came of a shard of $minutes minutes: give it more of them." >&2
    exit 1
  fi
done
"""
NEEDS = """Unpack, and with Python 3.11 or later, torch, scikit-learn, skorch, scipy, safetensors, tqdm, pandas there:

sh run.sh [device] [minutes]

does shards of {minutes} minutes on the device, cuda where none is named, until all runs are finished. Copy the files of
store/ into a store elsewhere; there `python -m vaekit.experiments page {study} --scale {scale}` writes them up.
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
    minutes : int, default=8
        Of one shard; a minute more, and it is killed, to go on from its checkpoints in the next.

    Returns
    -------
    path : Path
        Of the archive; what was there before stays until it is whole.

    Raises
    ------
    ValueError
        If the study has no such scale.
    OSError
        If there is no such folder of data.
    """
    name = Path(study.file).name or study.name
    given = {"study": name, "scale": scale, "minutes": minutes, "data": " --data data" if data else ""}
    folders = {"vaekit": Path(__file__).parents[1]} | ({"data": Path(data)} if data else {})
    if not all(folder.is_dir() for folder in folders.values()):
        raise NotADirectoryError(f"There is no folder {str(data)!r} of files to pack.")
    study.keys(scale)
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder; give the archive a name, as {study.name}.zip.")
    unfinished = path.with_name(f"{path.name}.part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for inside, folder in folders.items():
            for file in filter(Path.is_file, sorted(folder.rglob("*"))):
                if "__pycache__" not in file.parts and file not in (path, unfinished):
                    archive.write(file, Path(inside) / file.relative_to(folder))
        if study.file:
            archive.write(study.file, name)
        archive.writestr("run.sh", COMMAND.format(**given))
        archive.writestr("README", NEEDS.format(**given))
    return unfinished.replace(path)
