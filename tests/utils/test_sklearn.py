import importlib
import pkgutil
from numbers import Real

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval as IntervalWithTruths

import vaekit
from tests.helpers.family import X, same_bits, tiny
from vaekit import VAE
from vaekit.likelihoods import Normal
from vaekit.nn import ConvNet
from vaekit.objectives import ImportanceWeighted
from vaekit.posteriors import Quantized
from vaekit.priors import MixtureOfNormals
from vaekit.utils._checks import check_count, check_number
from vaekit.utils._sklearn import InvalidParameterError, Options, validate_parameter_constraints


def test_parameters_are_checked_in_every_partial_fit():
    model = tiny("VAE").partial_fit(X)
    codes = model.transform(X)
    for name, value in {"learning_rate": -1, "precision": "f8", "batch_size": 0, "callbacks": 3}.items():
        before = getattr(model, name)
        with pytest.raises(ValueError, match=f"The {name!r} parameter of VAE"):
            model.set_params(**{name: value}).partial_fit(X)
        model.set_params(**{name: before})
    assert same_bits(model.transform(X), codes)
    assert model.partial_fit(X).n_steps_ == 10


def test_parameters_that_stay_are_checked_once(monkeypatch):
    checks = []
    monkeypatch.setattr(VAE, "_validate_params", lambda self: checks.append(self.learning_rate))
    model = tiny("VAE", learning_rate=1e-3).partial_fit(X)
    checks.clear()
    model.partial_fit(X).partial_fit(X)
    assert checks == []
    model.set_params(learning_rate=np.float64(2e-3)).partial_fit(X)
    assert checks == [2e-3]


# ---------------------------------------------------------------------- truths are no numbers


def every_constructor():
    """Estimators, words and whatever else declares its parameters."""
    for _, name, _ in pkgutil.walk_packages(vaekit.__path__, "vaekit."):
        if not name.endswith("__main__"):
            importlib.import_module(name)
    found, left = set(), [BaseEstimator]
    while left:
        children = left.pop().__subclasses__()
        left += children
        found |= {child for child in children if child.__module__.startswith("vaekit.")}
    return sorted(found, key=lambda cls: cls.__name__)


def test_no_constructor_takes_a_truth_for_a_number():
    n_rows = 0
    for cls in every_constructor():
        for name, row in getattr(cls, "_parameter_constraints", {}).items():
            if "boolean" in row or not any(isinstance(part, IntervalWithTruths | Options) for part in row):
                continue
            for value in (True, False):
                with pytest.raises(InvalidParameterError, match=f"The '{name}' parameter of {cls.__name__}"):
                    validate_parameter_constraints({name: row}, {name: value}, cls.__name__)
            n_rows += 1
    assert n_rows > 500


@pytest.mark.parametrize("truth", [True, np.True_])
def test_what_is_built_of_a_truth_names_the_parameter(truth):
    images = np.zeros((4, 8, 8), dtype=np.uint8)
    words = {"network": ConvNet(channels=truth), "prior": MixtureOfNormals(n_modes=truth),
             "posterior_family": Quantized(n_values=truth), "objective": ImportanceWeighted(n_samples=truth),
             "likelihood": Normal(scale=truth), "warmup": truth, "n_components": truth}  # fmt: skip
    for name, value in words.items():
        with pytest.raises(InvalidParameterError, match=r"The '\w+' parameter of \w+ must be .* Got True instead"):
            VAE(**{name: value}).fit(images)
    with pytest.raises(ValueError, match=r"'n_samples' parameter must be a positive integer\. Got True"):
        check_count(True, "n_samples")
    with pytest.raises(TypeError, match="strength must be an instance of float, not bool"):
        check_number(True, "strength", Real)
