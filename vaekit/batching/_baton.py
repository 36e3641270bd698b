"""Tasks in threads of their own, of which one runs at a time: it parks where it would train, and others go on."""

import contextlib
import threading
import warnings
from collections import deque

import torch

from vaekit.batching._store import Store
from vaekit.engine import Company, HeldInterrupt, Recordings, groups_of, in_company, take_together
from vaekit.utils._ambient import guarded

__all__ = ["Baton"]

MOST_PARKED = 192  # tasks that wait with their data and nets in memory
PATIENCE = 0.1  # seconds until somebody looks whether Ctrl-C was pressed


class Task:
    """A function, in a thread of its own once it is started.

    Parameters
    ----------
    function : callable
    baton : Baton
    """

    def __init__(self, function, baton):
        self.function, self.baton = function, baton
        self.company = Company(self._wait, baton.store)
        self.epoch = self.awaited = None
        self.is_done, self.result, self.error = False, None, None
        self.go, self.warnings, self.thread = threading.Semaphore(0), None, None
        self.place = _current_place()

    @property
    def is_ready(self):
        """Whether nothing keeps it waiting."""
        return self.epoch is None and (self.company.is_stopped or all(task.is_done for task in self.awaited or ()))

    def start_or_go_on(self):
        """Let it run."""
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, daemon=True)
            self.thread.start()
        else:
            self.go.release()

    def _run(self):
        self.baton.here.task = self
        try:
            if not self.company.is_stopped:
                with self.place, in_company(self.company):
                    self.result = self.function()
        except BaseException as error:
            self.error = error
        finally:
            self.is_done, self.function = True, None
            self.baton.came_back.release()

    def _wait(self, epoch):
        self.epoch = epoch
        self.park()

    def join(self, tasks):
        """Wait, in its own thread, for other tasks."""
        self.awaited = tasks
        self.park()
        self.awaited = None
        if self.company.is_stopped:
            raise KeyboardInterrupt

    def park(self):
        """Let others run."""
        self.baton.came_back.release()
        self.go.acquire()


def _current_place():
    """Where on a GPU this thread computes, as a context for others: a new thread has the first device and its stream.

    Whoever drives takes steps of all nets on one stream, after which their own threads go on.
    """
    return torch.cuda.stream(torch.cuda.current_stream()) if torch.cuda.is_initialized() else contextlib.nullcontext()


class Baton:
    """Runs tasks, and trains together what they wait for.

    Whoever asks for a result from outside drives: tasks that are ready go on, then new ones are started, and once all
    are parked an epoch of each is taken. `warnings.filters`, which belong to the process, change hands with the baton.
    """

    def __init__(self):
        self.tasks, self.new, self.recordings, self.store = [], deque(), Recordings(), Store()
        self.came_back, self.here, self._driving = threading.Semaphore(0), threading.local(), threading.RLock()

    def submit(self, function):
        """Return a task for a function."""
        task = Task(function, self)
        self.tasks.append(task)
        self.new.append(task)
        return task

    def result_of(self, task):
        """Return what its function returns, or raise what it raises; Ctrl-C stops all tasks, and passes on."""
        if not task.is_done:
            self._await([task])
        if task.error is not None:
            raise task.error
        return task.result

    def stop(self, tasks):
        """End some tasks, wherever they are; those that have not begun never do."""
        tasks = [task for task in tasks if not task.is_done]
        for task in tasks:
            task.company.stop()
            task.epoch = None
        if tasks:
            self._await(tasks, is_stopping=True)

    def _await(self, tasks, is_stopping=False):
        task = getattr(self.here, "task", None)
        if task is None:
            with self._driving:
                self._drive(tasks, is_stopping)
        elif is_stopping and task.company.is_stopped:
            return  # whoever stops it stops them, too
        else:
            task.join(tasks)

    def _drive(self, tasks, is_stopping):
        with HeldInterrupt() as held:
            while not all(task.is_done for task in tasks):
                if held.pressed and not is_stopping:
                    break
                self._one_move(held)
        if held.pressed and not is_stopping:
            self.stop(self.tasks)
            raise KeyboardInterrupt

    def _one_move(self, held):
        self.tasks = [task for task in self.tasks if not task.is_done]
        ready = next((task for task in self.tasks if task.thread is not None and task.is_ready), None)
        parked = [task for task in self.tasks if task.epoch is not None]
        if ready is None and self.new and (len(parked) < MOST_PARKED or not parked):
            ready = self.new.popleft()
        if ready is not None:
            self._run(ready, held)
        else:
            _train([task.epoch for task in parked], held, self.recordings)
            for task in parked:
                task.epoch = None

    def _run(self, task, held):
        """Let a task run until it parks or ends."""
        ours = _state_of_warnings()
        _set_warnings(task.warnings or ours)
        task.start_or_go_on()
        while not self.came_back.acquire(timeout=PATIENCE):
            if held.pressed:
                task.company.stop()
        task.warnings = _state_of_warnings()
        _set_warnings(ours)
        if task.is_done:
            task.thread.join()


@guarded
def _train(epochs, held, recordings):
    """Take an epoch of each; what goes wrong in a group is raised where its nets are trained."""
    for group in groups_of(epochs, recordings):
        if held.pressed:
            return
        try:
            take_together(group, held.release, recordings)
        except KeyboardInterrupt:
            return
        except Exception as error:
            for epoch in group:
                epoch.error = error


def _state_of_warnings():
    return [(name, getattr(warnings, name)) for name in ("filters", "showwarning", "_showwarnmsg_impl")]


def _set_warnings(state):
    for name, value in state:
        setattr(warnings, name, value)
    warnings._filters_mutated()
