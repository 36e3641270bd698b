"""Foreign modules in pickles and hashes: by their values, each tensor once."""

import copy
import io
import pickle

import joblib
import numpy as np
import pytest
import torch
from foreign_modules import MAKERS, UNUSUAL, X, fit, layers, pair, tied_modules
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from vaekit import VAE


@pytest.mark.parametrize("name", [name for name in MAKERS if UNUSUAL[name][2]])
def test_modules_of_any_kind_are_pickled(name):
    model = fit(pair(MAKERS[name](), nn.Linear(2, 5)), warm_start=True)
    travelled = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(travelled.transform(X), model.transform(X))
    assert joblib.hash(travelled.network) == joblib.hash(model.network) == joblib.hash(clone(model.network))
    np.testing.assert_allclose(travelled.fit(X).transform(X), model.fit(X).transform(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in MAKERS if not UNUSUAL[name][2]])
def test_what_cannot_be_pickled_or_copied_says_so(name):
    network = pair(MAKERS[name](), nn.Linear(2, 5))
    if UNUSUAL[name][1]:
        with pytest.raises(pickle.PicklingError, match=r"'encoder_module' .* pass a function that builds the module"):
            pickle.dumps(fit(network))
    else:
        with pytest.raises(ValueError, match=r"'encoder_module' .* can be copied, or a function that builds it"):
            fit(network)


def test_a_warm_start_goes_on_after_a_pickle_as_without():
    model = fit(tied_modules(), warm_start=True)
    travelled = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(travelled.fit(X).transform(X), model.fit(X).transform(X))
    with torch.no_grad():
        travelled.network.encoder_module.weight.add_(1.0)
    again = pickle.loads(pickle.dumps(travelled))
    again.network.encoder_module.weight.data.add_(1.0)
    with pytest.raises(ValueError, match=r"network__encoder_module.* changed since the first fit"):
        again.fit(X)


def local_network():
    class Local(nn.Module):
        """Known by no name outside."""

        def __init__(self):
            super().__init__()
            self.layer, self.kept = nn.Linear(5, 6), [torch.ones(2), {"more": torch.zeros(1)}]

        def forward(self, x):
            return self.layer(x)

    return pair(Local(), lambda n, shape: nn.Linear(n, *shape))


def test_a_hash_is_that_of_the_weights():
    first, second = layers()[0], layers()[0]
    assert joblib.hash(pair(first, first)) == joblib.hash(pair(second, second))
    with torch.no_grad():
        second[0].weight[0, 0] += 1.0
    assert joblib.hash(pair(first, first)) != joblib.hash(pair(second, second))


NAMED = {
    "local": local_network(),
    "modules": pair(*layers()),
    "tied": tied_modules(),
    "functions": pair(lambda shape: nn.Linear(*shape, 3), lambda n, shape: nn.Linear(n, *shape)),
}


@pytest.mark.parametrize("name", NAMED)
def test_hashes_survive_the_ways_of_a_search(name):
    network = NAMED[name]
    copies = [clone(network), copy.deepcopy(network), clone(clone(VAE(network=network))).network]
    assert {joblib.hash(copied) for copied in copies} == {joblib.hash(network)}


@pytest.mark.parametrize("name", NAMED)
def test_a_pipeline_finds_its_fit_again(name, tmp_path):
    model = VAE(n_components=2, max_epochs=1, random_state=0, network=NAMED[name])
    memory = joblib.Memory(tmp_path, verbose=0)
    first, second = (
        clone(make_pipeline(StandardScaler(), model, StandardScaler(), memory=memory)).fit(X) for _ in range(2)
    )
    assert second[1].history_[0]["duration"] == first[1].history_[0]["duration"]
    np.testing.assert_array_equal(second.transform(X), first.transform(X))


def test_pickles_hold_arrays_only():
    class WithoutTorch(pickle.Unpickler):
        def find_class(self, module, name):
            assert not name.startswith("_rebuild"), f"{module}.{name}"
            return super().find_class(module, name)

    model = fit(local_network())
    model.network.decoder_module = nn.Linear(2, 5)
    WithoutTorch(io.BytesIO(pickle.dumps(model))).load()


def test_parameters_of_the_network_can_be_set():
    model = VAE(network=pair(*layers()), n_components=2, max_epochs=1)
    model.set_params(network__encoder_module=nn.Linear(5, 3))
    assert clone(model).fit(X).net_.module_.encoder[0].out_features == 3
