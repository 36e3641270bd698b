"""Work in processes of its own that are ended from outside, at moments of somebody's choice."""

import multiprocessing
import os
import signal
import time

FORK = multiprocessing.get_context("fork")  # imports are there already: a kill costs milliseconds


def run_until(work, seconds, number=signal.SIGKILL):
    """Run work in a process, and end it by a signal after so many seconds; True if it came to its end before."""
    process = FORK.Process(target=_alone, args=(work,))
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        os.kill(process.pid, number)
    process.join(60)
    if process.exitcode not in (0, -number):
        raise AssertionError(f"the process ended with {process.exitcode}")
    return process.exitcode == 0


def _alone(work):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    work()


def duration(work):
    """Seconds that work takes in a process of its own."""
    started = time.monotonic()
    assert run_until(work, 60)
    return time.monotonic() - started
