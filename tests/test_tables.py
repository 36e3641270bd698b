"""The pages on presets and objectives hold the tables that the code prints."""

import importlib.util
from pathlib import Path

import pytest

from vaekit.presets import PRESETS

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def tables():
    spec = importlib.util.spec_from_file_location("tables", DOCS / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("source", dict.fromkeys(name.split("/")[0] for name in PRESETS))
def test_every_source_is_described(tables, source):
    page = (DOCS / "presets.md").read_text()
    assert f"\n## {source}\n" in page
    assert tables.of_source(source) in page


def test_every_network_is_described(tables):
    assert tables.networks() in (DOCS / "presets.md").read_text()


def test_every_cost_is_stated(tables):
    assert tables.costs() in (DOCS / "presets.md").read_text()


def test_objectives_and_priors_stand_together_as_the_page_says(tables):
    assert tables.objectives_by_prior() in (DOCS / "objectives.md").read_text()
