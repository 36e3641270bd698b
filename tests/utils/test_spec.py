"""Words: specs that are what scikit-learn expects of parameters, and vocabularies whose errors teach."""

import importlib
import inspect
import math
import re
from fractions import Fraction

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.mixture import GaussianMixture
from torch import nn

import vaekit
from vaekit import VAE
from vaekit.likelihoods import Normal, Perceptual, Product
from vaekit.nn import MLP, ConvNet, Custom
from vaekit.objectives import ELBO, DensityRatio, JensenShannon, Objective, TotalCorrelation, Warmup
from vaekit.objectives._adversarial import WithDiscriminator
from vaekit.priors import Decoupled, PriorSpec, StandardNormal
from vaekit.utils._docstrings import parameter_entries
from vaekit.utils._sklearn import InvalidParameterError, validate_parameter_constraints
from vaekit.utils._spec import InstanceOf, Spec, Vocabulary, spec

FOLDERS = ["nn", "likelihoods", "posteriors", "priors", "objectives"]
PUBLIC = [
    getattr(importlib.import_module(f"vaekit.{folder}"), name)
    for folder in FOLDERS
    for name in importlib.import_module(f"vaekit.{folder}").__all__
]
NEEDED = {
    Custom: {"encoder_module": nn.Linear(2, 2), "decoder_module": nn.Linear(2, 2)},
    Perceptual: {"features": nn.Linear(2, 2)},
    Product: {"parts": ((Normal(), (0, 1)),)},
}
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


def comparable(value):
    """Estimators of scikit-learn's are what they print."""
    return repr(value) if isinstance(value, GaussianMixture) else value


@over_specs
def test_every_parameter_is_described_once_with_its_default(word):
    entries = parameter_entries(type(word).__doc__)
    assert sorted(name for names in entries for name in names.split(", ")) == sorted(word.get_params(deep=False))
    stated = {name: re.search(r"default=(.+)$", text.splitlines()[0]) for name, text in entries.items()}
    told = {
        name: comparable(eval(found[1], {"GaussianMixture": GaussianMixture}))
        for name, found in stated.items()
        if found
    }
    assert told == {
        name: comparable(value)
        for name, value in type(word)(**NEEDED.get(type(word), {})).get_params(deep=False).items()
        if name in told
    }
    assert set(stated) - set(told) == set(NEEDED.get(type(word), {}))


def test_shared_parameters_are_described_once():
    """Those of a discriminator by what every word with one is made of, `prior_weight` by the objective."""
    for word in (TotalCorrelation, JensenShannon, DensityRatio):
        told = parameter_entries(word.__doc__)
        assert {**told, **parameter_entries(WithDiscriminator.__doc__)} == told
    assert (
        parameter_entries(TotalCorrelation.__doc__)["prior_weight"]
        == parameter_entries(Objective.__doc__)["prior_weight"]
    )


def test_a_word_of_ones_own_is_told_with_its_own_defaults():
    @spec
    class Loud(TotalCorrelation):
        """A total correlation that weighs more."""

        gamma: float = 40.0

    entries = parameter_entries(Loud.__doc__)
    assert entries["gamma"].startswith("gamma : float or Warmup, default=40.0\n    Weight of the total correlation")
    assert list(entries) == list(parameter_entries(TotalCorrelation.__doc__))


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


# ---------------------------------------------------------------------- numbers of NumPy


def as_numpy(value, number):
    """Return numbers as NumPy has them: integers of a type, lists of them as an array."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return number(value)
    if isinstance(value, float):
        return np.float64(value)
    return np.array(value, dtype=number) if isinstance(value, tuple) and all(type(v) is int for v in value) else value


def types_within(value):
    return {type(value)}.union(*map(types_within, value)) if isinstance(value, (list, tuple)) else {type(value)}


@pytest.mark.parametrize("number", [np.int64, np.uint16, np.int32])
@over_specs
def test_numbers_of_numpy_are_kept_as_plain_numbers(word, number):
    params = word.get_params(deep=False)
    twin = type(word)(**{name: as_numpy(value, number) for name, value in params.items()})
    for name, value in twin.get_params(deep=False).items():
        assert value == params[name]
        assert types_within(value) == types_within(params[name])
    assert clone(twin).set_params(**params).get_params(deep=False) == params


def test_sequences_of_numpy_numbers_become_plain_where_they_stand():
    sizes = [np.int64(8), 4]
    word = MLP(hidden_layer_sizes=sizes)
    assert types_within(word.hidden_layer_sizes) == {list, int}
    assert types_within(word.set_params(hidden_layer_sizes=(np.uint8(3),)).hidden_layer_sizes) == {tuple, int}
    plain = (8, 4)
    assert MLP(hidden_layer_sizes=plain).hidden_layer_sizes is plain


# numbers that estimators take, as plain as they come; those of one estimator alone are added from its defaults
SIZES = {
    "n_components": 3, "hidden_layer_sizes": (9, 8), "batch_size": 16, "max_epochs": 2, "max_steps": 3, "warmup": 2,
    "n_iter_no_change": 2, "random_state": 5, "verbose": 0, "learning_rate": 0.001, "discriminator_layer_sizes": (7,),
}  # fmt: skip


@pytest.mark.parametrize("number", [np.int64, np.uint8])
@pytest.mark.parametrize("name", sorted(vaekit.estimators.__all__))
def test_estimators_take_numpy_numbers_for_their_own(name, number):
    X, cls = np.random.default_rng(0).normal(size=(40, 4)), getattr(vaekit, name)
    defaults = cls().get_params(deep=False)
    plain = {
        name: SIZES.get(name, value)
        for name, value in defaults.items()
        if name in SIZES or (type(value) in (int, float, tuple) and name != "steps")
    }
    given = {name: as_numpy(value, number) for name, value in plain.items()}
    y = np.arange(40) % 2
    one, other = cls(**plain, early_stopping=True).fit(X, y), clone(cls(**given, early_stopping=True)).fit(X, y)
    np.testing.assert_array_equal(other.transform(X), one.transform(X))
    assert {name: types_within(other.get_params()[name]) for name in plain} == {
        name: types_within(value) for name, value in plain.items()
    }


NETWORKS = {
    "mlp": lambda n: MLP(hidden_layer_sizes=np.array([n(200), n(100)])),
    "conv": lambda n: ConvNet(channels=n(3), hidden_layer_sizes=[n(200)]),
}


@pytest.mark.parametrize("number", [np.int64, np.uint8])
@pytest.mark.parametrize("network", NETWORKS)
def test_sizes_of_any_type_make_the_same_model(network, number):
    """Two hundred latents: twice as many do not fit into a byte."""
    images = np.random.default_rng(0).normal(size=(20, 8, 9))
    models = [
        VAE(
            n_components=n(200), network=NETWORKS[network](n), batch_size=n(200), max_steps=n(1), random_state=n(0),
            prior=Decoupled(n_couplings=n(2), hidden_width=n(200)),
        ).fit(images)
        for n in (int, number)
    ]  # fmt: skip
    one, other = ([p.detach() for p in model.net_.module_.parameters()] for model in models)
    assert all(torch.equal(p, q) for p, q in zip(one, other, strict=True))
    both = list(zip(models, (int, number)))
    assert np.array_equal(*(model.score_samples(images, n_importance_samples=n(3)) for model, n in both))
    assert np.array_equal(*(model.sample(n(250)) for model, n in both))


def test_fractions_and_arrays_without_axes_are_plain_numbers():
    model = vaekit.VAE(learning_rate=Fraction(1, 100), n_components=np.array(3), tol=Fraction(1, 3))
    assert (model.learning_rate, model.n_components, model.tol) == (0.01, 3, 1 / 3)
    assert {type(model.learning_rate), type(model.n_components)} == {float, int}
    with pytest.raises(ValueError, match="'hidden_layer_sizes'"):
        vaekit.VAE(hidden_layer_sizes=np.array(8)).fit(np.eye(4))


@pytest.mark.parametrize("sizes", [(True,), (4, np.bool_(True))])
def test_a_width_is_no_truth_value(sizes):
    with pytest.raises(ValueError, match="positive integers"):
        MLP(hidden_layer_sizes=sizes).validated()
