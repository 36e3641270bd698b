"""Convolutions on CUDA that give the same bits in every call."""

import contextlib
import threading

import torch

__all__ = ["same_convolutions"]

_lock, _inside, _before = threading.Lock(), [0], [False]  # the setting is the process's: the last one out gives it back


@contextlib.contextmanager
def same_convolutions(device):
    """Let cuDNN take algorithms whose sums have an order, so that a row's bits hang on the row alone.

    Transposed convolutions otherwise add up in whatever order threads arrive. It costs a decoder about a quarter more.
    """
    if torch.device(device).type != "cuda":
        yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter():
    with _lock:
        if not _inside[0]:
            _before[0] = torch.backends.cudnn.deterministic
            torch.backends.cudnn.deterministic = True
        _inside[0] += 1


def _leave():
    with _lock:
        _inside[0] -= 1
        if not _inside[0]:
            torch.backends.cudnn.deterministic = _before[0]
