import sys
import types

import numpy as np
import pytest
import torch

from vaekit.evaluation import InceptionFeatures, inception_score, lpips_distance
from vaekit.features._perceptual import LPIPS_WEIGHTS, rgb_bytes

GREY = np.random.default_rng(0).integers(0, 256, (5, 20, 20)).astype(np.uint8)


class Inception(torch.nn.Module):
    """Stands for torch-fidelity's class: same arguments, same tuple out; checks what it is given."""

    def __init__(self, name, features_list, feature_extractor_weights_path):
        super().__init__()
        (self.layer,) = features_list
        self.weight = torch.load(feature_extractor_weights_path, weights_only=True)["weight"]

    def forward(self, x):
        assert x.dtype == torch.uint8
        assert x.shape[1] == 3
        return (x.float().mean((2, 3)) @ self.weight,)


class Lpips(torch.nn.Module):
    def __init__(self, name):
        super().__init__()

    def forward(self, x, y):
        assert x.dtype == y.dtype == torch.uint8
        return (x.float() - y.float()).abs().mean((1, 2, 3), keepdim=True)


@pytest.fixture
def library(monkeypatch):
    module = types.SimpleNamespace(FeatureExtractorInceptionV3=Inception, SampleSimilarityLPIPS=Lpips)
    monkeypatch.setitem(sys.modules, "torch_fidelity", module)


@pytest.fixture
def weights(tmp_path):
    torch.save({"weight": torch.eye(3)}, tmp_path / "inception.pth")
    return tmp_path / "inception.pth"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    for name in LPIPS_WEIGHTS:
        torch.save({}, tmp_path / "checkpoints" / name)


def test_grey_floats_and_colours_become_bytes_in_three_channels():
    np.testing.assert_array_equal(rgb_bytes(GREY)[:, 1], GREY)
    np.testing.assert_array_equal(rgb_bytes(GREY[:, None] / 255.0)[:, 2], GREY)
    colours = np.stack([GREY, 255 - GREY, GREY // 2], axis=1)
    np.testing.assert_array_equal(rgb_bytes(colours), colours)
    assert rgb_bytes(np.full((1, 2, 2), 1.2)).max() == 255
    np.testing.assert_array_equal(rgb_bytes(GREY.astype(np.float32), white=255), rgb_bytes(GREY))


@pytest.mark.usefixtures("library")
def test_inception_features_come_in_batches_and_in_order(weights):
    features = InceptionFeatures(weights, batch_size=2, device="cpu")
    expected = np.repeat(GREY.mean(axis=(1, 2))[:, None], 3, axis=1)
    np.testing.assert_allclose(features.fit(GREY).transform(GREY), expected, rtol=1e-5)
    probabilities = features.predict_proba(GREY)
    np.testing.assert_allclose(probabilities, 1 / 3, rtol=1e-5)
    assert inception_score(probabilities) == pytest.approx(1)


@pytest.mark.usefixtures("library", "hub")
def test_lpips_goes_pair_by_pair():
    difference = np.abs(GREY.astype(float) - GREY[::-1]).mean(axis=(1, 2))
    np.testing.assert_allclose(lpips_distance(GREY, GREY[::-1], batch_size=2, device="cpu"), difference, rtol=1e-5)
    np.testing.assert_array_equal(lpips_distance(GREY, GREY, device="cpu"), np.zeros(5))


@pytest.mark.usefixtures("library")
def test_missing_weights_are_named_and_not_fetched(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"No weights at .*absent\.pth"):
        InceptionFeatures(tmp_path / "absent.pth").transform(GREY)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(
        FileNotFoundError, match="weights-vgg16-lpips.pth.*vgg16-397923af.pth".replace(".pth", r"\.pth")
    ):
        lpips_distance(GREY, GREY)


def test_a_missing_library_is_named(weights, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(ImportError, match=r"vaekit\[image\]"):
        InceptionFeatures(weights, device="cpu").transform(GREY)


@pytest.mark.usefixtures("library")
def test_a_pickle_is_not_run(tmp_path):
    torch.save(types.SimpleNamespace(weight=1), tmp_path / "code.pth")
    with pytest.raises(Exception, match=r"weights_only|Weights only"):
        InceptionFeatures(tmp_path / "code.pth", device="cpu").transform(GREY)


@pytest.mark.usefixtures("library", "hub")
def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match="Images must be of shape"):
        rgb_bytes(np.zeros((5, 64)))
    with pytest.raises(ValueError, match="white=255"):
        rgb_bytes(GREY.astype(np.float32))
    with pytest.raises(ValueError, match="equally many images of equal size"):
        lpips_distance(GREY, GREY[:3])
