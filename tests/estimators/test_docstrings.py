"""help() tells everything: every parameter once, with the default it really has, in the words of what it is one of."""

import inspect
import re
from dataclasses import fields

import pytest
from family import NAMES, X, tiny

import vaekit
from vaekit import BetaVAE, FlowPriorVAE, likelihoods, nn, objectives, posteriors, priors
from vaekit.estimators._base import BaseEncoder, estimator
from vaekit.objectives import ELBO, Objective
from vaekit.utils._docstrings import own_defaults, parameter_entries, split_sections
from vaekit.utils._sklearn import StrOptions
from vaekit.utils._spec import Spec

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


# ---------------------------------------------------------------------- the strings of a parameter

ROOMS = (likelihoods, nn, objectives, posteriors, priors)
TAKING_WORDS = {name: getattr(vaekit, name) for name in sorted(vaekit.estimators.__all__)} | {
    name: kind
    for room in ROOMS
    for name, kind in vars(room).items()
    if isinstance(kind, type) and issubclass(kind, Spec)
}


def admitted(cls):
    """Strings that each parameter takes, for those that take some."""
    strings = {
        name: set().union(*(one.options for one in row if isinstance(one, StrOptions)))
        for name, row in cls._parameter_constraints.items()
    }
    return {name: found for name, found in strings.items() if found}


@pytest.mark.parametrize("name", TAKING_WORDS)
def test_a_parameter_lists_the_strings_that_it_takes(name):
    types = {word: text.split("\n")[0] for word, text in parameter_entries(TAKING_WORDS[name].__doc__).items()}
    listed = {word: set(re.findall(r'"(\w+)"', told.split("default=")[0])) for word, told in types.items()}
    assert {word: found for word, found in listed.items() if found} == admitted(TAKING_WORDS[name])


# ---------------------------------------------------------------------- named once, by the objective

FACES = [name for name in NAMES if getattr(vaekit, name)._objective is not Objective]


def own_fields(cls):
    """Fields that a class declares itself and none of its bases has, with their defaults."""
    parent = next(base for base in cls.__mro__[1:] if issubclass(base, BaseEncoder))
    inherited = {field.name for field in fields(parent)}
    return {name: value for name, value in own_defaults(cls).items() if name not in inherited and name[0] != "_"}


@pytest.mark.parametrize("name", FACES)
def test_parameters_of_a_word_are_told_by_the_word(name):
    """Constraint and description of a field are those of the parameter of its name, or the estimator's own file's."""
    cls = getattr(vaekit, name)
    source = inspect.getsource(cls)
    for word in filter(None, (cls._objective, cls._divergence)):
        for parameter in {field.name for field in fields(word)} & set(own_fields(cls)):
            is_told_here = re.search(rf"^    {parameter} : ", source, re.MULTILINE) is not None
            described = parameter_entries(cls.__doc__)[parameter].splitlines()[1:]
            assert (described == parameter_entries(word.__doc__)[parameter].splitlines()[1:]) is not is_told_here
            is_constrained_here = f'"{parameter}": ' in source
            row = cls._parameter_constraints[parameter]
            assert (row is word._parameter_constraints[parameter]) is not is_constrained_here


OWN_DEFAULTS = {
    ("BetaVAE", "beta"): 4.0, ("FlowPriorVAE", "beta"): 0.1, ("WAE", "kernel"): "imq", ("AAE", "weight"): 30.0,
}  # fmt: skip


@pytest.mark.parametrize("name", FACES)
def test_defaults_that_are_not_the_word_s_are_few_and_known(name):
    cls = getattr(vaekit, name)
    for parameter, default in own_fields(cls).items():
        for word in filter(None, (cls._divergence, cls._objective)):
            if parameter in {field.name for field in fields(word)}:
                assert default == OWN_DEFAULTS.get((name, parameter), getattr(word, parameter))


def test_an_estimator_of_ones_own_takes_its_parameters_from_the_objective():
    class FreeVAE(BetaVAE):
        """beta-VAE with free bits."""

        free_bits: float = 0.5
        free_bits_per: str = ELBO.free_bits_per

    FreeVAE = estimator(FreeVAE)
    assert repr(FreeVAE(beta=2)._make_objective()) == "ELBO(beta=2, free_bits=0.5)"
    entries = parameter_entries(FreeVAE.__doc__)
    assert list(entries)[:3] == ["free_bits", "free_bits_per", "beta"]
    assert entries["free_bits"] == parameter_entries(ELBO.__doc__)["free_bits"].replace("default=0.0", "default=0.5")
    with pytest.raises(ValueError, match="The 'free_bits' parameter of FreeVAE must be a float"):
        FreeVAE(free_bits=-1).fit(X)


def test_what_an_estimator_says_of_a_parameter_stays_in_those_made_of_it():
    class OtherFlowVAE(FlowPriorVAE):
        """FP-VAE with another default."""

        beta: float = 0.5

    OtherFlowVAE = estimator(OtherFlowVAE)
    assert OtherFlowVAE._parameter_constraints["beta"] is FlowPriorVAE._parameter_constraints["beta"]
    described = parameter_entries(OtherFlowVAE.__doc__)["beta"]
    assert described == parameter_entries(FlowPriorVAE.__doc__)["beta"].replace("default=0.1", "default=0.5")
