"""Whatever rows come in: tables, frames, tensors, files, images; they come back in their own shape and units."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from family import IMAGES, X, same_bits, tiny
from PIL import Image
from skorch.callbacks import Callback

from vaekit.datasets._lazy import LazyImages
from vaekit.exceptions import VaekitWarning
from vaekit.fitted import _densities
from vaekit.fitted._preprocessing import Preprocessing
from vaekit.likelihoods import Bernoulli, Normal

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")

X32 = X.astype(np.float32)
NAMES = ["width", "height", "depth", "mass"]


# ------------------------------------------------------------------ containers of the same numbers


def memory_map(A, folder):
    path = folder / "rows.npy"
    np.save(path, A)
    return np.load(path, mmap_mode="r")


def read_only(A, folder):
    A = A.copy()
    A.flags.writeable = False
    return A


class OnDisk:
    """Images that are read when asked for."""

    def __init__(self, images):
        self._images, self.shape, self.ndim = images, images.shape, images.ndim

    def __len__(self):
        return len(self._images)

    def __array__(self, dtype=None, copy=None):
        return np.array(self._images, dtype)


CONTAINERS = {
    "list of images": (lambda A, folder: list(A), IMAGES),
    "images on disk": (lambda A, folder: OnDisk(A), IMAGES),
    "list": (lambda A, folder: A.tolist(), X),
    "pandas": (lambda A, folder: pd.DataFrame(A, columns=NAMES), X),
    "polars": (lambda A, folder: pl.DataFrame(A, schema=NAMES), X),
    "memory map": (memory_map, X32),
    "memory map of images": (memory_map, IMAGES),
    "read only": (read_only, X),
    "Fortran order": (lambda A, folder: np.asfortranarray(A), X),
    "strided": (lambda A, folder: np.repeat(A, 2, axis=0)[::2], X),
    "strided images": (lambda A, folder: np.repeat(A, 2, axis=2)[:, :, ::2], IMAGES),
    "backwards": (lambda A, folder: A[::-1].copy()[::-1], X32),
    "big-endian": (lambda A, folder: A.astype(A.dtype.newbyteorder(">")), X),
    "tensor": (lambda A, folder: torch.from_numpy(A), X32),
    "tensor with a gradient": (lambda A, folder: torch.from_numpy(A).requires_grad_(), X),
    "tensor of images": (lambda A, folder: torch.from_numpy(A), IMAGES),
    "small integers": (lambda A, folder: A.astype(np.int16), X.round()),
    "tensor of integers": (lambda A, folder: torch.from_numpy(A.astype(np.int64)), X.round()),
    "half-precision tensor": (lambda A, folder: torch.from_numpy(A).bfloat16(), X32.round()),
    "half precision": (lambda A, folder: A.astype(np.float16), X32.round()),
    "16 bits": (lambda A, folder: A.astype(np.uint16), (100 * X32).round().clip(0)),
    "big-endian 16 bits": (lambda A, folder: A.astype(">u2"), (100 * X32).round().clip(0)),
    "64 bits": (lambda A, folder: A.astype(np.int64), X.round()),
    "objects": (lambda A, folder: A.astype(object), X),
    "a masked array without a mask": (lambda A, folder: np.ma.array(A), X),
    "rows": (lambda A, folder: list(A), X32),
    "rows in tensors": (lambda A, folder: list(torch.from_numpy(A).requires_grad_()), X32),
    "Arrow": (lambda A, folder: pa.table(dict(zip(NAMES, A.T))), X),
    "pictures": (lambda A, folder: [Image.fromarray(picture) for picture in A], IMAGES),
    "bool": (lambda A, folder: A.astype(bool), (X32 > 2).astype(np.float32)),
}


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("container", CONTAINERS)
def test_containers_of_the_same_numbers_are_the_same_data(container, tmp_path):
    wrap, A = CONTAINERS[container]
    wrapped, model = wrap(A, tmp_path), tiny("DPVAE", likelihood="bernoulli" if container == "bool" else "auto")
    expected = model.fit_transform(A)
    codes = model.fit_transform(wrapped)
    assert same_bits(codes.astype(expected.dtype), expected)
    assert same_bits(model.transform(wrapped), codes)
    assert model.score(wrapped) == model.score(A)


@pytest.mark.parametrize("A", [X, X32, IMAGES])
def test_the_rows_given_are_not_changed(A):
    before = A.copy()
    model = tiny("FactorDPVAE").fit(A)
    model.transform(A), model.score(A)
    assert same_bits(A, before)


def test_targets_are_ignored():
    assert same_bits(tiny("VAE").fit(X, y=["anything"]).transform(X), tiny("VAE").fit(X).transform(X))
    assert same_bits(tiny("VAE").fit_transform(X, np.arange(35)), tiny("VAE").fit_transform(X))


# ------------------------------------------------------------------ frames and names


@pytest.mark.parametrize(("output", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_frames_in_and_out(output, frame):
    table = frame(dict(zip(NAMES, X.T)))
    model = tiny("BetaVAE").set_output(transform=output).fit(table)
    assert model.feature_names_in_.tolist() == NAMES
    codes = model.transform(table)
    assert isinstance(codes, frame)
    assert list(codes.columns) == list(model.get_feature_names_out()) == ["betavae0", "betavae1"]
    np.testing.assert_array_equal(codes.to_numpy(), tiny("BetaVAE").fit_transform(X))
    assert isinstance(model.fit_transform(table), frame)
    assert type(model.inverse_transform(codes.to_numpy())) is type(model.sample(2)) is np.ndarray


def test_an_index_is_kept():
    table = pd.DataFrame(X, columns=NAMES, index=[f"row {i}" for i in range(35)])
    codes = tiny("VAE").set_output(transform="pandas").fit_transform(table)
    assert codes.index.equals(table.index)


def test_columns_in_another_order_are_refused():
    table = pd.DataFrame(X, columns=NAMES)
    model = tiny("VAE").fit(table)
    for method in (model.transform, model.score, model.posterior, model.partial_fit):
        with pytest.raises(ValueError, match="feature names should match"):
            method(table[NAMES[::-1]])


# ------------------------------------------------------------------ shapes and units


@pytest.mark.parametrize("shape", [(9, 8), (1, 9, 8), (3, 7, 12), (1, 1), (28, 5)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_images_of_any_shape_come_back_in_their_own(shape, dtype):
    images = np.random.default_rng(0).integers(0, 256, size=(12, *shape)).astype(dtype)
    model = tiny("VAE", max_epochs=1).fit(images)
    decoded = model.inverse_transform(model.transform(images))
    assert decoded.shape == images.shape
    assert decoded.dtype == np.float32
    assert model.sample(5).shape == (5, *shape)
    assert (model.image_shape_, model.n_features_in_) == (shape, np.prod(shape))
    assert 0 < decoded.mean() < 255
    flat = images.reshape(12, -1)  # the same pixels as a table are the same rows
    assert same_bits(model.transform(flat), model.transform(images))


@pytest.mark.parametrize(
    ("A", "likelihood"),
    [
        (X, Normal),
        (np.round(X).astype(np.uint8), Normal),
        ((X > 2).astype(float), Normal),
        (X > 2, Bernoulli),
        ((X > 2).astype(np.uint8), Normal),
        (IMAGES, Bernoulli),
        (IMAGES.astype(float), Normal),
        (IMAGES / 255, Normal),
        ((IMAGES > 99).astype(float), Normal),
        (IMAGES > 99, Bernoulli),
        (np.zeros((9, 3, 3), np.uint8), Bernoulli),
        (IMAGES.astype(np.uint16), Normal),
        ((IMAGES > 99).astype(np.uint8), Bernoulli),
        (np.zeros((9, 3)), Normal),
        (np.ones((9, 3)), Normal),
    ],
)
def test_what_auto_chooses(A, likelihood):
    model = tiny("VAE", max_epochs=1).fit(A)
    assert type(model.likelihood_) is likelihood
    assert model.likelihood == "auto"


def test_bytes_stay_bytes_in_memory():
    seen = []

    class Look(Callback):
        def on_epoch_begin(self, net, dataset_train=None, **kwargs):
            seen.append((dataset_train.values.dtype, dataset_train.values.numel()))

    tiny("VAE", callbacks=[Look()], max_epochs=1).fit(IMAGES).set_params(likelihood="normal").fit(IMAGES)
    table = np.random.default_rng(0).integers(0, 256, size=(30, 5), dtype=np.uint8) // np.array(
        [1, 1, 1, 1, 120], "uint8"
    )
    model = tiny("VAE", callbacks=[Look()], max_epochs=1).fit(table)
    assert seen == [(torch.uint8, IMAGES.size)] * 2 + [(torch.uint8, 150)]
    assert np.isfinite(model.score(table))


@pytest.mark.parametrize("likelihood", ["normal", "laplace"])
@pytest.mark.parametrize("as_images", [False, True])
def test_units_of_bytes_do_not_matter_to_what_is_learned(likelihood, as_images):
    """The same numbers as bytes and as floats train the same model, up to rounding."""
    A = (np.random.default_rng(0).normal(size=(60, 2)) @ np.random.default_rng(1).normal(size=(2, 16)) * 20 + 128).clip(
        0, 255
    )
    A = A.astype(np.uint8).reshape(60, 4, 4) if as_images else A.astype(np.uint8)
    likelihood = "normal" if likelihood == "auto" else likelihood
    as_bytes, as_floats = (tiny("VAE", likelihood=likelihood).fit(B) for B in (A, A.astype(np.float64)))
    np.testing.assert_allclose(as_bytes.transform(A), as_floats.transform(A), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(as_bytes.score_samples(A), as_floats.score_samples(A), rtol=1e-4)


def test_decoded_means_are_in_the_units_of_the_data():
    A = 1e5 + 300 * X
    model = tiny("VAE", max_epochs=200, learning_rate=1e-2, hidden_layer_sizes=(16,)).fit(A)
    decoded, drawn = model.inverse_transform(model.transform(A)), model.sample(2000)
    assert decoded.dtype == np.float64
    assert np.mean((decoded - A) ** 2) < 0.5 * A.var(axis=0).mean()
    np.testing.assert_allclose(drawn.mean(axis=0), A.mean(axis=0), atol=0.7 * A.std(axis=0).max())


# ------------------------------------------------------------------ images that are not what they seem


def test_channels_that_come_last_are_pointed_out():
    colour = np.random.default_rng(0).integers(0, 255, size=(6, 8, 9, 3)).astype(np.uint8)
    with pytest.warns(UserWarning, match=r"read as images of 8 channels and 9 x 3 pixels.*transpose\(0, 3, 1, 2\)"):
        tiny("VAE").fit(colour)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("ignore", VaekitWarning)
        tiny("VAE").fit(colour.transpose(0, 3, 1, 2))


def test_pixels_may_be_brought_to_one_scale_each():
    images = IMAGES.astype(np.float64) * np.geomspace(1, 1e4, IMAGES[0].size).reshape(IMAGES[0].shape)
    model = tiny("VAE", standardize="column", likelihood="normal").fit(images)
    unit = model.model_.blueprint.preprocessing.unit
    np.testing.assert_allclose(unit, np.where(images.std(axis=0) > 0, images.std(axis=0), 1).ravel(), rtol=1e-9)
    assert model.sample(2, random_state=0).shape == (2, *IMAGES.shape[1:])


# ------------------------------------------------------------------ memory


def test_inference_converts_rows_block_by_block(monkeypatch):
    """Bytes become floats in blocks: what a call needs beside X does not grow with it."""
    model, sizes = tiny("DPVAE").fit(IMAGES), []
    most, to_network = model.model_.blueprint.network.inference_rows, Preprocessing.to_network

    def watched(self, rows):
        sizes.append(len(rows))
        return to_network(self, rows)

    monkeypatch.setattr(Preprocessing, "to_network", watched)
    monkeypatch.setattr(_densities, "VALUES_AT_ONCE", most * model.n_features_in_)
    many = np.tile(IMAGES, (3 * most // len(IMAGES) + 1, 1, 1))
    Z = model.transform(many)
    model.score_samples(many)
    model.log_likelihood(many, Z)
    model.log_likelihood(IMAGES[:3], np.zeros((2 * most, 3, Z.shape[1])))
    assert max(sizes) <= most


def test_images_on_disk_are_read_block_by_block():
    """transform and score of bytes on disk never hold more of them than a block; the numbers are those in memory."""
    many, read = np.tile(IMAGES, (120, 1, 1)), []

    def watched(rows):
        read.append(len(rows))
        return many[rows]

    model, on_disk = tiny("VAE", network="mlp").fit(IMAGES), LazyImages(watched, many.shape)
    codes, score = model.transform(on_disk), model.score_samples(on_disk)
    assert max(read) <= model.model_.blueprint.network.inference_rows < len(many)
    np.testing.assert_array_equal(codes, model.transform(many))
    np.testing.assert_array_equal(score, model.score_samples(many))
    assert np.isfinite(model.partial_fit(on_disk).score(on_disk))
    with pytest.raises(ValueError, match="minimum of 1 is required"):
        model.transform(on_disk[:0])
