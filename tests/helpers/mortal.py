"""Functions whose process is killed, once, in the middle of a call."""

import os
import signal
from pathlib import Path


class KilledOnce:
    """Does as a function, but its process dies at one call, whoever makes it; the same call made again goes well.

    Parameters
    ----------
    function : callable
    folder : path
        Where calls of all processes are counted.
    at : int
        Number of the call, from 1 on.
    """

    def __init__(self, function, folder, at):
        self.function, self.folder, self.at = function, Path(folder), at

    def __call__(self, *args, **kwargs):
        if self.number() == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.function(*args, **kwargs)

    def number(self):
        """Of this call, among those of all processes: the first number whose file was not there."""
        number = 1
        while True:
            try:
                (self.folder / f"call-{number}").touch(exist_ok=False)
            except FileExistsError:
                number += 1
            else:
                return number

    @property
    def n_calls(self):
        """How many there were, with the one that did not return."""
        return len(list(self.folder.glob("call-*")))
