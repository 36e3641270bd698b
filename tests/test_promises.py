"""Promises about a process that goes on for long: nothing is kept of a fit, and no method grows with its rows."""

import gc
import re
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.family import IMAGES, X, tiny
from tests.helpers.gaussian_worlds import peak_bytes
from tests.helpers.killed import run_until
from vaekit.nn import ConvNet

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"


def test_every_promise_names_tests_that_are_there():
    promises = [line.split("|")[1:3] for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    assert len(promises) > 20
    for promise, tests in promises:
        named = re.findall(r"`(tests/[\w/.]+)", tests)
        assert named, promise
        assert [path for path in named if not (PAGE.parent.parent / path).exists()] == []


ROUND = [
    ("VAE", X, {"checkpoint": "checkpoints"}),
    ("FactorDPVAE", X, {"early_stopping": True}),
    ("BetaVAE", IMAGES, {"network": ConvNet(channels=2, hidden_layer_sizes=(8,))}),
    ("AnnealedVAE", X, {"max_epochs": 101}),  # whose steps are traced
]
MOST_BYTES = 12 * 2**20


def held():
    """Bytes of memory, open files, and threads of this process."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))
    threads = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("Threads"))
    return 1024 * resident, len(list(Path("/proc/self/fd").iterdir())), max(threads, threading.active_count())


def test_fits_leave_no_memory_files_or_threads_behind(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def fits(n_fits):
        for number in range(n_fits):
            name, rows, params = ROUND[number % len(ROUND)]
            model = tiny(name, **params).fit(rows)
            model.score(rows)
            model.sample(50)

    def work():
        fits(len(ROUND))
        before = held()
        fits(request.config.getoption("fits"))
        memory, files, threads = (after - start for after, start in zip(held(), before))
        print(f"{memory / 2**20:+.1f} MiB, {files:+d} files, {threads:+d} threads")
        assert memory < MOST_BYTES
        assert files == threads == 0

    assert run_until(work, 3000)


# what of a method grows with rows is what it returns, and rows in the network's units where they have to be converted
WIDTH = 20
METHODS = {
    "transform": lambda model, rows: model.transform(rows),
    "inverse_transform": lambda model, rows: model.inverse_transform(rows[:, :2]),
    "sample": lambda model, rows: model.sample(len(rows)),
    "score_samples": lambda model, rows: model.score_samples(rows),
    "score": lambda model, rows: model.score(rows),
    "posterior": lambda model, rows: model.posterior(rows),
}


@pytest.fixture(scope="module")
def model():
    return tiny("VAE").fit(np.random.default_rng(0).normal(size=(100, WIDTH)))


@pytest.mark.parametrize("method", METHODS)
def test_memory_beyond_the_answer_does_not_grow_with_rows(method, model):
    rows = np.random.default_rng(0).normal(size=(60_000 if "score" not in method else 8_000, WIDTH)).astype(np.float32)
    beyond, answer = [], None
    for share in (4, 1):
        peak, answer = peak_bytes(lambda share=share: METHODS[method](model, rows[: len(rows) // share]))
        beyond.append(peak - sum(array.nbytes for array in np.atleast_1d(answer) if isinstance(array, np.ndarray)))
    returned = sum(array.nbytes for array in np.atleast_1d(answer) if isinstance(array, np.ndarray))
    assert beyond[1] < beyond[0] + max(rows.nbytes, returned) // 3  # codes in double precision, too, are a part of that
