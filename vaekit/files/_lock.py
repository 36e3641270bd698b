"""One writer at a time in a folder: a lock that ends with the process that holds it, however that ends."""

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: names are unique and files whole, but nobody is kept out
    fcntl = None

__all__ = ["Lock"]


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
            if fcntl is not None:
                fcntl.flock(self.number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            self.release()
            raise

    def release(self):
        """Let others have it."""
        number, self.number = self.number, None
        if number is not None:
            os.close(number)
