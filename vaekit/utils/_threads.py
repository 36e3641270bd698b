"""How many threads torch's operators use: one for a small net, whose steps end before other threads have woken up."""

import contextlib
import os
import threading

import torch

__all__ = ["VARIABLE", "one_thread", "threads_for", "work_per_row"]

VARIABLE = "VAEKIT_NUM_THREADS"
SMALL_STEP = 2**29  # multiply-adds: about 50 ms on one core
PIXELS_PER_KERNEL = 16  # a kernel of a network that halves its images meets each of about so many pixels

# A process that was forked has none of its parent's threads, but waits for them: there, one thread is all there is.
_born = os.getpid()


class _Here(threading.local):
    """What the thread may use: the number that its user set, while a call of ours is under way; else None."""

    users = None


class _Everywhere:
    """Calls under way, and the process's number before the first of them.

    A thread that is born meanwhile inherits our 1 in place of it.
    """

    lock, n_calls, users = threading.Lock(), 0, None


_here = _Here()


def _enter():
    """Return the number of threads that the user of this thread has set."""
    with _Everywhere.lock:
        users = torch.get_num_threads()
        if _Everywhere.n_calls == 0:
            _Everywhere.users = users
        elif users == 1:
            users = _Everywhere.users
        _Everywhere.n_calls += 1
    return users


def _leave(users):
    with _Everywhere.lock:
        _Everywhere.n_calls -= 1
        _use(users)


def _use(n_threads):
    if n_threads != torch.get_num_threads():
        torch.set_num_threads(n_threads)


def _asked_for():
    """The number in the environment variable, or None.

    Raises
    ------
    ValueError
        If it is no positive integer.
    """
    text = os.environ.get(VARIABLE, "")
    if text and not (text.isdecimal() and int(text) > 0):
        raise ValueError(f"The environment variable {VARIABLE} must be a positive integer. Got {text!r} instead.")
    return int(text) if text else None


def _number(users, is_big):
    """How many threads to use: what was asked for by name, else one, and for a big net all that the user allows."""
    if os.getpid() != _born:
        return 1
    return _asked_for() or (users if is_big else 1)


@contextlib.contextmanager
def one_thread():
    """Run torch on one thread of the processor (or as many as `VAEKIT_NUM_THREADS` says); give back what was set."""
    outer, before = _here.users, torch.get_num_threads()
    users = _enter() if outer is None else outer
    try:
        _here.users = users
        _use(_number(users, is_big=False))
        yield
    finally:
        _here.users = outer
        if outer is None:
            _leave(users)
        else:
            _use(before)


@contextlib.contextmanager
def threads_for(work):
    """Inside a call of ours, use all threads that the user allows if the work is large.

    Parameters
    ----------
    work : int
        Multiply-adds of one pass forward.
    """
    before = torch.get_num_threads()
    try:
        _use(_number(_here.users or before, is_big=work >= SMALL_STEP))
        yield
    finally:
        _use(before)


def work_per_row(module, event_shape):
    """Multiply-adds of a row's pass forward, from shapes alone: a weight is used once, a kernel at many pixels.

    Parameters
    ----------
    module : nn.Module
        Its weights are counted.
    event_shape : tuple of int
        Shape of a row.
    """
    n_pixels = event_shape[-1] * event_shape[-2] if len(event_shape) > 1 else 1
    times = max(1, n_pixels // PIXELS_PER_KERNEL)
    return sum(weights.numel() * (times if weights.ndim > 2 else 1) for weights in module.parameters())
