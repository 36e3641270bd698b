"""One torch thread, headless plots, and the tests that need what this machine may lack."""

import atexit
import gc
import importlib.util
import os
import shutil
import signal

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("SCIPY_ARRAY_API", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

from pathlib import Path

import hypothesis
import pytest
import torch

# The same examples wherever the suite runs; `--hypothesis-profile default` draws others each time.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.load_profile("same")

# Without a GPU, kernels for one are run by their interpreter, which must be said before they are read.
if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# Several threads beside another busy process collapse (OpenMP barriers): a minute becomes a quarter of an hour.
torch.set_num_threads(1)

# A shell that runs the tests in the background ignores interrupts for them, and some tests press Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


# What is imported and collected stays to the end: to go through it again and again would be a tenth of all time.
gc.disable()


def pytest_collection_finish(session):
    gc.collect()
    gc.freeze()
    gc.enable()
    atexit.register(gc.unfreeze)  # what some libraries would call a leak


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=2, help="how often each of the fits that are killed is killed")
    parser.addoption("--fuzz", type=int, default=200, help="how many generated cases are tried")
    parser.addoption("--seed", type=int, default=0, help="number of the first generated case")
    parser.addoption("--fits", type=int, default=8, help="fits after which memory, files and threads are counted")
    parser.addoption("--mutations", type=int, default=20, help="damaged copies of each file of a data set")


def pytest_collection_modifyitems(config, items):
    """Leave out tests of what this machine lacks: images (the closing line says how many ran), a GPU, libraries."""
    absent = {
        "real_data": "VAEKIT_DATA" not in os.environ,
        "gpu": not torch.cuda.is_available(),
        "triton": importlib.util.find_spec("triton") is None,
        "onnx": any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxscript", "onnxruntime")),
        "browser": not any(
            map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))
        ),
    }
    left_out = [item for item in items if any(absent[name] for name in absent if item.get_closest_marker(name))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter):
    ran = list(terminalreporter.getreports("passed") + terminalreporter.getreports("failed"))
    n_real = sum("real_data" in report.keywords for report in ran)
    terminalreporter.write_line(f"real-data tests run: {n_real} (they look where VAEKIT_DATA points)")


@pytest.fixture
def data_folder():
    """Return the folder with `mnist/` and `dsprites/`."""
    return Path(os.environ["VAEKIT_DATA"])
