"""Tasks that run one at a time, each in a thread of its own, where the one who asked for them computes."""

import threading

from vaekit.batching import _baton
from vaekit.batching._baton import Baton


def test_tasks_compute_on_the_stream_of_their_caller(monkeypatch):
    asked, entered = [], []

    class Place:
        def __enter__(self):
            entered.append(threading.current_thread())

        def __exit__(self, *how):
            entered.append(None)

    monkeypatch.setattr(_baton, "_current_place", lambda: asked.append(threading.current_thread()) or Place())
    baton = Baton()
    tasks = [baton.submit(threading.current_thread) for _ in range(2)]
    threads = [baton.result_of(task) for task in tasks]
    assert entered == [threads[0], None, threads[1], None]
    assert asked == [threading.current_thread()] * 2
