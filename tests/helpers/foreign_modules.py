"""Modules of every make, and a small estimator to train them."""

import copy
import warnings

import numpy as np
import torch
from torch import nn

from vaekit import VAE
from vaekit.nn import Custom

X = np.random.default_rng(0).normal(size=(40, 5))
Z = np.random.default_rng(1).normal(size=(6, 2))


def fit(network, cls=VAE, **parameters):
    parameters = {"n_components": 2, "max_epochs": 3, "batch_size": 16, "random_state": 0} | parameters
    return cls(network=network, **parameters).fit(X)


def layers(*first):
    """Return an encoder and a decoder of two layers whose weights depend on nothing, behind what comes first."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder, decoder = nn.Linear(5, 6), nn.Linear(2, 5)
    return nn.Sequential(*copy.deepcopy(first), encoder, nn.Tanh()), nn.Sequential(*first, decoder)


def pair(encoder, decoder):
    return Custom(encoder_module=encoder, decoder_module=decoder)


class Transposed(nn.Module):
    """Decodes with the transposed matrix of another layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.bias = layer, nn.Parameter(torch.zeros(layer.in_features))

    def forward(self, z):
        return z @ self.layer.weight + self.bias


def tied_modules(dtype=torch.float32):
    layer = nn.Linear(5, 2).to(dtype)
    layer.register_buffer("seen", torch.zeros(2, dtype=dtype))
    decoder = Transposed(layer)
    decoder.seen_too = nn.Module()
    decoder.seen_too.register_buffer("seen", layer.seen)
    return pair(layer, decoder)


def tied_functions():
    made = {}

    def encoder(event_shape):
        made["layer"] = nn.Linear(*event_shape, 2)
        made["layer"].register_buffer("seen", torch.zeros(2))
        return made["layer"]

    def decoder(n_components, event_shape):
        module = Transposed(made["layer"])
        module.seen_too = nn.Module()
        module.seen_too.register_buffer("seen", made["layer"].seen)
        return module

    return pair(encoder, decoder)


# ------------------------------------------------------------------ modules of unusual make


class CompiledInside(nn.Module):
    """Calls a compiled function."""

    def __init__(self, width):
        super().__init__()
        self.layer, self.function = nn.Linear(width, 6), torch.compile(torch.tanh, backend="eager")

    def forward(self, x):
        return self.function(self.layer(x))


class CompiledForward(nn.Module):
    """Has a compiled forward."""

    def __init__(self, width):
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(width, 6), nn.Tanh())

    @torch.compile(backend="eager")
    def forward(self, x):
        return self.layer(x)


class Remembering(nn.Module):
    """Keeps a table it makes at the first call, and another with every new length of a batch."""

    def __init__(self):
        super().__init__()
        self.layer, self.table = nn.Linear(5, 6), None

    def forward(self, x):
        if self.table is None or len(self.table) != len(x):
            self.table = torch.linspace(0, 1, 5).expand(len(x), 5).clone()
        return self.layer(x * self.table)


class LastState(nn.Module):
    """The last state of a recurrent network over the columns."""

    def __init__(self):
        super().__init__()
        self.recurrent = nn.GRU(1, 6, batch_first=True)

    def forward(self, x):
        return self.recurrent(x[..., None])[0][:, -1]


def compiled_in_place(module):
    module.compile(backend="eager")
    return module


def old_weight_norm(width):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(nn.Linear(width, 6))


def scripted(width):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(nn.Linear(width, 6))


def traced(width):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.trace(nn.Linear(width, 6), torch.zeros(3, width))


# what an encoder is called: how it is made of 5 columns; whether, given as a module, it can be copied and pickled
UNUSUAL = {
    "compiled": (lambda: torch.compile(nn.Linear(5, 6), backend="eager"), True, True),
    "compiled in place": (lambda: compiled_in_place(nn.Linear(5, 6)), True, True),
    "compiled inside": (lambda: nn.Sequential(torch.compile(nn.Linear(5, 6), backend="eager"), nn.Tanh()), True, True),
    "calls a compiled function": (lambda: CompiledInside(5), True, False),
    "has a compiled forward": (lambda: CompiledForward(5), True, True),
    "scripted": (lambda: scripted(5), True, True),
    "scripted inside": (lambda: nn.Sequential(scripted(5), nn.Tanh()), True, True),
    "traced": (lambda: traced(5), True, True),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(6), nn.LazyBatchNorm1d(), nn.ReLU()), True, True),
    "weight norm": (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(5, 6)), True, False),
    "spectral norm": (lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(5, 6)), True, False),
    "orthogonal": (lambda: nn.utils.parametrizations.orthogonal(nn.Linear(5, 6)), True, False),
    "old weight norm": (lambda: old_weight_norm(5), False, False),
    "old spectral norm": (lambda: nn.utils.spectral_norm(nn.Linear(5, 6)), True, True),
    "recurrent": (LastState, True, True),
    "remembering": (Remembering, True, True),
    "double precision": (lambda: nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6)).double(), True, True),
    "half precision": (lambda: nn.Linear(5, 6).bfloat16(), True, True),
    "nothing to train": (nn.Identity, True, True),
}
MAKERS = {name: make for name, (make, _, _) in UNUSUAL.items()}


def has_moved(model):
    """Whether weights are no longer what they were before the first step."""
    before = fit(model.network, learning_rate=1e-30).net_.flat_.buffer
    return not torch.equal(model.net_.flat_.buffer, before)
