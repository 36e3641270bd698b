"""bf16 is for the networks alone, while they are trained, and the way back is always taken."""

import numpy as np
import pytest
import torch
from torch import nn

from vaekit import DPVAE, VAE, BetaVAE
from vaekit.engine._precision import networks_in
from vaekit.nn import ConvNet

X = np.random.default_rng(0).normal(size=(80, 6))
IMAGES = np.uint8(255 * (np.random.default_rng(0).random((64, 8, 8)) > 0.6))
HOW = {
    "n_components": 2,
    "hidden_layer_sizes": (16,),
    "batch_size": 16,
    "max_epochs": 3,
    "random_state": 0,
    "device": "cpu",
}


def net_of(**parameters):
    return VAE(**HOW, **parameters).fit(X).net_.module_


def test_what_networks_give_out_is_float32_to_three_digits():
    module, x = net_of(), torch.from_numpy(X.astype(np.float32))
    exact = module.encoder(x)
    with networks_in("bf16", module):
        found = module.encoder(x)
        assert not torch.is_autocast_enabled("cpu")
    assert found.dtype == torch.float32
    assert not torch.equal(found, exact)
    torch.testing.assert_close(found, exact, rtol=0.02, atol=0.02)
    assert torch.equal(module.encoder(x), exact)


def test_float32_changes_nothing():
    module, x = net_of(), torch.from_numpy(X.astype(np.float32))
    with networks_in("float32", module):
        assert module.encoder(x).dtype == torch.float32
        assert not module.encoder._forward_hooks


def test_a_failing_network_leaves_no_autocast_behind():
    module = net_of()
    with pytest.raises(RuntimeError), networks_in("bf16", module):
        module.encoder(torch.zeros(2, 1))
    assert not torch.is_autocast_enabled("cpu")
    assert not module.encoder._forward_pre_hooks


@pytest.mark.parametrize("kind", [VAE, DPVAE, BetaVAE])
def test_training_in_bf16_comes_to_nearly_the_same(kind):
    exact, short = (kind(**HOW, precision=precision).fit(X) for precision in ("float32", "bf16"))
    losses = [[row["train_loss"] for row in model.history_] for model in (exact, short)]
    assert losses[0] != losses[1]
    np.testing.assert_allclose(*losses, rtol=0.02)
    assert {tensor.dtype for tensor in short.net_.module_.state_dict().values()} == {torch.float32}
    again = kind(**HOW, precision="bf16").fit(X)
    np.testing.assert_array_equal(again.transform(X), short.transform(X))


def test_convolutions_too_and_a_way_on_in_float32():
    model = VAE(**HOW, network=ConvNet(channels=4, hidden_layer_sizes=(8,)), precision="bf16").fit(IMAGES)
    assert np.isfinite(model.history_[-1]["train_loss"])
    before = model.n_steps_
    model.set_params(precision="float32").partial_fit(IMAGES)
    assert model.n_steps_ == before + 4


@pytest.mark.parametrize("n_channels", [1, 2])
def test_convolutions_are_handed_images_with_their_channels_last(n_channels):
    """One channel is so, too, in its strides: by them a convolution lays out what it gives."""
    images = np.repeat(IMAGES[:, None], n_channels, 1)
    module = (
        VAE(**{**HOW, "max_epochs": 1}, network=ConvNet(channels=4, hidden_layer_sizes=(8,))).fit(images).net_.module_
    )
    convolutions = [part for part in module.modules() if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d))]
    strides = []
    with networks_in("bf16", module):
        for part in convolutions:
            part.register_forward_pre_hook(lambda part, args: strides.append(args[0].stride(1)))
        module.decoder(module.encoder(torch.zeros(3, n_channels, 8, 8))[:, :2])
    assert strides == [1] * len(convolutions)


def test_another_precision_is_refused():
    with pytest.raises(ValueError, match="precision"):
        VAE(precision="fp8").fit(X)
