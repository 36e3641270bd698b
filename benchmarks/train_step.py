"""Time of one training step: kinds of the engine's step, and rivals, against a hand-written loop of the same model.

    python benchmarks/train_step.py [--rounds 9] [--epochs 5] [--models VAE DPVAE] [--device cpu] [--csv times.csv]
    python benchmarks/train_step.py --images [--rounds 9]

The hand-written loop is what a careful user would write for one model: tensors in memory, slices of a permutation, the
loss in plain operations, fused Adam; it keeps no books and checks nothing. Every round times all of them, one after the
other, by the clock and in processor time (which a busy machine disturbs less; of all threads, on a CPU). A line per
kind of step has the medians of both, and the median of the rounds' ratios: how many times faster than by hand. VAE and
BetaVAE also meet JAX, skorch as it is shipped and pythae (`rivals.py`), where these are installed. `--images` times the
convolutional net of dSprites, in float32 and bf16, against a float32 loop by hand. What is traced is decided by the
number of planned steps alone, so `max_steps` plans for each kind.
"""

import argparse
import csv
import itertools
import math
import time
import warnings
from functools import partial

import numpy as np
import torch
from rivals import rivals_at_hand
from torch import nn

import vaekit
from vaekit.fitted._rows import resident_rows
from vaekit.likelihoods import Normal
from vaekit.nn import MLP, ConvNet

SIZES = {  # name: features, hidden, latents, batch size, rows
    "tab 64-128-64-10": (64, (128, 64), 10, 128, 128 * 40),
    "moons 2-100-50-2": (2, (100, 50), 2, 100, 100 * 40),
}


def stack(*sizes):
    layers = []
    for n_in, n_out in itertools.pairwise(sizes):
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

    def log_prior(self, z):
        return -0.5 * (z * z + math.log(2 * math.pi)).sum(1)

    def to_generation(self, z):
        return z

    def loss(self, x):
        mu, logvar = self.encoder(x).chunk(2, 1)
        z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
        error = (x - self.decoder(z)) * (-self.log_scale).exp()
        reconstruction = 0.5 * (error * error).sum(1).mean() + x.shape[1] * (
            self.log_scale + 0.5 * math.log(2 * math.pi)
        )
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

    def flow(self, z):
        log_det = 0.0
        for mask, network in zip(reversed(self.masks), reversed(self.networks)):
            raw, t = network(z * mask).chunk(2, 1)
            s = 2 * torch.tanh(raw / 2) * ~mask
            z = z * s.exp() + t * ~mask
            log_det = log_det + s.sum(1)
        return z, log_det

    def kl(self, mu, logvar, z):
        z0, log_det = self.flow(z)
        return (0.5 * (z0 * z0).sum(1) - 0.5 * (logvar + 1).sum(1) - log_det).mean()

    def log_prior(self, z):
        z0, log_det = self.flow(z)
        return -0.5 * (z0 * z0 + math.log(2 * math.pi)).sum(1) + log_det

    def to_generation(self, z):
        return self.flow(z)[0]


def mmd(a, b):
    """Biased squared MMD, RBF kernel with variance n_components."""

    def k(u, v):
        return torch.exp(-torch.cdist(u, v).square() / (2 * u.shape[1])).mean()

    return k(a, a) - 2 * k(a, b) + k(b, b)


def log_normal(z, mu, logvar):
    return -0.5 * ((z - mu) ** 2 * (-logvar).exp() + logvar + math.log(2 * math.pi))


class Regularised:
    """Mixed into a hand-written model: its loss is the reconstruction plus `penalty` of mu, logvar and z."""

    def loss(self, x):
        mu, logvar = self.encoder(x).chunk(2, 1)
        z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
        error = (x - self.decoder(z)) * (-self.log_scale).exp()
        reconstruction = 0.5 * (error * error).sum(1).mean() + x.shape[1] * (
            self.log_scale + 0.5 * math.log(2 * math.pi)
        )
        return reconstruction + self.penalty(mu, logvar, z)


class Annealed(Regularised):
    step = 0

    def penalty(self, mu, logvar, z):
        self.step += 1
        return 15 * (self.kl(mu, logvar, z) - min(25.0, 25.0 * self.step / 1000)).abs()


class TotalCorrelation(Regularised):
    """beta-TCVAE with stratified sampling."""

    def penalty(self, mu, logvar, z):
        n, m = len(self.X), len(z) - 1
        log_w = torch.full((m + 1, m + 1), -math.log(m))
        log_w.fill_diagonal_(-math.log(n))
        rows = torch.arange(m + 1)
        log_w[rows, (rows + 1) % (m + 1)] = math.log((n - m) / (n * m))
        each = log_normal(z[:, None], mu, logvar)
        log_q = torch.logsumexp(log_w + each.sum(2), 1)
        log_product = torch.logsumexp(log_w[:, :, None] + each, 1).sum(1)
        mi, tc = log_normal(z, mu, logvar).sum(1) - log_q, log_q - log_product
        return (mi + 4 * tc + log_product - self.log_prior(z)).mean()


class Info(Regularised):
    def penalty(self, mu, logvar, z):
        return self.kl(mu, logvar, z) + 999 * mmd(self.to_generation(z), torch.randn_like(z))


class Dip(Regularised):
    def penalty(self, mu, logvar, z):
        centred = mu - mu.mean(0)
        c = centred.T @ centred / len(mu) + torch.diag(logvar.exp().mean(0))
        diagonal = torch.diagonal(c)
        dip = 10 * (c - torch.diag(diagonal)).square().sum() + 10 * (diagonal - 1).square().sum()
        return self.kl(mu, logvar, z) + dip


class Factor(Regularised):
    """FactorVAE: the discriminator is frozen in the model's step, and learns from a second batch."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        layers = []
        for n_in, n_out in zip((self.n_components, 256, 256, 256), (256, 256, 256, 2)):
            layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2)]
        self.discriminator = nn.Sequential(*layers[:-1])
        own = self.discriminator.parameters()
        self.second_optimizer = torch.optim.Adam(own, lr=1e-4, betas=(0.5, 0.9), fused=True)

    def penalty(self, mu, logvar, z):
        self.z = z.detach()
        self.discriminator.requires_grad_(False)
        logits = self.discriminator(z)
        self.discriminator.requires_grad_(True)
        return self.kl(mu, logvar, z) + 10 * (logits[:, 0] - logits[:, 1]).mean()

    def epoch(self):
        order, second = torch.randperm(len(self.X)), torch.randperm(len(self.X))
        for start in range(0, len(order), self.batch_size):
            batch = slice(start, start + self.batch_size)
            loss = self.loss(self.X[order[batch]])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            with torch.no_grad():
                mu, logvar = self.encoder(self.X[second[batch]]).chunk(2, 1)
                z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
                shuffled = torch.stack([column[torch.randperm(len(column))] for column in z.T], 1)
            labels = torch.zeros(len(z), dtype=torch.long)
            loss = 0.5 * nn.functional.cross_entropy(self.discriminator(self.z), labels)
            loss = loss + 0.5 * nn.functional.cross_entropy(self.discriminator(shuffled), labels + 1)
            self.second_optimizer.zero_grad()
            loss.backward()
            self.second_optimizer.step()


class Wasserstein(Regularised):
    """WAE with the unbiased inverse multiquadratic kernel; the likelihood is that of the other rows."""

    def penalty(self, mu, logvar, z):
        def k(u, v):
            return 2 * z.shape[1] / (2 * z.shape[1] + torch.cdist(u, v).square())

        prior, n = torch.randn_like(z), len(z)
        within = (k(z, z).sum() + k(prior, prior).sum() - 2 * n) / (n * (n - 1))
        return 10 * (within - 2 * k(z, prior).mean())


class HandWrittenFlowPrior(HandWrittenDPVAE):
    """FP-VAE: the flow is fixed in the model's step, and has its own likelihood and its own Adam."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.optimizer = torch.optim.Adam(HandWrittenVAE.parameters(self), lr=1e-3, fused=True)
        self.second_optimizer = torch.optim.Adam(self.networks.parameters(), lr=1e-3, fused=True)

    def kl(self, mu, logvar, z):
        self.z = z.detach()
        return super().kl(mu, logvar, z)

    def epoch(self):
        order = torch.randperm(len(self.X))
        for start in range(0, len(order), self.batch_size):
            self.networks.requires_grad_(False)
            loss = self.loss(self.X[order[start : start + self.batch_size]])
            self.networks.requires_grad_(True)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.second_optimizer.zero_grad()
            (-self.log_prior(self.z).mean()).backward()
            self.second_optimizer.step()


def with_regulariser(mixin):
    """The hand-written model with this penalty, plain and decoupled."""
    return [type(f"{mixin.__name__}{base.__name__}", (mixin, base), {}) for base in (HandWrittenVAE, HandWrittenDPVAE)]


REGULARISED = {
    "Annealed": ("AnnealedVAE", "AnnealedDPVAE", Annealed),
    "Factor": ("FactorVAE", "FactorDPVAE", Factor),
    "TC": ("BetaTCVAE", "BetaTCDPVAE", TotalCorrelation),
    "Info": ("InfoVAE", "InfoDPVAE", Info),
    "DIP": ("DIPVAE", "DIPDPVAE", Dip),
}
PAIRS = {  # name: (estimator class, its parameters, hand-written loop, its parameters)
    "VAE": (vaekit.VAE, {}, HandWrittenVAE, {}),
    "DPVAE": (vaekit.DPVAE, {}, HandWrittenDPVAE, {}),
    "BetaVAE": (vaekit.BetaVAE, {"beta": 4}, HandWrittenVAE, {"beta": 4}),
    "BetaDPVAE": (vaekit.BetaDPVAE, {"beta": 4}, HandWrittenDPVAE, {"beta": 4}),
}
for *names, mixin in REGULARISED.values():
    for name, loop in zip(names, with_regulariser(mixin)):
        PAIRS[name] = (getattr(vaekit, name), {}, loop, {})
PAIRS["WAE"] = (vaekit.WAE, {}, with_regulariser(Wasserstein)[0], {})
PAIRS["FlowPriorVAE"] = (vaekit.FlowPriorVAE, {}, HandWrittenFlowPrior, {"beta": 0.1})


class HandWrittenImages(HandWrittenVAE):
    """The net of Burgess et al. for images of 64 x 64 bytes that are 0 or 1, with a Bernoulli likelihood."""

    def __init__(self, X, n_components, batch_size):
        self.X, self.batch_size = torch.from_numpy(X), batch_size
        down = [layer for i in range(4) for layer in (nn.Conv2d(32 if i else 1, 32, 4, 2, 1), nn.ReLU())]
        up = [layer for i in range(4) for layer in (nn.ReLU(), nn.ConvTranspose2d(32, 1 if i == 3 else 32, 4, 2, 1))]
        self.encoder = nn.Sequential(*down, nn.Flatten(), stack(512, 256, 256, 2 * n_components))
        self.decoder = nn.Sequential(stack(n_components, 256, 256, 512), nn.Unflatten(1, (32, 4, 4)), *up)
        self.optimizer = torch.optim.Adam(self.parameters(), lr=1e-3, fused=True)

    def parameters(self):
        return [*self.encoder.parameters(), *self.decoder.parameters()]

    def loss(self, x):
        x = x.float()
        mu, logvar = self.encoder(x).chunk(2, 1)
        logits = self.decoder(mu + (0.5 * logvar).exp() * torch.randn_like(mu))
        reconstruction = nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
        return reconstruction + self.kl(mu, logvar, None)


def seconds(function):
    """By the clock, and of processor time."""
    started, of_processor = time.perf_counter(), time.process_time()
    function()
    return np.array([time.perf_counter() - started, time.process_time() - of_processor])


KINDS = {  # parameters that decide for a kind of step
    "eager": {"max_steps": 2},
    "traced": {"max_steps": 1000},
    "compiled": {"max_steps": 1000, "compile": True},
}


def trained(pair, size, X, kind, device):
    """An estimator that has taken steps of a kind, and its rows on the device."""
    cls, parameters, *_ = PAIRS[pair]
    _, hidden, n_components, batch_size, n_rows = SIZES[size]
    n_epochs = 1 + 1000 * batch_size // n_rows
    model = cls(
        n_components=n_components, network=MLP(hidden_layer_sizes=hidden), likelihood=Normal(), batch_size=batch_size,
        max_epochs=n_epochs, standardize=None, device=device, random_state=0, **KINDS[kind], **parameters,
    ).fit(X[: 2 * batch_size] if kind == "eager" else X)  # fmt: skip
    return model, resident_rows(model.model_, X)


def compare(pair, size, rounds, epochs, device="cpu", rivals=()):
    """Microseconds per step of all rounds: an array of shape (rounds, 2) by kind of step, rival, and "by hand"."""
    *_, loop_class, loop_parameters = PAIRS[pair]
    d, hidden, n_components, batch_size, n_rows = SIZES[size]
    X = np.random.default_rng(0).standard_normal((n_rows, d)).astype(np.float32)
    models = {kind: trained(pair, size, X, kind, device) for kind in KINDS}
    runs = {kind: partial(model.net_.partial_fit, rows, epochs=epochs) for kind, (model, rows) in models.items()}
    loops = dict(rivals.items() if pair in ("VAE", "BetaVAE") else (), **{"by hand": loop_class})
    for name, cls in loops.items():
        how = loop_parameters if name == "by hand" else {"beta": 1.0, **loop_parameters}
        loop = cls(X, hidden, n_components, batch_size, **how)
        loop.epoch()
        runs[name] = lambda loop=loop: [loop.epoch() for _ in range(epochs)]
    return in_rounds(runs, rounds, epochs * (n_rows // batch_size))


def in_rounds(runs, rounds, n_steps):
    """Microseconds per step of functions that are called in turn."""
    times = [[seconds(run) for run in runs.values()] for _ in range(rounds)]
    return dict(zip(runs, np.swapaxes(times, 0, 1) / n_steps * 1e6))


def compare_images(rounds, epochs, device="cpu", n_rows=512, batch_size=64):
    """The same for the convolutional net, in float32 and bf16."""
    X = (np.random.default_rng(0).random((n_rows, 1, 64, 64)) < 0.1).astype(np.uint8)
    loop, runs = HandWrittenImages(X, 10, batch_size), {}
    for precision in ("float32", "bf16"):
        model = vaekit.VAE(
            network=ConvNet(), likelihood="bernoulli", batch_size=batch_size, max_epochs=1, device=device,
            precision=precision, random_state=0,
        ).fit(X)  # fmt: skip
        model.net_.plan = model.net_.plan._replace(n_steps=10_000)  # as a fit worth its name
        rows = resident_rows(model.model_, X)
        runs[precision] = partial(model.net_.partial_fit, rows, epochs=epochs)
    for run in (loop.epoch, *runs.values()):
        run()
    runs["by hand"] = lambda: [loop.epoch() for _ in range(epochs)]
    return in_rounds(runs, rounds, epochs * (n_rows // batch_size))


COLUMNS = ("model", "net", "step", "us", "by_hand_us", "times_faster", "cpu_us", "by_hand_cpu_us", "cpu_times_faster")


def lines_of(pair, size, times):
    """A row per kind, with `COLUMNS`."""
    by_hand = times.pop("by hand")
    for kind, own in times.items():
        figures = zip(np.median(own, 0), np.median(by_hand, 0), np.median(by_hand / own, 0))
        yield pair, size, kind, *(float(figure) for clock in figures for figure in clock)


def all_lines(arguments):
    """Rows of all that was asked for."""
    how = arguments.rounds, arguments.epochs, arguments.device
    if arguments.images:
        yield from lines_of("VAE", "dSprites ConvNet", compare_images(*how))
        return
    rivals = rivals_at_hand() if arguments.device == "cpu" else {}
    nets = [size for size in SIZES if size.partition(" ")[0] in arguments.nets]
    for pair, size in itertools.product(arguments.models, nets):
        yield from lines_of(pair, size, compare(pair, size, *how, rivals))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--csv", help="where the table goes, too")
    parser.add_argument("--models", nargs="+", choices=PAIRS, default=list(PAIRS))
    parser.add_argument("--nets", nargs="+", choices=["tab", "moons"], default=["tab", "moons"])
    parser.add_argument("--images", action="store_true", help="the convolutional net instead of the tables")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    warnings.simplefilter("ignore")
    table = []
    print(
        f"{'model':14} {'net':18} {'step':18} {'us':>8} {'by hand':>8} {'faster':>7}   processor time: the same three"
    )
    for line in all_lines(arguments):
        table.append(line)
        print("{:14} {:18} {:18} {:8.0f} {:8.0f} {:7.2f} {:8.0f} {:8.0f} {:7.2f}".format(*line), flush=True)
    if arguments.csv:
        with open(arguments.csv, "w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *table])


if __name__ == "__main__":
    main()
