"""The page on MNIST holds the table that its runs make."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "mnist.md"


@pytest.fixture(scope="module")
def benchmark_script():
    spec = importlib.util.spec_from_file_location("mnist_generation", ROOT / "benchmarks" / "mnist_generation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_page_holds_the_table_of_its_runs(benchmark_script):
    assert benchmark_script.table(benchmark_script.read(ROOT / "docs" / "mnist.csv")) in PAGE.read_text()


def test_every_family_ran_with_both_priors(benchmark_script):
    runs = {(row["family"], row["prior"]) for row in benchmark_script.read(ROOT / "docs" / "mnist.csv")}
    assert runs == {(family, prior) for family in benchmark_script.FAMILIES for prior in benchmark_script.PRIORS}


def test_table_is_put_between_its_marks(benchmark_script, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n{}\nold\n{}\nafter\n".format(*benchmark_script.MARKS))
    benchmark_script.put_on_page(page, "new \\1")
    assert page.read_text() == "before\n{}\nnew \\1\n{}\nafter\n".format(*benchmark_script.MARKS)


def test_bold_is_what_beats_the_twin_in_every_run(benchmark_script):
    assert benchmark_script.cell("frechet_distance", [1.0, 3.0], [4.0, 5.0]) == "**2.0** ± 1.0"
    assert benchmark_script.cell("frechet_distance", [1.0, 3.0], [2.0, 5.0]) == "2.0 ± 1.0"
    assert benchmark_script.cell("frechet_distance", [4.0, 5.0], [1.0, 3.0]) == "4.5 ± 0.5"
