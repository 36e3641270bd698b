import numpy as np
import pytest

from tests.helpers.family import X, same_bits, tiny
from vaekit import VAE


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
