"""Words are told of the model that they will stand in, each the same things."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from settings_of_words import setting

from vaekit import VAE
from vaekit.fitted._job import split
from vaekit.likelihoods import Normal
from vaekit.nn import MLP
from vaekit.objectives import ELBO
from vaekit.posteriors import DiagonalNormal
from vaekit.priors import StandardNormal
from vaekit.utils._spec import spec

X = np.random.default_rng(0).normal(3, 2, size=(2000, 4))
TOLD = {}  # by part


def telling(word, **methods):
    """Return a spec class whose methods write down what they were told."""

    def noting(part, method):
        def noted(self, setting):
            TOLD[part] = setting
            return getattr(word, method)(self, setting)

        return noted

    return spec(type(word.__name__, (word,), {method: noting(part, method) for part, method in methods.items()}))


Network = telling(MLP, encoder="encoder", decoder="decoder")
WORDS = {
    "network": Network(hidden_layer_sizes=(6, 5)),
    "posterior_family": telling(DiagonalNormal, posterior="build")(),
    "prior": telling(StandardNormal, prior="build")(),
    "likelihood": telling(Normal, likelihood="build")(),
    "objective": telling(ELBO, discriminator="discriminator")(),
}
PARTS = ["encoder", "posterior", "prior", "decoder", "likelihood", "discriminator"]


def fitted(X, **params):
    TOLD.clear()
    return VAE(**WORDS, n_components=2, max_epochs=1, random_state=0, **params).fit(X)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("part", PARTS)
def test_every_word_is_told_the_same(part):
    model = fitted(X)
    told, decoders = TOLD[part], TOLD["decoder"]
    assert (told.event_shape, told.n_components, told.condition_shape) == ((4,), 2, None)
    assert told.n_features == (None if part == "encoder" else 5)
    assert told.generator is decoders.generator
    assert told.rows is decoders.rows
    assert told.unit == decoders.unit == model.model_.blueprint.unit
    assert told.deviation == model.model_.blueprint.deviation
    assert type(told.network) is Network


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("n_rows", [2, 511, 512, 513, 2000])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_rows_to_start_from_are_training_rows_as_the_network_sees_them(n_rows, early_stopping):
    if early_stopping and n_rows < 10:
        n_rows = 10
    model = fitted(X[:n_rows], early_stopping=early_stopping)
    held_out = 0.1 if early_stopping else None
    rows, train = TOLD["prior"].rows, split(n_rows, held_out, model.model_.blueprint.train_seed)[0]
    assert 0 < len(rows) <= 512
    assert rows.dtype == torch.float32
    seen = model.model_.blueprint.preprocessing.to_network(X[:n_rows][np.asarray(train)])
    assert {row.tobytes() for row in rows.cpu().numpy()} <= {row.tobytes() for row in seen}
    assert len(rows) >= min(len(train), 256)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_images_have_channels_and_bytes_their_unit():
    fitted(np.random.default_rng(0).integers(0, 256, size=(30, 3, 2), dtype=np.uint8))
    assert TOLD["encoder"].event_shape == (1, 3, 2)
    assert TOLD["encoder"].rows.shape == (30, 1, 3, 2)
    assert TOLD["encoder"].rows.abs().max() < 5


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_trained_model_is_built_again_without_rows():
    model = fitted(X)
    TOLD.clear()
    again = VAE.__new__(VAE)
    again.__setstate__(model.__getstate__())
    assert [TOLD[part].rows for part in PARTS] == [None] * len(PARTS)
    assert np.array_equal(again.transform(X), model.transform(X))


def test_a_setting_is_a_value():
    with pytest.raises(FrozenInstanceError):
        setting().n_components = 5
