"""Files that are there whole or not at all, whatever ends the process or fills the disk."""

import contextlib
import errno
import glob
import os
import stat
import tempfile
import time
from pathlib import Path

from vaekit.files._lock import hold, is_held

__all__ = ["remove_leftovers", "write_atomically"]

PREFIX = ".vaekit-"  # of files that are being written
LONGEST_NAME = 100  # letters of a file's name that the name of what is being written has, too
SECONDS_TO_HOLD = 60  # that a file may be there without being held by its writer
UNKNOWN_TO_SOME = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}  # what file systems say that cannot be told to write now


def write_atomically(path, pieces):
    """Write pieces of bytes to a file; until all of them are on the disk, what was there before stays.

    They go to a file of another name in the same folder, which is renamed when the disk has it. A link is followed.
    What a process that was killed had written of the same file is removed.

    Parameters
    ----------
    path : path-like
    pieces : iterable of bytes-like

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written to; nothing is left behind then. If there is no such folder,
        or something else than a file has the name.
    """
    path = Path(os.path.realpath(path))
    _refuse_what_is_no_file(path)
    prefix = f"{PREFIX}{path.name[:LONGEST_NAME]}-"
    _remove_torn(path.parent, prefix)
    number, temporary = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=".part")
    try:
        with os.fdopen(number, "wb") as file:
            hold(number)
            for piece in pieces:
                file.write(piece)
            file.flush()
            _sync(number)
        os.chmod(temporary, _usual_mode(path))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def _refuse_what_is_no_file(path):
    """Devices and pipes would be replaced by a file; of a folder that is not there another name would be told."""
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        kind = IsADirectoryError if path.is_dir() else OSError
        raise kind(errno.EISDIR if path.is_dir() else errno.EINVAL, "Not a regular file", str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "No such folder to write a file in", str(path.parent))


def _remove_torn(folder, prefix):
    """Remove what writers of this file left behind; one that still writes holds what it writes."""
    for torn in folder.glob(f"{glob.escape(prefix)}*.part"):
        with contextlib.suppress(OSError):
            if time.time() - torn.stat().st_mtime > SECONDS_TO_HOLD and is_held(torn) is False:
                torn.unlink()


def _sync(number):
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in UNKNOWN_TO_SOME:
            raise


def remove_leftovers(folder):
    """Remove what a process that was killed had not finished writing; not what another is writing."""
    for leftover in Path(folder).glob(f"{PREFIX}*.part"):
        with contextlib.suppress(OSError):
            if not is_held(leftover):
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
