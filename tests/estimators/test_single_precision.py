"""Devices without double precision (MPS), emulated: any float64 tensor raises what they raise."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import vaekit
from vaekit import evaluation
from vaekit.likelihoods import Laplace
from vaekit.utils._torch import widest_float

X = np.random.default_rng(0).normal(size=(60, 4)) * [1, 2, 3, 400]
IMAGES = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
SETTINGS = {"n_components": 2, "max_epochs": 2, "random_state": 0}


class NoDoubles(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        if any(isinstance(leaf, torch.Tensor) and leaf.dtype == torch.float64 for leaf in tree_leaves(out)):
            raise TypeError("Cannot convert a MPS Tensor to float64: the framework does not support it.")
        return out


def everything(model, X):
    """What every public method of a fitted model makes of some rows."""
    Z = np.asarray(model.transform(X))
    arguments = {
        "inverse_transform": (Z,), "log_likelihood": (X, Z), "log_posterior": (X, Z), "log_prior": (Z,),
        "sample": (3,), "score": (X,), "score_samples": (X,), "to_generation_space": (Z,),
        "to_representation_space": (Z,),
    }  # fmt: skip
    if not model.posterior(X).scale.any():
        del arguments["log_posterior"]
    found = {name: getattr(model, name)(*given) for name, given in arguments.items() if hasattr(model, name)}
    found["draws"] = model.sample_posterior(X, n_samples=2)
    if hasattr(model, "score_samples"):
        found["importance"] = model.score_samples(X, n_importance_samples=5)
    return {"transform": Z, "likelihood_scale_": getattr(model, "likelihood_scale_", 0.0), **found}


def test_the_emulation_raises_and_sums_know_it():
    assert widest_float("cpu") == torch.float64
    with NoDoubles():
        assert widest_float("cpu") == torch.float32
        with pytest.raises(TypeError, match="MPS"):
            torch.zeros(2).double()


@pytest.mark.parametrize("name", sorted(vaekit.estimators.__all__))
def test_every_estimator_keeps_to_single_precision(name):
    estimator = getattr(vaekit, name)(**SETTINGS)
    y = np.arange(len(X)) % 2  # for the one that is told conditions
    expected = everything(estimator.fit(X, y), X)
    with NoDoubles():
        found = everything(estimator.fit(X, y), X)
    for method, value in expected.items():
        np.testing.assert_allclose(found[method], value, rtol=1e-4, atol=1e-4, err_msg=method)


KINDS = {
    "columns": (vaekit.VAE(**SETTINGS, standardize="column", likelihood=Laplace(scale=0.5)), X),
    "early_stopping": (vaekit.VAE(**SETTINGS, early_stopping=True), X),
    "bytes": (vaekit.VAE(**SETTINGS), IMAGES),
    "bytes_as_numbers": (vaekit.VAE(**SETTINGS, likelihood="normal"), IMAGES),
    "words": (vaekit.VAE(**SETTINGS), IMAGES.reshape(30, 64).astype(np.uint16)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_data_keeps_to_single_precision(kind):
    estimator, rows = KINDS[kind]
    with NoDoubles():
        everything(estimator.fit(rows).partial_fit(rows), rows)


EVALUATIONS = {
    "collapse_report": {},
    "generation_report": {"n_samples": 50, "n_importance_samples": 10, "n_likelihood_rows": 20, "random_state": 0},
    "importance_nll": {"n_importance_samples": 20, "random_state": 0},
    "kl_decomposition": {"random_state": 0},
    "reconstruction_error": {"random_state": 0},
    "symmetric_kl": {"n_samples": 50, "random_state": 0},
}


@pytest.mark.parametrize("name", EVALUATIONS)
def test_evaluation_keeps_to_single_precision(name):
    model = vaekit.DPVAE(**SETTINGS).fit(X)
    with NoDoubles():
        getattr(evaluation, name)(model, X, **EVALUATIONS[name])


def test_the_aggregate_posterior_is_right_in_single_precision():
    rng = np.random.default_rng(0)
    loc, scale = rng.normal(size=(2, 300, 3))
    expected = evaluation.aggregate_posterior_log_density(loc, loc, np.exp(scale))
    with NoDoubles():
        found = evaluation.aggregate_posterior_log_density(loc, loc, np.exp(scale))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, atol=1e-4)
