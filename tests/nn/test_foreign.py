"""Modules of others, of any make, become part of a model and change nothing but it."""

import copy
import pickle

import numpy as np
import pytest
import torch
from foreign_modules import MAKERS, UNUSUAL, X, Z, fit, has_moved, layers, pair, tied_functions, tied_modules
from settings_of_words import setting
from sklearn.base import clone
from torch import nn

from vaekit import DPVAE, VAE, FactorVAE

# ------------------------------------------------------------------ modules that write into their input


class Shifted(nn.Module):
    """x - 3 in a new tensor."""

    def forward(self, x):
        return x - 3.0


class ShiftedInPlace(nn.Module):
    """x - 3 written into x."""

    def forward(self, x):
        return x.sub_(3.0)


class ForgetfulOfRows(nn.Module):
    """x itself; what it was given the last time is overwritten."""

    def __init__(self):
        super().__init__()
        self.last = None

    def forward(self, x):
        if self.last is not None and not self.last.requires_grad:
            self.last.zero_()
        self.last = x.detach()
        return x.view_as(x)


def shift_input(module, inputs):
    inputs[0].sub_(3.0)


def hooked():
    """Return the identity, with a hook that writes into its input."""
    module = nn.Identity()
    module.register_forward_pre_hook(shift_input)
    return module


IN_PLACE = {
    "relu": (nn.ReLU(), nn.ReLU(inplace=True)),
    "dropout in inference": (nn.Identity(), nn.Dropout(0.0, inplace=True)),
    "a written forward": (Shifted(), ShiftedInPlace()),
    "a hook": (Shifted(), hooked()),
    "a later call": (nn.Identity(), ForgetfulOfRows()),
}


def numbers(model):
    """All that a fitted model says about rows and codes."""
    return {
        "history": [value for row in model.history_ for name, value in row.items() if name != "duration"],
        "codes": model.transform(X),
        "decoded": model.inverse_transform(Z),
        "samples": model.sample(5),
        "score": model.score_samples(X),
        "importance": model.score_samples(X, n_importance_samples=3),
        "likelihood": model.log_likelihood(X[:6], Z),
        "kl": model.kl_per_component_,
    }


@pytest.mark.parametrize("cls", [VAE, DPVAE, FactorVAE])
@pytest.mark.parametrize("name", IN_PLACE)
def test_writing_into_the_input_changes_no_number(name, cls):
    tidy, in_place = (numbers(fit(pair(*layers(first)), cls, early_stopping=True)) for first in IN_PLACE[name])
    for what, value in tidy.items():
        np.testing.assert_array_equal(in_place[what], value, err_msg=what)


def test_rows_and_codes_are_handed_over_with_their_gradient():
    encoder, _ = pair(*layers(ShiftedInPlace())).encoder(setting((5,)))
    rows = torch.ones(3, 5, requires_grad=True)
    (gradient,) = torch.autograd.grad(encoder(rows * 1.0).sum(), rows)
    assert gradient.abs().sum() > 0
    assert torch.equal(rows, torch.ones(3, 5))


# ------------------------------------------------------------------ weights in several places


class Renamed(nn.Module):
    """One weight under two names."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.same = layer, layer.weight

    def forward(self, x):
        return self.layer(x) + x @ self.same.T


TIED = {
    "modules": tied_modules,
    "in double precision": lambda: tied_modules(torch.float64),
    "functions": tied_functions,
}
JOURNEYS = {
    "fit": lambda model: model,
    "clone": lambda model: clone(model).fit(X),
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "pickle before fit": lambda model: pickle.loads(pickle.dumps(clone(model))).fit(X),
    "deepcopy before fit": lambda model: copy.deepcopy(clone(model)).fit(X),
}


@pytest.mark.parametrize("journey", JOURNEYS)
@pytest.mark.parametrize("name", TIED)
def test_what_was_one_stays_one(name, journey):
    model = JOURNEYS[journey](fit(TIED[name](), warm_start=True))
    for again in (False, True):
        module = (model.fit(X) if again else model).net_.module_
        encoder, decoder = module.encoder[0], module.decoder[0]
        assert encoder.weight is decoder.layer.weight
        assert encoder.seen is decoder.layer.seen is decoder.seen_too.seen
        trained = [p for p in module.parameters() if p.requires_grad]
        assert sum(p.numel() for own in model.net_.flat_.parts.values() for p in own) == sum(p.numel() for p in trained)


def test_a_weight_under_two_names_is_trained_once():
    module = Renamed(nn.Linear(5, 6))
    model = fit(pair(module, nn.Linear(2, 5)))
    for own in (model, pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        trained = own.net_.module_.encoder[0]
        assert trained.same is trained.layer.weight
        assert not torch.equal(trained.same, module.same)
        np.testing.assert_array_equal(own.transform(X), model.transform(X))


def test_frozen_weights_stay_as_they_are():
    encoder, decoder = layers()
    encoder.requires_grad_(False)
    model = fit(pair(encoder, decoder))
    assert torch.equal(model.net_.module_.encoder[0][0].weight, encoder[0].weight)
    assert not torch.equal(model.net_.module_.decoder[0][0].weight, decoder[0].weight)


def test_functions_make_new_layers_for_every_model():
    shared, frozen = nn.Linear(5, 6), nn.Linear(5, 5).requires_grad_(False)
    before = shared.weight.clone()
    network = pair(lambda shape: nn.Sequential(shared), lambda n, shape: nn.Linear(n, *shape))
    fit(network)
    with pytest.raises(ValueError, match=r"'encoder_module' .* must make new layers .* pass a module itself"):
        fit(network)
    assert not torch.equal(shared.weight, before)
    backbone = pair(lambda shape: nn.Sequential(frozen, nn.Linear(5, 6)), lambda n, shape: nn.Linear(n, *shape))
    np.testing.assert_array_equal(fit(backbone).transform(X), fit(backbone).transform(X))


def transposed_in_memory():
    encoder, decoder = nn.Linear(5, 2), nn.Linear(2, 5)
    decoder.weight = nn.Parameter(encoder.weight.data.T)
    return encoder, decoder


def test_weights_that_are_one_in_memory_only_are_refused():
    encoder, decoder = transposed_in_memory()
    with pytest.raises(ValueError, match=r"share memory without being one.* same nn.Parameter"):
        fit(pair(encoder, decoder))
    with pytest.raises(ValueError, match=r"share memory without being one.* same nn.Parameter"):
        fit(pair(lambda shape: encoder, lambda n, shape: decoder))
    neighbours = nn.Parameter(torch.zeros(20)[:10].view(5, 2))
    decoder.weight = neighbours
    assert np.isfinite(fit(pair(encoder, decoder)).score(X))


# ------------------------------------------------------------------ modules of unusual make


@pytest.mark.parametrize("name", MAKERS)
def test_functions_may_make_modules_of_any_kind(name):
    network = pair(lambda shape: MAKERS[name](), lambda n, shape: nn.Linear(n, *shape))
    model = fit(network, warm_start=True)
    assert np.isfinite(model.score(X))
    assert has_moved(model)
    travelled = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(travelled.transform(X), model.transform(X))
    np.testing.assert_allclose(travelled.fit(X).transform(X), model.fit(X).transform(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in MAKERS if UNUSUAL[name][1]])
def test_modules_of_any_kind_are_copied_and_trained(name):
    module = MAKERS[name]()
    model = clone(fit(pair(module, nn.Linear(2, 5)))).fit(X)
    assert np.isfinite(model.score(X))
    assert has_moved(model)
    np.testing.assert_array_equal(copy.deepcopy(model).transform(X), model.transform(X))


def test_compiled_modules_may_draw():
    encoder = torch.compile(nn.Sequential(nn.Linear(5, 6), nn.Dropout(0.5)), backend="eager")
    assert has_moved(fit(pair(encoder, lambda n, shape: nn.Sequential(nn.Linear(n, *shape), nn.Dropout(0.1)))))


# ------------------------------------------------------------------ batch normalisation


def normalised(image=False):
    """Return networks with a batch normalisation wherever one may stand, of columns or of images of one pixel."""
    if image:
        encoder = nn.Sequential(nn.Conv2d(1, 3, 4), nn.BatchNorm2d(3), nn.Flatten())
        return pair(encoder, nn.Sequential(nn.Unflatten(1, (2, 1, 1)), nn.BatchNorm2d(2), nn.ConvTranspose2d(2, 1, 4)))
    encoder = nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 6), nn.BatchNorm1d(6))
    return pair(encoder, nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 5)))


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.CollapseWarning")
@pytest.mark.parametrize("n_rows", range(2, 10))
@pytest.mark.parametrize("cls", [VAE, FactorVAE])
def test_batch_normalisation_trains_whatever_is_left_at_the_end(cls, n_rows):
    rng, discriminator = np.random.default_rng(n_rows), {"discriminator_layer_sizes": (4,)} if cls is FactorVAE else {}
    for batch_size in (2, 3, 4, 5, 128):
        for image in {False, batch_size == 3}:
            rows = rng.normal(size=(n_rows, 4, 4) if image else (n_rows, 5))
            parameters = {"n_components": 2, "max_epochs": 1, "batch_size": batch_size, "random_state": 0}
            model = cls(network=normalised(image), early_stopping=n_rows > 3, **parameters, **discriminator).fit(rows)
            assert np.isfinite(model.partial_fit(rows[:2] if n_rows < 4 else rows).transform(rows)).all()
