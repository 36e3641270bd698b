import multiprocessing
import os
import signal
import time

import pytest

from vaekit.files import Lock


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path):
    lock = Lock(tmp_path / "lock")
    with pytest.raises(BlockingIOError):
        Lock(tmp_path / "lock")
    lock.release()
    lock.release()
    Lock(tmp_path / "lock").release()


def hold(path, teller):
    lock = Lock(path)
    teller.send("held")
    time.sleep(60)
    lock.release()


def test_a_lock_ends_with_a_process_that_is_killed(tmp_path):
    heard, teller = multiprocessing.Pipe(duplex=False)
    holder = multiprocessing.get_context("fork").Process(target=hold, args=(tmp_path / "lock", teller))
    holder.start()
    teller.close()
    assert heard.recv() == "held"
    with pytest.raises(BlockingIOError):
        Lock(tmp_path / "lock")
    holder.kill()
    holder.join()
    assert holder.exitcode == -signal.SIGKILL
    Lock(tmp_path / "lock").release()


def test_a_child_that_outlives_its_parent_holds_nothing(tmp_path):
    """What forks holds on; the child would, too, with the same open file."""
    lock = Lock(tmp_path / "lock")
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writes, b".")
        time.sleep(30)
        os._exit(0)
    try:
        assert os.read(reads, 1) == b"."
        with pytest.raises(BlockingIOError):
            Lock(tmp_path / "lock")
        lock.release()
        Lock(tmp_path / "lock").release()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reads)
        os.close(writes)
