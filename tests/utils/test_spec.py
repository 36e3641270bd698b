"""Words: specs that are what scikit-learn expects of parameters, and vocabularies whose errors teach."""

import importlib
import inspect
import math
import re

import pytest
from sklearn.base import clone
from torch import nn

from vaekit.likelihoods import Normal
from vaekit.nn import Custom
from vaekit.objectives import ELBO, Warmup
from vaekit.priors import Decoupled, PriorSpec, StandardNormal
from vaekit.utils._sklearn import InvalidParameterError, validate_parameter_constraints
from vaekit.utils._spec import InstanceOf, Spec, Vocabulary, spec

FOLDERS = ["nn", "likelihoods", "posteriors", "priors", "objectives"]
PUBLIC = [
    getattr(importlib.import_module(f"vaekit.{folder}"), name)
    for folder in FOLDERS
    for name in importlib.import_module(f"vaekit.{folder}").__all__
]
NEEDED = {Custom: {"encoder_module": nn.Linear(2, 2), "decoder_module": nn.Linear(2, 2)}}
SPECS = {
    cls.__name__: cls(**NEEDED.get(cls, {}))
    for cls in PUBLIC
    if inspect.isclass(cls) and issubclass(cls, Spec) and not inspect.isabstract(cls)
}
over_specs = pytest.mark.parametrize("word", SPECS.values(), ids=SPECS)


# ---------------------------------------------------------------------- specs


@over_specs
def test_defaults_are_valid(word):
    assert word.validated() is word


@over_specs
def test_a_clone_has_the_same_parameters(word):
    twin = clone(word)
    assert twin is not word
    assert repr(twin) == repr(word)
    assert type(word)(**word.get_params(deep=False)).get_params(deep=False) == word.get_params(deep=False)


@over_specs
def test_every_parameter_has_a_constraint_and_a_sentence(word):
    names = set(word.get_params(deep=False))
    assert set(word._parameter_constraints) == names
    documentation = inspect.getdoc(type(word)).partition("Parameters\n----------")[2]
    assert [name for name in names if not re.search(rf"^[\w, ]*\b{name}\b.* : ", documentation, re.MULTILINE)] == []


@over_specs
def test_errors_name_parameter_and_class(word):
    for name in word.get_params(deep=False):
        wrong = clone(word).set_params(**{name: object()})
        with pytest.raises(InvalidParameterError, match=f"The '{name}' parameter of {type(word).__name__} must be"):
            wrong.validated()


@over_specs
def test_parameters_are_given_by_keyword(word):
    with pytest.raises(TypeError, match="positional argument"):
        type(word)(1)


def test_specs_inside_specs_are_validated():
    with pytest.raises(InvalidParameterError, match="The 'value' parameter of Warmup must be"):
        ELBO(beta=Warmup(value=-1)).validated()


def test_a_spec_inherits_the_constraints_of_what_it_builds_on():
    @spec
    class Wide(Decoupled):
        """Decoupled, and one more."""

        depth: int = 2

        _parameter_constraints = {"depth": [int]}

    assert set(Wide._parameter_constraints) == {*Decoupled._parameter_constraints, "depth"}
    assert "depth" not in Decoupled._parameter_constraints
    with pytest.raises(InvalidParameterError, match="'n_couplings' parameter of Wide"):
        Wide(n_couplings=0).validated()


# ---------------------------------------------------------------------- vocabularies

PRIORS = Vocabulary("prior", PriorSpec, {"normal": StandardNormal, "decoupled": Decoupled})


def test_a_word_gives_a_fresh_spec_each_time():
    first, second = PRIORS.resolve("decoupled"), PRIORS.resolve("decoupled")
    assert type(first) is type(second) is Decoupled
    assert first is not second


def test_a_spec_is_taken_as_it_is():
    word = Decoupled(n_couplings=6)
    assert PRIORS.resolve(word) is word


@pytest.mark.parametrize("wrong", ["decoupeld", "", None, 3, Normal(), Decoupled])
def test_what_is_no_word(wrong):
    message = r"'prior' parameter must be one of \['decoupled', 'normal'\] or an instance of 'vaekit.priors.PriorSpec'"
    with pytest.raises(InvalidParameterError, match=message) as error:
        PRIORS.resolve(wrong)
    assert repr(wrong) in str(error.value)


def test_a_spec_with_a_wrong_parameter():
    with pytest.raises(InvalidParameterError, match="'n_couplings' parameter of Decoupled"):
        PRIORS.resolve(Decoupled(n_couplings=1))


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [("normal", True), ("auto", True), (Decoupled(), True), ("x", False), (Normal(), False), (math.pi, False)],
)
def test_constraint(value, is_valid):
    def validate():
        validate_parameter_constraints({"prior": PRIORS.constraint("auto")}, {"prior": value}, caller_name="VAE")

    if is_valid:
        validate()
    else:
        with pytest.raises(InvalidParameterError, match="The 'prior' parameter of VAE must be"):
            validate()


@pytest.mark.parametrize("cls", [PriorSpec, Warmup])
def test_messages_name_a_class_where_it_is_imported_from(cls):
    public_path = re.escape(f"'{cls.__module__.split('._')[0]}.{cls.__name__}'")
    with pytest.raises(InvalidParameterError, match=f"must be an instance of {public_path}. Got 3 instead"):
        validate_parameter_constraints({"word": [InstanceOf(cls)]}, {"word": 3}, caller_name="VAE")


def test_a_word_is_respelled_when_a_parameter_of_it_is_set():
    assert type(PRIORS.respell("decoupled", ["n_couplings", "mask"])) is Decoupled


def test_a_parameter_that_the_word_does_not_have():
    message = (
        r"Invalid parameter 'depth' for prior='decoupled'. Valid parameters are: \['hidden_width', 'mask', 'n_coup"
    )
    with pytest.raises(ValueError, match=message):
        PRIORS.respell("decoupled", ["mask", "depth"])


def test_a_parameter_of_what_is_no_word():
    message = (
        r"Invalid parameter 'mask' for prior='auto': set 'prior' to one of \['decoupled', 'normal'\] or a spec object"
    )
    with pytest.raises(ValueError, match=message):
        PRIORS.respell("auto", ["mask"])
