"""Devices, seeds and noise: errors that teach, and global generators that stay as they were."""

import pickle
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import distributions, nn
from torch.nn import functional as F

from vaekit.utils._torch import (
    SeededRandomness,
    bare_layer,
    converted,
    initialize,
    linear,
    make_generator,
    resolve_device,
    to_array,
    whitened_noise,
)

# ---------------------------------------------------------------------- whitened noise


@settings(max_examples=50, deadline=None)
@given(n_pairs=st.integers(1, 40), n_components=st.integers(1, 20), seed=st.integers(0, 1000))
def test_noise_comes_in_antithetic_pairs(n_pairs, n_components, seed):
    noise = whitened_noise(2 * n_pairs, n_components, seed)
    assert noise.shape == (2 * n_pairs, n_components)
    assert np.array_equal(noise[:n_pairs], -noise[n_pairs:])


@settings(max_examples=50, deadline=None)
@given(n_components=st.integers(1, 20), n_more=st.integers(0, 20), seed=st.integers(0, 1000))
def test_noise_integrates_quadratics_exactly(n_components, n_more, seed):
    n_samples = 2 * (n_components + n_more)
    noise = whitened_noise(n_samples, n_components, seed)
    np.testing.assert_allclose(noise.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(noise.T @ noise / n_samples, np.eye(n_components), atol=1e-9)


@pytest.mark.parametrize(("n_samples", "n_components"), [(1, 3), (2, 3), (5, 2), (7, 10), (64, 32)])
def test_noise_is_constant_and_leaves_numpy_alone(n_samples, n_components):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    noise = whitened_noise(n_samples, n_components)
    assert noise.shape == (n_samples, n_components)
    assert np.array_equal(whitened_noise(n_samples, n_components), noise)
    assert not np.array_equal(whitened_noise(n_samples, n_components, seed=1), noise)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_noise_looks_normal():
    noise = np.sort(whitened_noise(4000, 1).ravel())
    quantiles = to_array(torch.special.ndtri((torch.arange(4000, dtype=torch.float64) + 0.5) / 4000))
    assert np.abs(noise - quantiles)[40:-40].max() < 0.15


# ---------------------------------------------------------------------- devices


def test_devices_resolve():
    assert resolve_device("cpu") == resolve_device(torch.device("cpu")) == torch.device("cpu")
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("device", ["nonsense", "", None, 1.5, object()])
def test_what_is_no_device(device):
    with pytest.raises(ValueError, match="The 'device' parameter must be 'auto' or a torch device"):
        resolve_device(device)


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "mps", "cpu:1"])
def test_absent_devices(device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match=f"'device' parameter is '{device}', .* use device='auto' or 'cpu'"):
        resolve_device(device)


@pytest.mark.parametrize("device", ["meta", "xpu"])
def test_devices_that_train_nothing(device):
    with pytest.raises(ValueError, match=f"'device' parameter is '{device}', but models are trained on cpu, cuda, mps"):
        resolve_device(device)


def test_the_second_of_one_device_is_absent(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert resolve_device("cuda:0") == torch.device("cuda:0")
    with pytest.raises(ValueError, match="'device' parameter is 'cuda:1'"):
        resolve_device("cuda:1")


def test_a_worker_has_a_gpu_of_its_own(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    found = []
    for rank in range(5):
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        found.append(resolve_device("cuda:auto").index)
    assert found == [0, 1, 2, 0, 1]


def test_without_gpus_there_are_none_to_share(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(ValueError, match="finds no such device"):
        resolve_device("cuda:auto")


# ---------------------------------------------------------------------- seeds

x = torch.linspace(-1, 1, 120).reshape(3, 4, 5, 2)
weights = torch.arange(1.0, 5.0)

RANDOM = {
    "Linear": lambda: nn.Linear(3, 3).weight,
    "Conv2d": lambda: nn.Conv2d(1, 2, 3).weight,
    "ConvTranspose2d": lambda: nn.ConvTranspose2d(1, 2, 3).weight,
    "Bilinear": lambda: nn.Bilinear(2, 2, 2).weight,
    "Embedding": lambda: nn.Embedding(3, 3).weight,
    "GRU": lambda: nn.GRU(3, 3).weight_ih_l0,
    "MultiheadAttention": lambda: nn.MultiheadAttention(4, 2).in_proj_weight,
    "Dropout": lambda: nn.Dropout()(x),
    "Dropout in place": lambda: nn.Dropout(inplace=True)(x.clone()),
    "Dropout1d": lambda: nn.Dropout1d()(x[0]),
    "Dropout2d": lambda: nn.Dropout2d()(x),
    "Dropout3d": lambda: nn.Dropout3d()(x[None]),
    **{
        name: lambda name=name: getattr(nn.init, name)(torch.empty(3, 4))
        for name in (
            "kaiming_normal_",
            "kaiming_uniform_",
            "normal_",
            "orthogonal_",
            "trunc_normal_",
            "uniform_",
            "xavier_normal_",
            "xavier_uniform_",
        )
    },
    "rand": lambda: torch.rand(4),
    "randn": lambda: torch.randn(4),
    "rand_like": lambda: torch.rand_like(x),
    "randn_like": lambda: torch.randn_like(x),
    "randint": lambda: torch.randint(1000, (4,)),
    "randperm": lambda: torch.randperm(100),
    "normal": lambda: torch.normal(x, 1.0),
    "bernoulli": lambda: torch.bernoulli(x.abs()),
    "bernoulli method": lambda: x.abs().bernoulli(),
    "multinomial": lambda: torch.multinomial(weights, 30, replacement=True),
    "poisson": lambda: torch.poisson(100 * x.abs()),
    "in place": lambda: torch.stack(
        [
            torch.empty(20).uniform_(),
            torch.empty(20).normal_(),
            torch.empty(20).exponential_(),
            torch.empty(20).cauchy_(),
            torch.empty(20).log_normal_(),
            torch.empty(20).geometric_(0.01),
            torch.empty(20).random_(),
        ]
    ),
    "Normal": lambda: distributions.Normal(x, 1.0).rsample(),
    "Laplace": lambda: distributions.Laplace(x, 1.0).rsample(),
    "Uniform": lambda: distributions.Uniform(x, 2.0).rsample(),
    "Exponential": lambda: distributions.Exponential(weights).rsample(),
    "Gamma": lambda: distributions.Gamma(weights, weights).rsample(),
    "Beta": lambda: distributions.Beta(weights, weights).rsample(),
    "StudentT": lambda: distributions.StudentT(weights).rsample(),
    "Categorical": lambda: distributions.Categorical(weights).sample((30,)),
    "Bernoulli": lambda: distributions.Bernoulli(logits=x).sample(),
    "MultivariateNormal": lambda: distributions.MultivariateNormal(x[0, 0, 0], torch.eye(2)).rsample(),
}


def seeded(function, seed):
    with SeededRandomness(make_generator(seed)):
        return function().detach()


@pytest.mark.parametrize("name", RANDOM)
def test_a_local_generator_decides_what_foreign_code_draws(name):
    draws = []
    for global_seed in (0, 1):
        torch.manual_seed(global_seed)
        before = torch.random.get_rng_state()
        draws.append(seeded(RANDOM[name], seed=0))
        assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(*draws)
    assert not torch.equal(draws[0], seeded(RANDOM[name], seed=1))


def test_an_own_generator_keeps_its_say():
    own = torch.randn(4, generator=make_generator(3))
    assert torch.equal(seeded(lambda: torch.randn(4, generator=make_generator(3)), seed=0), own)


def test_seeded_draws_are_those_of_the_generator():
    assert torch.equal(seeded(lambda: torch.randn(4), seed=5), torch.randn(4, generator=make_generator(5)))


DROPOUTS = {"dropout": (F.dropout, 4), "dropout1d": (F.dropout1d, 2), "dropout2d": (F.dropout2d, 2)}


@pytest.mark.parametrize("name", DROPOUTS)
def test_dropout_drops_whole_entries_and_keeps_the_mean(name):
    dropout, n_axes = DROPOUTS[name]
    ones = torch.ones(300, 20, 3, 2) if name != "dropout1d" else torch.ones(300, 20, 6)
    dropped = seeded(lambda: dropout(ones, p=0.2), seed=0)
    flat = dropped.flatten(min(n_axes, ones.ndim - 1)) if name != "dropout" else dropped.flatten()[:, None]
    assert torch.equal(flat, flat[..., :1].expand_as(flat))
    torch.testing.assert_close(dropped.unique(), torch.tensor([0.0, 1.25]))
    assert dropped.mean().item() == pytest.approx(1, abs=5 * np.sqrt(0.25 / flat[..., 0].numel()))


@pytest.mark.parametrize("dropout", [F.dropout, F.dropout1d])
def test_limits_of_dropout(dropout):
    rows = x[0]
    assert torch.equal(seeded(lambda: dropout(input=rows, p=0.5, training=False), seed=0), rows)
    assert torch.equal(seeded(lambda: dropout(rows, p=0.0), seed=0), rows)
    assert not seeded(lambda: dropout(rows, p=1.0), seed=0).any()


def test_a_thread_does_not_hear_of_the_mode_of_another():
    drawn = []
    torch.manual_seed(7)
    expected = torch.randn(4)
    torch.manual_seed(7)
    with SeededRandomness(make_generator(0)):
        thread = threading.Thread(target=lambda: drawn.append(torch.randn(4)))
        thread.start()
        thread.join()
    assert torch.equal(drawn[0], expected)


@pytest.mark.parametrize("kind", [nn.Linear, nn.Conv2d, nn.ConvTranspose1d])
def test_a_bare_layer_is_torchs_own_and_nothing_was_drawn_for_it(kind):
    before, sizes = torch.random.get_rng_state(), (2, 3) if kind is nn.Linear else (2, 3, 5)
    layer = bare_layer(kind, *sizes)
    assert torch.equal(torch.random.get_rng_state(), before)
    torchs = kind(*sizes)
    assert not torch.equal(torch.random.get_rng_state(), before)
    assert type(layer) is kind
    assert {n: (p.shape, p.dtype) for n, p in layer.named_parameters()} == {
        n: (p.shape, p.dtype) for n, p in torchs.named_parameters()
    }
    assert str(layer) == str(torchs)
    assert pickle.loads(pickle.dumps(layer)).weight.shape == torchs.weight.shape


def test_initialising_leaves_the_global_generator_alone():
    before = torch.random.get_rng_state()
    linear(3, 4, make_generator(0))
    initialize(nn.utils.skip_init(nn.Conv2d, 1, 2, 3), "orthogonal", make_generator(0))
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [(nn.Linear, (2, 3)), (nn.Conv2d, (2, 3, 4)), (nn.ConvTranspose2d, (2, 3, 4)), (nn.Conv1d, (2, 3, 4))],
)
def test_a_bare_layer_is_one_of_torchs_and_draws_nothing(kind, sizes):
    before = torch.random.get_rng_state()
    layer, other = bare_layer(kind, *sizes), nn.utils.skip_init(kind, *sizes)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert type(layer) is kind
    assert (repr(layer), vars(layer).keys()) == (repr(other), vars(other).keys())
    assert [(p.shape, p.dtype) for p in layer.parameters()] == [(p.shape, torch.float32) for p in other.parameters()]


def test_what_is_shared_stays_shared_through_a_conversion():
    module = nn.ModuleList([nn.Linear(2, 3), nn.Linear(2, 3)]).double()
    module[1].weight = module[0].weight
    for part, name in [(module, "kept"), (module[0], "same"), (module[0], "too"), (module[1], "again")]:
        part.register_buffer(name, module.kept if hasattr(module, "kept") else torch.ones(2, dtype=torch.float64))
    module.register_buffer("other", torch.ones(2, dtype=torch.float64))
    assert converted(module, nn.Module.float) is module
    assert module.kept is module[0].same is module[0].too is module[1].again is not module.other
    assert module[0].weight is module[1].weight
    assert {tensor.dtype for tensor in module.state_dict().values()} == {torch.float32}


def test_arrays_leave_the_graph():
    array = to_array(torch.ones(2, requires_grad=True))
    assert isinstance(array, np.ndarray)
    assert np.array_equal(array, [1, 1])
