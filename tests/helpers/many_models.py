"""Many fits as a GPU takes them, on a CPU: steps that would be recorded are called, kernels are interpreted."""

import contextlib

import pytest
import torch

from vaekit.engine import _batched, _kinds, _many, _programs
from vaekit.kernels import _convolutions

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@contextlib.contextmanager
def convolutions_run_here():
    """Convolutions of many models are taken on this device; `tests/conftest.py` asks for Triton's interpreter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_convolutions, "DEVICES", {"cuda", DEVICE})
        yield


def capture_here(patch, is_exact=True):
    """Have a CPU take steps as a CUDA device does, however few; with `is_exact` in ways that give the CPU's bits."""
    patch.setattr(_kinds, "CAPTURING", {"cuda", "cpu"})
    patch.setattr(_kinds, "FEWEST_CAPTURED", 0)
    patch.setattr(_many, "FEWEST_CAPTURED", 0)
    patch.setattr(_many, "FEWEST_STEPS", 0)
    patch.setattr(_programs, "_graphs", type(_programs._graphs)())
    if not is_exact:
        patch.setattr(_batched, "TO_THE_BIT", set())
