"""A first look at a foreign module: lazy layers take their sizes, and nothing else happens."""

import numpy as np
import pytest
import torch
from foreign_modules import X, fit, pair
from settings_of_words import setting
from torch import nn

from vaekit import VAE


def test_lazy_layers_are_drawn_from_the_random_state():
    network = pair(lambda shape: nn.LazyLinear(6), lambda n, shape: nn.Sequential(nn.LazyLinear(8), nn.LazyLinear(5)))
    codes = []
    for global_seed in (0, 1):
        torch.manual_seed(global_seed)
        before = torch.random.get_rng_state()
        codes.append(fit(network).transform(X))
        assert torch.equal(torch.random.get_rng_state(), before)
    np.testing.assert_array_equal(*codes)
    assert not np.array_equal(codes[0], fit(network, random_state=1).transform(X))


@pytest.mark.parametrize("is_function", [True, False])
def test_compiled_lazy_layers_are_drawn_from_the_random_state(is_function):
    def module(*sizes):
        return torch.compile(nn.Sequential(nn.LazyLinear(6), nn.Tanh()), backend="eager")

    network = pair(module if is_function else module(), lambda n, shape: nn.Linear(n, *shape))
    np.testing.assert_array_equal(fit(network).transform(X), fit(network).transform(X))
    assert not np.array_equal(fit(network).transform(X), fit(network, random_state=1).transform(X))


def test_a_module_that_does_not_compile_is_named():
    def backend(graph, inputs):
        raise RuntimeError("no compiler here")

    torch.compiler.reset()  # modules compiled before count towards a limit, after which torch no longer compiles
    with pytest.raises(ValueError, match=r"'decoder_module' .*no compiler here.*pass it without torch.compile"):
        fit(pair(nn.Linear(5, 6), torch.compile(nn.Linear(2, 5), backend=backend)))


def test_lazy_convolutions_take_their_channels():
    images = np.random.default_rng(0).normal(size=(20, 2, 6, 6))
    encoder = nn.Sequential(nn.LazyConv2d(3, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(4))
    network = pair(encoder, lambda n, shape: nn.Linear(n, 72))
    model = VAE(n_components=2, network=network, max_epochs=2, random_state=0).fit(images)
    assert np.isfinite(model.score(images))


class HalfUsed(nn.Module):
    """Has a lazy layer that no batch passes."""

    def __init__(self):
        super().__init__()
        self.used, self.unused = nn.LazyLinear(6), nn.LazyLinear(6)

    def forward(self, x):
        return self.used(x)


def test_lazy_layers_that_no_batch_passes_are_named():
    with pytest.raises(ValueError, match=r"'encoder_module' .* lazy layers that no batch passes: .*unused.weight"):
        fit(pair(HalfUsed(), nn.Linear(2, 5)))


class SetsItselfUp(nn.Module):
    """Takes its scale from the first batch it sees, and counts batches."""

    def __init__(self):
        super().__init__()
        self.layer, self.scale, self.n_seen = nn.Linear(5, 6), None, 0

    def forward(self, x):
        self.n_seen += 1
        if self.scale is None:
            self.scale = x.std() + 1.0
        return self.layer(x / self.scale)


def test_what_a_module_does_at_its_first_batch_waits_for_data():
    encoder, _ = pair(SetsItselfUp(), nn.Linear(2, 5)).encoder(setting((5,)))
    assert encoder[0].n_seen == 0
    assert encoder[0].scale is None


def test_looking_at_shapes_leaves_modes_and_statistics_alone():
    module = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6).eval(), nn.Dropout(0.5))
    encoder, _ = pair(module, module).encoder(setting((5,)))
    assert [part.training for part in encoder[0]] == [True, False, True]
    for name, value in encoder[0].state_dict().items():
        assert torch.equal(value, module.state_dict()[name])


def test_batch_normalisation_without_statistics_of_its_own_is_refused():
    encoder = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6, track_running_stats=False))
    with pytest.raises(ValueError, match=r"'encoder_module' .* without running statistics.* track_running_stats=True"):
        fit(pair(encoder, nn.Linear(2, 5)))
