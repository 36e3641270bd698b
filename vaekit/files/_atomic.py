"""Files that are there whole or not at all, whatever ends the process or fills the disk."""

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["remove_leftovers", "write_atomically"]

PREFIX = ".vaekit-"  # of files that are being written


def write_atomically(path, pieces):
    """Write pieces of bytes to a file; until all of them are on the disk, what was there before stays.

    They go to a file of another name in the same folder, which is renamed when the disk has it.

    Parameters
    ----------
    path : path-like
    pieces : iterable of bytes-like

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written to; nothing is left behind then.
    """
    path = Path(path)
    number, temporary = tempfile.mkstemp(dir=path.parent, prefix=PREFIX, suffix=".part")
    try:
        with os.fdopen(number, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _usual_mode(path))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def remove_leftovers(folder):
    """Remove what a process that was killed had not finished writing."""
    for leftover in Path(folder).glob(f"{PREFIX}*.part"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def _usual_mode(path):
    """Permissions of the file that is replaced, or else the folder's for its owner, group and others to read."""
    return path.stat().st_mode & 0o777 if path.exists() else path.parent.stat().st_mode & 0o666


def _sync_folder(folder):
    """Let the disk have the new name, too, where folders can be told (not on Windows)."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
