"""Pages, examples and foreign words are written with public names alone: those that a room's `__all__` lists."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import vaekit

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# programs that measure the inside of the house
INSIDE = {"train_step.py", "grid.py", "gpu.py", "inference.py"}
BENCHMARKS = [path for path in sorted((ROOT / "benchmarks").glob("*.py")) if path.name not in INSIDE]
PROGRAMS = [*sorted((ROOT / "examples").glob("*.py")), ROOT / "tests" / "test_foreign_words.py", *BENCHMARKS]
BLOCK = re.compile(r"```(?:python|pycon|py)\n(.*?)```", re.DOTALL)
LONGEST_RECIPE = 24


def blocks(page):
    """Lines of Python of each block of a page, without what they print."""
    for block in BLOCK.findall(page.read_text()):
        lines = block.splitlines()
        is_session = any(line.startswith(">>>") for line in lines)
        yield [line[4:] for line in lines if line[:3] in (">>>", "...")] if is_session else lines


def code_of(path):
    return path.read_text() if path.suffix == ".py" else "\n".join("\n".join(lines) for lines in blocks(path))


def names_of(tree):
    """Dotted paths into vaekit: of all that is imported, and of attributes of modules that were."""
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            found = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found = {alias.asname or "vaekit": alias.name if alias.asname else "vaekit" for alias in node.names}
            yield from (alias.name for alias in node.names)
        else:
            continue
        modules |= found
        yield from found.values()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            first, *rest = ast.unparse(node).split(".")
            if modules.get(first) in ("vaekit", *(f"vaekit.{room}" for room in vaekit.FOLDERS)):
                yield ".".join([modules[first], *rest])


def is_public(name):
    """Whether every step from the package to a name is listed by `__all__`; what a class has is its own affair."""
    module, *steps = name.split(".")
    if module != "vaekit":
        return True
    place = vaekit
    for step in steps:
        if not hasattr(place, "__all__"):
            return True
        if step not in place.__all__:
            return step.startswith("__") and step.endswith("__")
        place = importlib.import_module(f"vaekit.{step}") if step in vaekit.FOLDERS else getattr(place, step)
    return True


def private_attributes(tree):
    """What is read or set behind an underscore, but for what a class does with itself."""
    private = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and re.match("_(?!_)", node.attr)]
    return [ast.unparse(node) for node in private if ast.unparse(node.value) not in ("self", "cls", "super()")]


@pytest.mark.parametrize("path", [*PAGES, *PROGRAMS], ids=lambda path: path.name)
def test_pages_examples_and_foreign_words_use_public_names_only(path):
    tree = ast.parse(code_of(path))
    assert [name for name in names_of(tree) if not is_public(name)] == []
    assert private_attributes(tree) == []


def test_the_pages_are_read():
    """A guard on the reader of blocks: it sees imports where there are some."""
    imported = {
        page.name for page in PAGES if any(name.startswith("vaekit") for name in names_of(ast.parse(code_of(page))))
    }
    assert {"README.md", "pages.md", "words.md", "evaluation.md", "metrics.md"} <= imported


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from vaekit import VAE", True),
        ("from vaekit.words import spec", True),
        ("import vaekit\nvaekit.metrics.mig_score", True),
        ("from vaekit import metrics\nmetrics.mig_score.__name__", True),
        ("import vaekit\nvaekit.__version__", True),
        ("from torch import nn\nnn.Linear", True),
        ("import vaekit.engine", False),
        ("from vaekit import engine", False),
        ("from vaekit.engine import Net", False),
        ("from vaekit._outputs import Phase", False),
        ("from vaekit.priors._flow import FlowPrior", False),
        ("from vaekit.utils._spec import spec", False),
        ("from vaekit.nn import mlp", False),
        ("import vaekit as v\nv.utils", False),
        ("import vaekit.metrics\nvaekit.metrics.check_factors_codes", False),
        ("from vaekit import priors\npriors._flow", False),
    ],
)
def test_what_is_public_is_told_from_what_is_not(code, expected):
    assert all(is_public(name) for name in names_of(ast.parse(code))) == expected


PUBLIC_PATHS = {
    "words": {"spec", "Batch", "LossTerms", "ModelOutput", "NoiseWidths", "Phase", "Setting", "StepInputs"},
    "priors": {"Prior", "FlowPrior", "PriorSpec"},
    "posteriors": {"Posterior", "PosteriorSpec", "NormalParameters"},
    "likelihoods": {"Likelihood", "LikelihoodSpec", "LocationScaleLikelihood", "LocationScaleSpec"},
    "nn": {"Network"},
    "objectives": {"Objective", "Warmup"},
}


@pytest.mark.parametrize("room", PUBLIC_PATHS)
def test_what_a_word_is_made_of_is_public(room):
    assert PUBLIC_PATHS[room] <= set(importlib.import_module(f"vaekit.{room}").__all__)


def test_the_engine_is_no_public_room():
    importlib.import_module("vaekit.engine")  # imported by every estimator, and yet not offered
    assert {"engine", "utils"}.isdisjoint({*vaekit.__all__, *dir(vaekit)})


def test_recipes_are_short_and_train():
    recipes = [lines for lines in blocks(ROOT / "docs" / "words.md") if any("class " in line for line in lines)]
    assert max(len(lines) for lines in recipes) <= LONGEST_RECIPE
    assert all(any(".fit(X)" in line for line in lines) for lines in recipes)
    kinds = ("PriorSpec", "LocationScaleSpec", "PosteriorSpec", "Network", "Objective")
    bases = {base for lines in recipes for base in re.findall(r"class \w+\((\w+)\)", "\n".join(lines))}
    assert set(kinds) <= bases
