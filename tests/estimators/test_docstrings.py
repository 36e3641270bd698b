"""help() tells everything: every parameter once, with the default it really has."""

import inspect
import re

import pytest
from family import NAMES, X, tiny

import vaekit
from vaekit.estimators._docstrings import inherit_sections, restate_defaults, split_sections

ENTRY = re.compile(r"^(\w+(?:, \w+)*) : (.+)$", re.MULTILINE)


def described(name, section):
    """Names that a section of a class's docstring describes, in order, each with the default stated for it."""
    _, sections = split_sections(getattr(vaekit, name).__doc__)
    found = []
    for line in ENTRY.findall(sections[section]):
        words, stated = line[0].split(", "), re.search(r"default=(.+)$", line[1])
        default = eval(stated[1], {}) if stated else "no default stated"
        found += zip(words, default if stated and len(words) > 1 else [default] * len(words), strict=True)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_described_once(name):
    words = [word for word, _ in described(name, "Parameters")]
    parameters = inspect.signature(getattr(vaekit, name)).parameters
    assert sorted(words) == sorted(parameters)
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters.values())


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_stated_as_they_are(name):
    assert dict(described(name, "Parameters")) == getattr(vaekit, name)().get_params(deep=False)


@pytest.mark.parametrize("name", NAMES)
def test_own_parameters_come_first(name):
    cls = getattr(vaekit, name)
    own = [word for word in vars(cls).get("__annotations__", {}) if word in inspect.signature(cls).parameters]
    inherited = set(inspect.signature(cls.__mro__[1]).parameters)
    new = [word for word in own if word not in inherited]
    assert [word for word, _ in described(name, "Parameters")][: len(new)] == new


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
@pytest.mark.parametrize("name", NAMES)
def test_every_fitted_attribute_is_described(name):
    model = tiny(name, max_epochs=1).fit(X)
    words = [word for word, _ in described(name, "Attributes")]
    assert len(words) == len(set(words))
    assert {word for word in vars(model) if word.endswith("_") and not word.startswith("_")} <= set(words)
    assert all(hasattr(model, word) for word in words if word != "feature_names_in_")


@pytest.mark.parametrize("name", NAMES)
def test_sections_stand_in_numpydoc_order(name):
    summary, sections = split_sections(getattr(vaekit, name).__doc__)
    order = ["Parameters", "Attributes", "See Also", "Notes", "References", "Examples"]
    assert list(sections) == [title for title in order if title in sections]
    assert {"Parameters", "Attributes"} <= set(sections)
    assert summary.splitlines()[0].endswith(".")


def test_an_own_entry_hides_the_inherited_one():
    inherited = 'Base.\n\nParameters\n----------\na : int, default=1\n    First.\nb : str, default="x"\n    Second.\n'
    own = 'Own.\n\nParameters\n----------\nb : str, default="y"\n    Other.\n'
    _, sections = split_sections(inherit_sections(own, restate_defaults(inherited, {"a": 2})))
    assert sections["Parameters"].split("\n") == [
        'b : str, default="y"', "    Other.", "a : int, default=2", "    First.",
    ]  # fmt: skip
