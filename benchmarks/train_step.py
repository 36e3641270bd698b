"""Time of one training step: the engine against a hand-written loop of the same model, interleaved in one run.

    python benchmarks/train_step.py [--rounds 9] [--epochs 5]

The hand-written loop is what a careful user would write for one model: tensors in memory, slices of a permutation, the
loss in plain operations, fused Adam; it keeps no books and checks nothing. Every round times both, one after the other;
the ratio of the fastest rounds and the median of the rounds' ratios are printed.
"""

import argparse
import math
import time

import numpy as np
import torch
from torch import nn

import vaekit
from vaekit.likelihoods import Normal
from vaekit.nn import MLP

SIZES = {  # name: features, hidden, latents, batch size, rows
    "tab 64-128-64-10": (64, (128, 64), 10, 128, 128 * 40),
    "moons 2-100-50-2": (2, (100, 50), 2, 100, 100 * 40),
}


def stack(*sizes):
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class HandWrittenVAE:
    """The bare loop: beta-VAE with a Normal likelihood of learned scale."""

    def __init__(self, X, hidden, n_components, batch_size, beta=1.0):
        d = X.shape[1]
        self.X, self.batch_size, self.beta, self.n_components = torch.from_numpy(X), batch_size, beta, n_components
        self.encoder = stack(d, *hidden, 2 * n_components)
        self.decoder = stack(n_components, *reversed(hidden), d)
        self.log_scale = nn.Parameter(torch.tensor(math.log(0.1)))
        self.optimizer = torch.optim.Adam(self.parameters(), lr=1e-3, fused=True)

    def parameters(self):
        return [*self.encoder.parameters(), *self.decoder.parameters(), self.log_scale]

    def kl(self, mu, logvar, z):
        return 0.5 * (mu * mu + logvar.exp() - logvar - 1).sum(1).mean()

    def loss(self, x):
        mu, logvar = self.encoder(x).chunk(2, 1)
        z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
        error = (x - self.decoder(z)) * (-self.log_scale).exp()
        reconstruction = 0.5 * (error * error).sum(1).mean() + x.shape[1] * (self.log_scale + 0.5 * math.log(2 * math.pi))
        return reconstruction + self.beta * self.kl(mu, logvar, z)

    def epoch(self):
        order = torch.randperm(len(self.X))
        for start in range(0, len(order), self.batch_size):
            loss = self.loss(self.X[order[start : start + self.batch_size]])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()


class HandWrittenDPVAE(HandWrittenVAE):
    """The same with a decoupled prior: 4 affine couplings, two hidden layers of 64."""

    def __init__(self, X, hidden, n_components, *args, **kwargs):
        self.masks = [(torch.arange(n_components) + k) % 2 == 1 for k in range(4)]
        self.networks = nn.ModuleList(
            nn.Sequential(
                nn.Linear(n_components, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2),
                nn.Linear(64, 2 * n_components),
            )
            for _ in self.masks
        )  # fmt: skip
        super().__init__(X, hidden, n_components, *args, **kwargs)

    def parameters(self):
        return [*super().parameters(), *self.networks.parameters()]

    def kl(self, mu, logvar, z):
        log_det = 0.0
        for mask, network in zip(reversed(self.masks), reversed(self.networks)):
            raw, t = network(z * mask).chunk(2, 1)
            s = 2 * torch.tanh(raw / 2) * ~mask
            z = z * s.exp() + t * ~mask
            log_det = log_det + s.sum(1)
        return (0.5 * (z * z).sum(1) - 0.5 * (logvar + 1).sum(1) - log_det).mean()


PAIRS = {  # name: (estimator class, its parameters, hand-written loop, its parameters)
    "VAE": (vaekit.VAE, {}, HandWrittenVAE, {}),
    "BetaVAE": (vaekit.BetaVAE, {"beta": 4}, HandWrittenVAE, {"beta": 4}),
    "DPVAE": (vaekit.DPVAE, {}, HandWrittenDPVAE, {}),
    "BetaDPVAE": (vaekit.BetaDPVAE, {"beta": 4}, HandWrittenDPVAE, {"beta": 4}),
}


def seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def compare(pair, size, rounds, epochs):
    """Return microseconds per step of engine and hand-written loop (fastest rounds), and the median ratio of rounds."""
    cls, parameters, loop_class, loop_parameters = PAIRS[pair]
    d, hidden, n_components, batch_size, n_rows = SIZES[size]
    X = np.random.default_rng(0).standard_normal((n_rows, d)).astype(np.float32)
    model = cls(
        n_components=n_components, network=MLP(hidden_layer_sizes=hidden), likelihood=Normal(), batch_size=batch_size,
        max_epochs=2, standardize=None, device="cpu", random_state=0, **parameters,
    ).fit(X)  # fmt: skip
    rows = model._resident(X)
    loop = loop_class(X, hidden, n_components, batch_size, **loop_parameters)
    loop.epoch()
    n_steps, ours, theirs = epochs * (n_rows // batch_size), [], []
    for _ in range(rounds):
        ours.append(seconds(lambda: model.net_.partial_fit(rows, epochs=epochs)) / n_steps * 1e6)
        theirs.append(seconds(lambda: [loop.epoch() for _ in range(epochs)]) / n_steps * 1e6)
    return min(ours), min(theirs), float(np.median(np.divide(ours, theirs)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"{'model':14} {'net':18} {'engine us':>10} {'by hand us':>10} {'of fastest':>10} {'of rounds':>10}")
    for pair in PAIRS:
        for size in SIZES:
            ours, theirs, median = compare(pair, size, arguments.rounds, arguments.epochs)
            print(f"{pair:14} {size:18} {ours:10.0f} {theirs:10.0f} {ours / theirs:10.3f} {median:10.3f}")


if __name__ == "__main__":
    main()
