"""Every block of code of the pages runs: doctests by themselves, the others here, with what a reader has at hand."""

import re
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.utils import estimator_checks

import vaekit
from vaekit import VAE
from vaekit.estimators._fitting import FittingMixin
from vaekit.experiments import STUDIES

ROOT = Path(__file__).parents[1]
PAGES = [*(ROOT / "docs").glob("**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
ELSEWHERE = {"displays"}  # a page with a test of its own
FACTORS = np.arange(40)[:, np.newaxis] % [2, 3]
X = np.hstack([FACTORS, FACTORS]) + np.random.default_rng(0).normal(scale=0.1, size=(40, 4))


def blocks(language):
    """Blocks that are no doctest, with the page's name."""
    found = [(page.stem, text) for page in PAGES for kind, text in BLOCK.findall(page.read_text()) if kind == language]
    return [(name, text) for name, text in found if ">>>" not in text and name not in ELSEWHERE]


@pytest.fixture(scope="module")
def model():
    return VAE(n_components=2, hidden_layer_sizes=(8,), max_epochs=1, random_state=0).fit(X)


@pytest.fixture
def unhurried(monkeypatch):
    """Fits of paper size, and clusters, are prepared and not waited for."""
    monkeypatch.setattr(FittingMixin, "fit", lambda self, X, y=None: self._validate_params() or self)
    monkeypatch.setattr(GridSearchCV, "fit", search_among_what_there_is)
    monkeypatch.setattr("vaekit.datasets.load_svhn", lambda folder: SimpleNamespace(images=X))
    for cluster in ("distributed.LocalCluster", "distributed.Client", "joblib.parallel_config"):
        monkeypatch.setattr(cluster, lambda *args, **kwargs: nullcontext())
    monkeypatch.setattr("vaekit.batching.data_parallel", nullcontext)
    monkeypatch.setattr(estimator_checks, "check_estimator", known_checks)  # tests/test_common.py has them all


def known_checks(estimator, expected_failed_checks):
    assert all(hasattr(estimator_checks, name) for name in expected_failed_checks)


def search_among_what_there_is(search, X, y=None):
    known = search.estimator.get_params()
    names = {name for grid in np.atleast_1d(search.param_grid) for name in grid}
    assert names <= set(known)
    return search


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("page", sorted({name for name, _ in blocks("python")}))
def test_blocks_of_python_run(page, model, unhurried):
    """In turn, as a reader types them."""
    names = {"model": model, "X": X, "factors": FACTORS, "grid": {"n_components": [1, 2]}, "GridSearchCV": GridSearchCV,
             "load_svhn": vaekit.datasets.load_svhn, "mig_scorer": vaekit.metrics.mig_scorer}  # fmt: skip
    for name, block in blocks("python"):
        if name == page:
            exec(block, names)


@pytest.mark.parametrize(("page", "block"), blocks("sh"), ids=[name for name, _ in blocks("sh")])
def test_a_block_of_shell_names_what_there_is(page, block):
    """Files, extras and studies; commands themselves take minutes and hours."""
    extras = (ROOT / "pyproject.toml").read_text()
    for file in re.findall(r"\b(?:examples|benchmarks)/\w+\.py|constraints\.txt", block):
        assert (ROOT / file).exists()
    for extra in re.findall(r"\[(\w+)\]", block):
        assert f"\n{extra} = [" in extras
    for study in re.findall(r"experiments (?:run|pack) (\w+)\b(?!\.py)", block):
        assert study in STUDIES
