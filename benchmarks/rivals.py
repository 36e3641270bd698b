"""The beta-VAE of `train_step.py` as others train it: JAX, skorch as it is shipped, pythae.

All have the same layers, batches, Normal likelihood and Adam; `epoch()` of each takes a pass over its rows.
They come with the extra `bench`; which of them is not installed is left out, and said so.
"""

import functools
import importlib.util
import itertools
import logging
import math
import os
import tempfile

import numpy as np
import torch
from torch import nn

__all__ = ["RIVALS", "rivals_at_hand"]

ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


class InJAX:
    """A whole epoch as one compiled program: `jit` around `lax.scan`, its noise drawn in one call."""

    needs = "jax"

    def __init__(self, X, hidden, n_components, batch_size, beta):
        if torch.get_num_threads() == 1:
            os.environ.setdefault("XLA_FLAGS", ONE_THREAD)
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        import jax

        n_rows, d = X.shape
        rng, sizes = np.random.default_rng(0), (d, *hidden, 2 * n_components)
        back = (n_components, *reversed(hidden), d)
        networks = [[_layer(rng, *size) for size in itertools.pairwise(own)] for own in (sizes, back)]
        weights = (*networks, np.float32(math.log(0.1)))
        zeros = jax.tree.map(np.zeros_like, weights)
        self.X, self.key = jax.device_put(X[: n_rows // batch_size * batch_size]), jax.random.key(0)
        self.state = jax.device_put((weights, zeros, zeros, np.int32(0)))
        self.run = jax.jit(functools.partial(_jax_epoch, batch_size, n_components, beta), donate_argnums=0)

    def epoch(self):
        """Take it, and wait for it."""
        self.state, self.key, losses = self.run(self.state, self.key, self.X)
        losses.block_until_ready()


def _layer(rng, n_in, n_out):
    bound = 1 / math.sqrt(n_in)
    return rng.uniform(-bound, bound, (n_in, n_out)).astype("f4"), rng.uniform(-bound, bound, n_out).astype("f4")


def _jax_epoch(batch_size, n_components, beta, state, key, X):
    import jax

    key, own, other = jax.random.split(key, 3)
    n_batches = len(X) // batch_size
    orders = jax.random.permutation(own, len(X)).reshape(n_batches, batch_size)
    noise = jax.random.normal(other, (n_batches, batch_size, n_components))

    def step(state, drawn):
        order, eps = drawn
        weights, m, v, count = state
        loss, gradient = jax.value_and_grad(_jax_loss)(weights, X[order], eps, beta)
        count = count + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
        size, root = 1e-3 / (1 - 0.9**count), jax.numpy.sqrt(1 - 0.999**count)
        new = jax.tree.map(lambda w, m, v: w - size * m / (jax.numpy.sqrt(v) / root + 1e-8), weights, m, v)
        return (new, m, v, count), loss

    state, losses = jax.lax.scan(step, state, (orders, noise))
    return state, key, losses


def _jax_loss(weights, x, eps, beta):
    import jax.numpy as jnp

    encoder, decoder, log_scale = weights
    mu, logvar = jnp.split(_jax_network(encoder, x), 2, axis=1)
    z = mu + jnp.exp(0.5 * logvar) * eps
    error = (x - _jax_network(decoder, z)) * jnp.exp(-log_scale)
    reconstruction = 0.5 * (error * error).sum(1).mean() + x.shape[1] * (log_scale + 0.5 * math.log(2 * math.pi))
    return reconstruction + beta * 0.5 * (mu * mu + jnp.exp(logvar) - logvar - 1).sum(1).mean()


def _jax_network(layers, x):
    import jax

    for w, b in layers[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = layers[-1]
    return x @ w + b


# ---------------------------------------------------------------------- on torch


def _stack(*sizes):
    layers = [layer for n_in, n_out in itertools.pairwise(sizes) for layer in (nn.Linear(n_in, n_out), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


class _Module(nn.Module):
    def __init__(self, d, hidden, n_components):
        super().__init__()
        self.encoder = _stack(d, *hidden, 2 * n_components)
        self.decoder = _stack(n_components, *reversed(hidden), d)
        self.log_scale = nn.Parameter(torch.tensor(math.log(0.1)))

    def forward(self, x):
        mu, logvar = self.encoder(x).chunk(2, 1)
        return self.decoder(mu + (0.5 * logvar).exp() * torch.randn_like(mu)), mu, logvar, self.log_scale


class _Loss(nn.Module):
    def __init__(self, beta):
        super().__init__()
        self.beta = beta

    def forward(self, given, x):
        decoded, mu, logvar, log_scale = given
        error = (x - decoded) * (-log_scale).exp()
        constant = x.shape[1] * (log_scale + 0.5 * math.log(2 * math.pi))
        kl = 0.5 * (mu * mu + logvar.exp() - logvar - 1).sum(1).mean()
        return 0.5 * (error * error).sum(1).mean() + constant + self.beta * kl


class InSkorch:
    """`NeuralNet` as it is shipped: its DataLoader, its callbacks but for the printing, torch's Adam."""

    needs = "skorch"

    def __init__(self, X, hidden, n_components, batch_size, beta):
        from skorch import NeuralNet

        self.X, self.net = X, NeuralNet(
            _Module, module__d=X.shape[1], module__hidden=hidden, module__n_components=n_components,
            criterion=_Loss, criterion__beta=beta, optimizer=torch.optim.Adam, lr=1e-3, batch_size=batch_size,
            iterator_train__shuffle=True, train_split=None, verbose=0,
        ).initialize()  # fmt: skip

    def epoch(self):
        """Take a pass."""
        self.net.partial_fit(self.X, self.X, epochs=1)


class InPythae:
    """The passes of pythae's `BaseTrainer` (`train_step`), without the copy of the best model that it keeps of each.

    Its likelihood has a fixed scale: less to do than the others have.
    """

    needs = "pythae"

    def __init__(self, X, hidden, n_components, batch_size, beta):
        from pythae.data.datasets import BaseDataset
        from pythae.models import BetaVAE, BetaVAEConfig
        from pythae.trainers import BaseTrainer, BaseTrainerConfig

        encoder, decoder = _pythae_networks(X.shape[1], hidden, n_components)
        config = BetaVAEConfig(
            input_dim=X.shape[1:], latent_dim=n_components, reconstruction_loss="mse", beta=beta,
            uses_default_encoder=False, uses_default_decoder=False,
        )  # fmt: skip
        rows = BaseDataset(torch.from_numpy(X), torch.zeros(len(X)))
        logging.getLogger(BaseTrainer.__module__).setLevel(logging.ERROR)
        self.folder = tempfile.TemporaryDirectory()
        how = BaseTrainerConfig(
            output_dir=self.folder.name, per_device_train_batch_size=batch_size, learning_rate=1e-3, no_cuda=True
        )
        self.trainer = BaseTrainer(BetaVAE(config, encoder, decoder), rows, training_config=how)
        self.trainer.prepare_training()
        self.trainer.callback_handler.callbacks = self.trainer.callback_handler.callbacks[:1]  # no bars

    def epoch(self):
        """Take a pass."""
        self.trainer.train_step(1)


def _pythae_networks(d, hidden, n_components):
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.stack = _stack(d, *hidden, 2 * n_components)

        def forward(self, x):
            mu, logvar = self.stack(x).chunk(2, 1)
            return ModelOutput(embedding=mu, log_covariance=logvar)

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.stack = _stack(n_components, *reversed(hidden), d)

        def forward(self, z):
            return ModelOutput(reconstruction=self.stack(z))

    return Encoder(), Decoder()


RIVALS = {"JAX jit+scan": InJAX, "skorch as shipped": InSkorch, "pythae": InPythae}


def rivals_at_hand():
    """Those that are installed; says which are not."""
    found = {}
    for name, rival in RIVALS.items():
        if importlib.util.find_spec(rival.needs):
            found[name] = rival
        else:
            print(f"{name}: not installed, left out (pip install 'vaekit[bench]')", flush=True)
    return found
