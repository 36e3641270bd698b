"""The door to torch: devices, local generators, arrays in and out. Global state stays untouched."""

import functools
import math
from collections import defaultdict

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from vaekit.utils._memory import check_layer
from vaekit.utils._workers import number_of_share, worker_number

__all__ = [
    "SeededRandomness",
    "bare_layer",
    "converted",
    "initialize",
    "linear",
    "make_generator",
    "resolve_device",
    "to_array",
    "undrawn",
    "whitened_noise",
    "widest_float",
]


def resolve_device(device):
    """Return the torch device that `device` names, `"auto"` being CUDA where there is one.

    `"cuda:auto"` is the GPU of this worker: those of a search, or of torchrun, take turns.

    Raises
    ------
    ValueError
        If the name is unknown or the device is not available on this machine.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cuda:auto":
        device = f"cuda:{number_of_share(worker_number(), DEVICES['cuda']())}"
    try:
        resolved = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"The 'device' parameter must be 'auto' or a torch device. Got {device!r} instead.") from error
    if resolved.type not in DEVICES:
        raise ValueError(f"The 'device' parameter is {device!r}, but models are trained on {', '.join(DEVICES)} alone.")
    if (resolved.index or 0) >= DEVICES[resolved.type]():
        raise ValueError(
            f"The 'device' parameter is {device!r}, but this torch finds no such device; use device='auto' or 'cpu'."
        )
    return resolved


# kind: number of devices of that kind
DEVICES = {
    "cpu": lambda: 1,
    "cuda": lambda: torch.cuda.device_count(),
    "mps": lambda: int(torch.backends.mps.is_available()),
}


def widest_float(device):
    """Return the type in which to add up on `device`: torch.float64, or torch.float32 where there is none (MPS)."""
    try:
        return torch.empty(0, dtype=torch.float64, device=device).dtype
    except (TypeError, RuntimeError):
        return torch.float32


def make_generator(seed, device="cpu"):
    """Return a local generator on `device`, seeded with the integer `seed`."""
    return torch.Generator(device=device).manual_seed(int(seed))


def to_array(tensor):
    """Return a tensor's values as a NumPy array on the host."""
    return tensor.detach().cpu().numpy()


def whitened_noise(n_samples, n_components, seed=0):
    """Standard normal noise whose sample mean is exactly 0 and, with enough rows, whose covariance is exactly I.

    Rows come in antithetic pairs; the first half is whitened by its own second-moment matrix, so a quadratic function
    is integrated without error. With fewer than two rows per component the covariance cannot be I, and only the pairs
    are kept; a single row is plain noise.

    Parameters
    ----------
    n_samples, n_components : int
        Rows and columns.
    seed : int, default=0
        Seed of a generator of its own.

    Returns
    -------
    noise : ndarray of shape (n_samples, n_components), float64
    """
    n_samples, rng = int(n_samples), np.random.default_rng(seed)
    half = rng.standard_normal(((n_samples + 1) // 2, n_components))
    if n_samples % 2 == 0 and half.shape[0] >= n_components:
        values, vectors = np.linalg.eigh(half.T @ half / half.shape[0])
        half = half @ (vectors / np.sqrt(values)) @ vectors.T
    return np.concatenate([half, -half])[:n_samples]


def _torch_default(weight, generator):
    nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)


INITIALIZATIONS = {
    "torch": _torch_default,
    "kaiming_uniform": lambda w, generator: nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=generator),
    "kaiming_normal": lambda w, generator: nn.init.kaiming_normal_(w, nonlinearity="relu", generator=generator),
    "xavier_uniform": lambda w, generator: nn.init.xavier_uniform_(w, generator=generator),
    "xavier_normal": lambda w, generator: nn.init.xavier_normal_(w, generator=generator),
    "orthogonal": lambda w, generator: nn.init.orthogonal_(w, generator=generator),
}


def initialize(layer, how, generator):
    """Draw the weights of a linear or convolutional layer in place from `generator`; biases start at zero.

    `how="torch"` is torch's own rule, with biases uniform in +-1/sqrt(fan_in).
    """
    INITIALIZATIONS[how](layer.weight, generator)
    bound = 1 / math.sqrt(layer.weight[0].numel()) if how == "torch" else 0.0
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


def linear(n_in, n_out, generator, how="torch"):
    """Return an initialised linear layer."""
    return initialize(bare_layer(nn.Linear, n_in, n_out), how, generator)


def bare_layer(kind, *sizes, **options):
    """Return a layer without weights yet, in single precision whatever torch's default is.

    torch's own constructor would draw from the global generator, and its `skip_init`, which goes by way of tensors
    without memory, takes ten times as long: most of the time that a small model takes to begin.
    """
    check_layer(sizes)
    return undrawn(kind, *sizes, dtype=torch.float32, **options)


def undrawn(kind, *sizes, **options):
    """Return a layer of a kind whose weights are whatever memory holds."""
    layer = _without_draws(kind)(*sizes, device="cpu", **options)
    layer.__class__ = kind
    return layer


@functools.cache
def _without_draws(kind):
    return type(kind.__name__, (kind,), {"reset_parameters": lambda layer: None})


def converted(module, conversion):
    """Return a module after a conversion in place (of type, or to a device); buffers that were one stay one.

    torch's own conversions keep shared parameters shared, and make a tensor of its own of every buffer.
    """
    owners = defaultdict(list)
    for part in module.modules():
        for name, buffer in part.named_buffers(recurse=False, remove_duplicate=False):
            owners[id(buffer)].append((part, name))
    conversion(module)
    for (first, name), *others in owners.values():
        for part, same in others:
            setattr(part, same, getattr(first, name))
    return module


class SeededRandomness(TorchFunctionMode):
    """Route the random functions called by foreign modules through a local generator (per thread).

    Catches initialisers, `randn` and its kin, dropout (of values and of channels) and the distributions' `sample` and
    `rsample`. Alpha dropout, `RReLU`, `gumbel_softmax`, and dropout inside fused attention, recurrent kernels, compiled
    and scripted modules cannot be reached: they keep torch's global generator.
    """

    FUNCTIONS = frozenset(
        {
            torch.Tensor.uniform_,
            torch.Tensor.normal_,
            torch.Tensor.bernoulli,
            torch.Tensor.bernoulli_,
            torch.Tensor.cauchy_,
            torch.Tensor.exponential_,
            torch.Tensor.geometric_,
            torch.Tensor.log_normal_,
            torch.Tensor.multinomial,
            torch.Tensor.random_,
            torch._sample_dirichlet,
            torch._standard_gamma,
            torch.bernoulli,
            torch.multinomial,
            torch.normal,
            torch.poisson,
            torch.rand,
            torch.randint,
            torch.randn,
            torch.rand_like,
            torch.randn_like,
            torch.randperm,
            nn.init.kaiming_uniform_,
            nn.init.kaiming_normal_,
            nn.init.xavier_uniform_,
            nn.init.xavier_normal_,
            nn.init.uniform_,
            nn.init.normal_,
            nn.init.trunc_normal_,
            nn.init.orthogonal_,
        }
    )

    CHANNEL_DROPOUTS = frozenset({nn.functional.dropout1d, nn.functional.dropout2d, nn.functional.dropout3d})

    def __init__(self, generator):
        super().__init__()
        self.generator = generator

    def __torch_function__(self, function, types, args=(), kwargs=None):
        """Add the local generator to a random function's arguments."""
        kwargs = dict(kwargs or {})
        if function is nn.functional.dropout:
            return self._dropout(*args, **kwargs)
        if function in self.CHANNEL_DROPOUTS:
            return self._dropout(*args, **kwargs, n_axes=2)
        if function in self.FUNCTIONS and kwargs.get("generator") is None:
            kwargs["generator"] = self.generator
        return function(*args, **kwargs)

    def _dropout(self, input, p=0.5, training=True, inplace=False, *, n_axes=None):
        """Inverted dropout with one draw per entry of the leading axes (of rows and channels, or of all)."""
        if not training or p == 0:
            return input
        drawn = input.shape if n_axes is None else input.shape[: min(n_axes, input.ndim - 1)]
        kept = input.new_empty(drawn).bernoulli_(1 - p, generator=self.generator)
        return input * (kept / (1 - p) if p < 1 else kept).reshape(*drawn, *[1] * (input.ndim - len(drawn)))
