"""Editors and type checkers know the public names: examples and pages without an error, mistakes with one."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jedi
import pytest

import vaekit

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# What fragments of a page take for granted.
GIVEN = """
from typing import Any
from vaekit.datasets import load_svhn
from vaekit.metrics import mig_scorer
model: Any = None
X: Any = None
factors: Any = None
grid: Any = None
GridSearchCV: Any = None
"""
REVEALED = {
    "FactorDPVAE": "type[FactorDPVAE]",
    "vaekit.WAE": "type[WAE]",
    "FactorDPVAE(gamma=3, prior=Decoupled(n_couplings=2), random_state=0).fit([[1.0]])": "FactorDPVAE",
    "FactorDPVAE().partial_fit(X)": "FactorDPVAE",
    "FactorDPVAE().set_params(gamma=3)": "FactorDPVAE",
    "FactorDPVAE().gamma": "float | Warmup",
    "FactorDPVAE().max_steps": "int | None",
    "FactorDPVAE().fit(X).transform(X)": "ndarray",
    "FactorDPVAE().fit_transform(X)": "ndarray",
    "FactorDPVAE().inverse_transform(X)": "ndarray",
    "FactorDPVAE().sample(3, random_state=0)": "ndarray",
    "FactorDPVAE().posterior(X).scale": "ndarray",
    "FactorDPVAE().score(X)": "float",
    "FactorDPVAE().score_samples(X)": "ndarray",
    "FactorDPVAE().to_generation_space(X)": "ndarray",
    "FactorDPVAE().net_": "Net",
    "FactorDPVAE().history_": "list[dict[str, Any]]",
    "FactorDPVAE().kl_per_component_": "ndarray",
    "FactorDPVAE().image_shape_": "tuple[int, ...] | None",
    "vaekit.metrics.dci_scores(X, X).disentanglement": "float",
    "vaekit.evaluation.symmetric_kl(VAE(), X).q_to_p.value": "float",
    "SamplesDisplay.from_estimator(VAE(), X).plot().figure_": "Figure",
    "Normal(scale=0.1)": "Normal",
}
MISTAKES = {
    "FactorDPVAE(gama=3)": 'No parameter named "gama"',
    "FactorDPVAE(3)": "positional",
    'FactorDPVAE(n_components="two")': '"n_components"',
    "VAE(prior=3)": '"prior"',
    "AAE().score(X)": '"score"',
    "VAE().smaple(3)": '"smaple"',
    "Decoupled(n_coupling=3)": 'No parameter named "n_coupling"',
    'vaekit.metrics.mig_score(X, X, n_bins="many")': '"n_bins"',
    "vaekit.FactorAVE": '"FactorAVE"',
}
HEADER = """
from typing import Any
import vaekit
from vaekit import AAE, VAE, FactorDPVAE
from vaekit.inspection import SamplesDisplay
from vaekit.likelihoods import Normal
from vaekit.priors import Decoupled
X: Any = None
"""


def code_of(page):
    """The Python of a page's examples, one after the other, without what they print."""
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        lines = block.splitlines()
        yield from [line[4:] for line in lines if line[:3] in (">>>", "...")] if lines[0].startswith(">>>") else lines


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Run the type checker once over all there is to check; return its diagnostics by file."""
    folder = tmp_path_factory.mktemp("typed")
    for page in PAGES:
        header = "" if page.name == "README.md" else GIVEN
        (folder / f"{page.stem}.py").write_text(header + "\n".join(code_of(page)))
    (folder / "revealed.py").write_text(HEADER + "\n".join(f"reveal_type({line})" for line in REVEALED))
    (folder / "mistakes.py").write_text(HEADER + "\n".join(MISTAKES))
    settings = {
        "include": [str(folder), str(ROOT / "examples")],
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "standard",
        "reportUnusedExpression": False,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "-p", str(folder), "--pythonpath", sys.executable, "--outputjson"]
    said = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
    assert said["summary"]["filesAnalyzed"] >= len(PAGES) + 2 + len(list((ROOT / "examples").glob("*.py")))
    return [(Path(one["file"]), one["range"]["start"]["line"], one["severity"], one["message"])
            for one in said["generalDiagnostics"]]  # fmt: skip


def test_readme_pages_and_examples_have_no_errors(report):
    errors = [(file.name, line + 1, message) for file, line, severity, message in report if severity == "error"]
    assert [error for error in errors if error[0] != "mistakes.py"] == []


def test_types_are_known(report):
    first = HEADER.count("\n")
    said = {line - first: message for file, line, _, message in report if file.name == "revealed.py"}
    for number, (expression, expected) in enumerate(REVEALED.items()):
        told = re.search(r'is "(.*)"$', said[number])[1]
        assert re.sub(r"ndarray\[.*\]", "ndarray", told) == expected, expression


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_are_errors(report, line):
    number = HEADER.count("\n") + list(MISTAKES).index(line)
    messages = [
        message
        for file, at, severity, message in report
        if (file.name, at, severity) == ("mistakes.py", number, "error")
    ]
    assert any(MISTAKES[line] in message for message in messages), messages


def completions(code):
    project = jedi.Project(ROOT, sys_path=[str(ROOT), *filter(None, sys.path)], load_unsafe_extensions=False)
    return {found.name for found in jedi.Script(code, path=ROOT / "typed_now.py", project=project).complete()}


def test_an_editor_completes_the_names_of_the_package():
    assert {*vaekit.estimators.__all__, *vaekit.FOLDERS} <= completions("import vaekit\nvaekit.")
    assert {*vaekit.estimators.__all__, *vaekit.FOLDERS} <= completions("from vaekit import ")


@pytest.mark.parametrize("name", ["VAE", "FactorDPVAE", "LearnedPriorAAE"])
def test_an_editor_completes_parameters(name):
    parameters = {f"{parameter}=" for parameter in getattr(vaekit, name)().get_params(deep=False)}
    assert parameters <= completions(f"from vaekit import {name}\n{name}(")


def test_an_editor_completes_methods_and_fitted_attributes():
    public = {"fit", "transform", "sample", "score", "inverse_transform", "net_", "history_", "kl_per_component_"}
    assert public <= completions("from vaekit import FactorDPVAE\nmodel = FactorDPVAE()\nmodel.")


def test_type_checkers_see_the_names_that_lazy_loading_goes_by():
    listed = re.search(r"from \. import \(.*?\n(.*?)\n    \)", Path(vaekit.__file__).read_text(), re.DOTALL)[1]
    assert [name.strip(" ,") for name in listed.splitlines()] == vaekit.FOLDERS
    assert {*vaekit.ESTIMATORS, *vaekit.APART} == {*vaekit.estimators.__all__}


def test_the_package_says_that_it_is_typed():
    assert (Path(vaekit.__file__).parent / "py.typed").is_file()
    assert "py.typed" in (ROOT / "pyproject.toml").read_text()
