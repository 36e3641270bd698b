"""Blocks have one size, whatever is asked; results come back in the order of the rows."""

import numpy as np
import pytest
import torch

from vaekit import VAE
from vaekit.fitted import _blocks
from vaekit.fitted._blocks import block_rows, host_blocks, in_blocks
from vaekit.nn import MLP, ConvNet

X = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
MODEL = VAE(n_components=2, hidden_layer_sizes=(8,), max_epochs=2, random_state=0, device="cpu").fit(X).model_


def blueprint(network, event_shape):
    return MODEL.blueprint._replace(network=network, event_shape=event_shape)


def test_on_a_cpu_blocks_are_the_networks_own():
    assert block_rows(blueprint(MLP(), (64,)), "cpu") == MLP.inference_rows
    assert block_rows(blueprint(ConvNet(), (1, 64, 64)), "cpu", n_draws=8) == ConvNet.decoded_rows // 8


@pytest.mark.parametrize(
    ("network", "event_shape", "rows"),
    [
        (MLP(), (2,), 4096),
        (MLP(), (784,), 2048),
        (ConvNet(), (1, 64, 64), 512),
        (ConvNet(), (3, 64, 64), 128),
        (ConvNet(), (3, 512, 512), 64),
    ],
)
def test_on_cuda_they_are_as_large_as_rows_allow(network, event_shape, rows):
    assert block_rows(blueprint(network, event_shape), "cuda:0") == rows
    assert block_rows(blueprint(network, event_shape), "cuda", n_draws=10**9) == 1


def test_every_block_has_the_size_and_padding_stays_out():
    seen = []

    def double(module, rows):
        seen.append(len(rows))
        return 2 * rows, rows.sum(1)

    doubled, sums = in_blocks(MODEL, double, X, size=128)
    assert seen == [128, 128, 128]
    np.testing.assert_array_equal(doubled, 2 * X)
    assert sums.shape == (300,)


def test_results_wait_on_a_device_until_they_are_worth_a_transfer(monkeypatch):
    """The CUDA way of gathering, walked on the CPU."""

    class Device:
        type = "cuda"

    monkeypatch.setattr(_blocks, "sent", lambda array, device: torch.from_numpy(array))
    monkeypatch.setattr(_blocks.torch, "device", lambda name: Device())
    monkeypatch.setattr(_blocks, "BYTES_TO_A_TRANSFER", 2 * 64 * 4 * 4)
    joined = list(host_blocks(MODEL, identity, X, n_rows=300, size=64))
    assert [(rows.start, rows.stop) for rows, _ in joined] == [(0, 128), (128, 256), (256, 300)]
    np.testing.assert_array_equal(np.concatenate([values for _, (values,) in joined]), X)


def identity(module, rows):
    return (rows,)
