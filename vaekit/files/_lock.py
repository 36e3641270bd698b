"""One writer at a time in a folder: a lock that ends with the process that holds it, however that ends."""

import contextlib
import os
import weakref
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: names are unique and files whole, but nobody is kept out
    fcntl = None

__all__ = ["Lock", "hold", "is_held"]

# a process that is forked has them open, too, and would hold them when the one that took them is gone
_held: weakref.WeakSet = weakref.WeakSet()


def hold(number):
    """Hold an open file, where files can be held; BlockingIOError if somebody else does."""
    if fcntl is None:
        return
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks: nobody is kept out
        return


def is_held(path):
    """Whether somebody holds a file; None where that is not known."""
    if fcntl is None:
        return None
    number = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    else:
        return False
    finally:
        os.close(number)


class Lock:
    """A lock on a file, held until `release` or the end of the process.

    Parameters
    ----------
    path : path-like
        Of a file that is made for it, and stays.

    Raises
    ------
    BlockingIOError
        If another process or thread holds it.
    """

    def __init__(self, path):
        self.number = os.open(Path(path), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            hold(self.number)
        except BaseException:
            self.release()
            raise
        _held.add(self)

    def release(self):
        """Let others have it."""
        number, self.number = self.number, None
        if number is not None:
            os.close(number)


def _release_in_child():
    """The parent holds its locks on: they end with the last process that has the file open."""
    for lock in list(_held):
        with contextlib.suppress(OSError):
            lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_in_child)
