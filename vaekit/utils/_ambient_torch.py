"""torch's settings of others: those of the thread, and those of the process, which calls in other threads share."""

import contextlib
import threading

import numpy as np
import torch
from torch import backends
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack

from vaekit.utils._ambient_setting import AmbientSetting, put_aside
from vaekit.utils._threads import one_thread

__all__ = ["OF_THE_PROCESS", "OF_THE_THREAD", "own_torch"]

# ---------------------------------------------------------------------- of the thread

TINY, ONE = np.float32(1e-40), np.float32(1)


def _flushes_denormals():
    """Whether this thread's processor takes numbers below 1e-38 for 0; libraries built for fast mathematics set it."""
    return bool(TINY * ONE == 0)


def _autocast(device):
    return AmbientSetting(
        f"torch.autocast({device!r})",
        lambda: torch.is_autocast_enabled(device),
        lambda is_enabled: torch.set_autocast_enabled(device, is_enabled),
        False,
    )


OF_THE_THREAD = (
    AmbientSetting("torch.no_grad", torch.is_grad_enabled, torch.set_grad_enabled, True),
    AmbientSetting("torch.set_flush_denormal", _flushes_denormals, torch.set_flush_denormal, False),
    *(_autocast(device) for device in ("cpu", "cuda", "mps")),
)

# ---------------------------------------------------------------------- of the process

# the general answers stand before the particular ones: "none" leaves the answer to a more general one
PRECISIONS = {
    ("generic", "all"): "none",
    ("cuda", "all"): "none",
    ("mkldnn", "all"): "none",
    ("cuda", "matmul"): "none",
    ("cuda", "conv"): "tf32",
    ("cuda", "rnn"): "tf32",
    ("mkldnn", "matmul"): "none",
    ("mkldnn", "conv"): "none",
    ("mkldnn", "rnn"): "none",
}
FRESH = tuple(PRECISIONS.values())
_get_precision, _set_precision = torch._C._get_fp32_precision_getter, torch._C._set_fp32_precision_setter


def _set_precisions(values):
    for key, value in zip(PRECISIONS, values):
        _set_precision(*key, value)


def _read_precision():
    """Digits of float32 products and convolutions: FRESH, or what it takes to set them again."""
    resolved = tuple([_get_precision(*key) for key in PRECISIONS])
    if resolved == FRESH or tuple(value.replace("ieee", "none") for value in resolved) == FRESH:
        return FRESH
    own = []
    for key in PRECISIONS:  # once the general answers are gone, a particular one says what it was set to
        own.append(_get_precision(*key))
        _set_precision(*key, "none")
    _set_precisions(own)
    try:
        return (torch.get_float32_matmul_precision(), *own)
    except RuntimeError:  # torch refuses to say it where both of its interfaces were used
        return (None, *own)


def _write_precision(value):
    matmul, own = ("highest", FRESH) if value == FRESH else (value[0], value[1:])
    if matmul is not None:
        torch.set_float32_matmul_precision(matmul)
    _set_precisions(own)


def _read_libraries():
    return backends.mkldnn.enabled, backends.cudnn.enabled, backends.cudnn.benchmark


def _write_libraries(flags):
    mkldnn, cudnn, benchmark = flags
    backends.mkldnn.set_flags(mkldnn, _fp32_precision=None)
    backends.cudnn.set_flags(cudnn, benchmark, _fp32_precision=None)


class ProcessWide:
    """Settings of the whole process: put aside by the first call of ours, given back by the last one that ends.

    What was changed by others in the meantime is theirs, and stays.

    Parameters
    ----------
    settings : sequence of AmbientSetting
    """

    def __init__(self, settings):
        self.settings = settings
        self.lock, self.depths, self.owed = threading.Lock(), {}, {}

    @contextlib.contextmanager
    def put_aside(self):
        """Have them as a fresh process has them; calls may be nested, and run in several threads at once."""
        me = threading.get_ident()
        with self.lock:
            self.depths[me] = self.depths.get(me, 0) + 1
            found = self._write_ours()
        try:
            yield
        finally:
            with self.lock:
                self.depths[me] -= 1
                self.depths = {thread: depth for thread, depth in self.depths.items() if depth}
                if self.depths.keys() <= {me}:
                    self._give_back({**found, **self.owed} if not self.depths else found)
                else:
                    self.owed = {**found, **self.owed}

    def _write_ours(self):
        found = {}
        for setting in self.settings:
            value = setting.read()
            if value != setting.ours:
                found[setting] = value
                setting.write(setting.ours)
        return found

    def _give_back(self, found):
        for setting, value in found.items():
            if setting.read() == setting.ours:
                setting.write(value)
        if not self.depths:
            self.owed = {}


OF_THE_PROCESS = ProcessWide(
    (
        AmbientSetting("torch.set_default_dtype", torch.get_default_dtype, torch.set_default_dtype, torch.float32),
        AmbientSetting("torch.set_float32_matmul_precision", _read_precision, _write_precision, FRESH),
        AmbientSetting("torch.backends", _read_libraries, _write_libraries, (True, True, False)),
    )
)

# ---------------------------------------------------------------------- all of them


@contextlib.contextmanager
def own_torch():
    """Run torch as a fresh process has it, on one thread until a big net asks for more."""
    with contextlib.ExitStack() as stack:
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(False))
        if torch._C._functorch.peek_interpreter_stack() is not None:  # inside vmap, grad and their like
            stack.enter_context(temporarily_clear_interpreter_stack())
        # a default device is a mode; the first question is the cheap one
        if torch._C._len_torch_function_stack() and torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        stack.enter_context(put_aside(OF_THE_THREAD))
        stack.enter_context(OF_THE_PROCESS.put_aside())
        stack.enter_context(one_thread())
        yield
