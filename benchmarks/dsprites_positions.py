"""Are the positions of dSprites found by codes of their own? FactorVAE on the published images, gamma by gamma.

    OMP_NUM_THREADS=1 VAEKIT_DATA=FOLDER python benchmarks/dsprites_positions.py [--gammas 10 30 100] [--epochs 8]

FOLDER holds `dsprites/`. Every `--every` epochs a line says how far a gamma has come: the largest absolute correlation
of each factor with a code, the FactorVAE metric, MIG, and the terms of the loss in nats per image. The goal, for the
gamma with the best FactorVAE metric: different codes correlate above 0.8 with posX and posY, and the metric is above
0.6. Scores are those of all images, which are the whole grid. Gammas run at the same time, in `--jobs` processes.
"""

import argparse
import os
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from joblib import Parallel, delayed

from vaekit import FactorVAE
from vaekit.datasets import load_dsprites
from vaekit.metrics import factor_vae_score, mig_score
from vaekit.nn import ConvNet

LEAST_CORRELATION, LEAST_METRIC = 0.8, 0.6


class Row(NamedTuple):
    """How far one gamma has come."""

    gamma: float
    seed: int
    steps: int
    seconds: float
    cpu_seconds: float
    correlation: np.ndarray  # of every factor with its best code
    code: np.ndarray  # that code
    factor_vae: float
    mig: float
    terms: dict

    @property
    def meets_the_goal(self):
        """Whether the positions have a code each, and the FactorVAE metric is high enough."""
        return bool(
            self.correlation[-2:].min() > LEAST_CORRELATION
            and self.code[-2] != self.code[-1]
            and self.factor_vae > LEAST_METRIC
        )

    def __str__(self):
        terms = "  ".join(f"{self.terms[name]:10.2f}" for name in TERMS)
        correlation = "  ".join(f"{r:.3f} (z{j})" for r, j in zip(self.correlation, self.code))
        return (
            f"{self.gamma:6g} {self.seed:5d} {self.steps:7d} {self.seconds:6.0f} {self.cpu_seconds:6.0f}  "
            f"{correlation}  {self.factor_vae:10.3f} {self.mig:6.3f}  {terms}"
        )


TERMS = {"train_loss": "loss", "kl": "KL", "total_correlation": "TC"}
HEADER = (
    f"{'gamma':>6} {'seed':>5} {'steps':>7} {'s':>6} {'CPU s':>6}  "
    + "  ".join(f"{name:10}" for name in ("shape", "scale", "orient.", "posX", "posY"))
    + f"  {'FactorVAE':>10} {'MIG':>6}  "
    + "  ".join(f"{name:>10}" for name in TERMS.values())
)


def halve(images):
    """Images of half the side: a pixel is on when at least two of its four are, as `make_dsprites(size=32)` has it."""
    n, height, width = images.shape
    counts = images.reshape(n, height // 2, 2, width // 2, 2).sum(axis=(2, 4), dtype=np.uint8)
    return (counts >= 2).astype(np.uint8)


def make_model(gamma, discriminator_learning_rate, seed, epochs):
    """A small FactorVAE that goes on where it stopped, `epochs` passes over the data with each call of fit."""
    return FactorVAE(
        n_components=6, gamma=gamma, discriminator_learning_rate=discriminator_learning_rate,
        network=ConvNet(channels=16, hidden_layer_sizes=(128,)), batch_size=64, warmup=0, max_epochs=epochs,
        warm_start=True, random_state=seed,
    )  # fmt: skip


def best_codes(factors, codes):
    """Largest absolute correlation of each factor with a code, and which code that is."""
    n_factors = factors.shape[1]
    correlation = np.abs(np.nan_to_num(np.corrcoef(factors, codes, rowvar=False)[:n_factors, n_factors:]))
    return correlation.max(axis=1), correlation.argmax(axis=1)


def follow(gamma, discriminator_learning_rate, seed, images, factors, epochs, every):
    """Train one model, print and return a row every so many epochs; the clocks stand still while scoring."""
    torch.set_num_threads(1)
    model, rows = make_model(gamma, discriminator_learning_rate, seed, every), []
    seconds = cpu_seconds = 0.0
    for _ in range(epochs // every):
        start, cpu_start = time.perf_counter(), time.process_time()
        model.fit(images)
        seconds, cpu_seconds = seconds + time.perf_counter() - start, cpu_seconds + time.process_time() - cpu_start
        codes = model.transform(images)
        metric = factor_vae_score(factors, codes, random_state=0)
        scores = *best_codes(factors, codes), metric, mig_score(factors, codes)
        rows.append(Row(gamma, seed, model.n_steps_, seconds, cpu_seconds, *scores, model.history_[-1]))
        print(rows[-1], flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gammas", type=float, nargs="+", default=[10, 30, 100])
    parser.add_argument("--discriminator", type=float, default=1e-3, help="learning rate of the discriminator")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, default=8, help="passes of each model over the data")
    parser.add_argument("--every", type=int, default=2, help="epochs between rows")
    parser.add_argument("--size", type=int, default=32, choices=(32, 64), help="side of the images")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if "VAEKIT_DATA" not in os.environ:
        parser.error("set VAEKIT_DATA to a folder that holds dsprites/ with a published file")
    sprites = load_dsprites(Path(os.environ["VAEKIT_DATA"]) / "dsprites")
    images = sprites.images if options.size == 64 else halve(sprites.images)
    print(f"{len(images)} images of {options.size} x {options.size}, factors {sprites.factor_sizes}")
    print(HEADER, flush=True)
    start = time.perf_counter()
    curves = Parallel(n_jobs=options.jobs)(
        delayed(follow)(gamma, options.discriminator, seed, images, sprites.factors, options.epochs, options.every)
        for gamma in options.gammas
        for seed in options.seeds
    )
    print(f"{time.perf_counter() - start:.0f} s in all; the last rows again, the best FactorVAE metric first")
    for row in sorted((rows[-1] for rows in curves), key=lambda row: -row.factor_vae):
        print(row, "  goal met" if row.meets_the_goal else "  goal not met")


if __name__ == "__main__":
    main()
