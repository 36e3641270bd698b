"""Plain against decoupled prior, the same training otherwise: every family, two data sets, several seeds.

    python benchmarks/decoupled.py [--data moons digits] [--seeds 3] [--csv FILE]

Symmetric KL between aggregate posterior and prior (lower: samples and codes agree; no bijection changes it), mean
distance of a generated row to the nearest data row, and mean squared reconstruction error. Medians over seeds are
printed; the CSV holds every run.
"""

import argparse
import csv
import warnings

import numpy as np
import torch
from defaults import two_moons
from sklearn.datasets import load_digits

from vaekit import (
    DIPVAE,
    VAE,
    WAE,
    AnnealedVAE,
    BetaTCVAE,
    BetaVAE,
    FactorVAE,
    FlowPriorVAE,
    InfoVAE,
)
from vaekit.evaluation import nearest_neighbours, symmetric_kl
from vaekit.likelihoods import Normal

FAMILIES = {  # name: (class, its parameters)
    "VAE": (VAE, {}),
    "beta-VAE (4)": (BetaVAE, {"beta": 4}),
    "beta-VAE-B": (AnnealedVAE, {}),
    "FactorVAE (10)": (FactorVAE, {}),
    "beta-TCVAE (1, 4, 1)": (BetaTCVAE, {}),
    "beta-TCVAE (1, 15, 4)": (BetaTCVAE, {"beta": 15, "gamma": 4}),
    "InfoVAE": (InfoVAE, {}),
    "InfoVAE, literal": (InfoVAE, {"mmd_space": "representation"}),
    "DIP-VAE II": (DIPVAE, {}),
    "WAE": (WAE, {}),
    "FP-VAE (0.1)": (FlowPriorVAE, {}),
}
CAPACITY = {"moons": 3, "digits": 10, "digits_learned_scale": 10}  # nats, for beta-VAE-B


def moons(seed):
    shared = {
        "n_components": 2, "hidden_layer_sizes": (100, 50), "batch_size": 100, "max_epochs": 200,
        "likelihood": Normal(scale=0.15),
    }  # fmt: skip
    return two_moons(seed), shared


def digits(seed):
    return load_digits().data / 16, {"n_components": 5, "likelihood": Normal(scale=0.25), "max_epochs": 100}


def digits_learned_scale(seed):
    """The default likelihood: its scale falls to about 0.1, and 1797 rows lie far further apart than codes are wide."""
    return load_digits().data / 16, {"max_epochs": 60}


DATA = {"moons": moons, "digits": digits, "digits_learned_scale": digits_learned_scale}


def measure(model, X, seed):
    divergence = symmetric_kl(model, X, random_state=seed).value
    samples = model.sample(1000, random_state=seed)
    distance = np.mean(nearest_neighbours(samples, X).distance)
    error = np.mean((model.inverse_transform(model.transform(X)) - X) ** 2)
    return {"symmetric_kl": float(divergence), "distance": float(distance), "squared_error": float(error)}


def runs(data, families, seeds):
    for name in families:
        cls, own = FAMILIES[name]
        for prior in ("normal", "decoupled"):
            for seed in range(seeds):
                X, shared = DATA[data](seed)
                capacity = {"max_capacity": CAPACITY[data]} if cls is AnnealedVAE else {}
                model = cls(prior=prior, random_state=seed, **{**shared, **own, **capacity}).fit(X)
                yield {"data": data, "family": name, "prior": prior, "seed": seed, **measure(model, X, seed)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--csv")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    rows = []
    for data in arguments.data:
        print(f"\n{data:22} {'sKL plain':>10} {'sKL dp':>10} {'lower in':>9} {'dist plain':>10} {'dist dp':>8} "
              f"{'error plain':>11} {'error dp':>9}")  # fmt: skip
        of_family = []
        for row in runs(data, arguments.families, arguments.seeds):
            rows.append(row)
            of_family.append(row)
            if len(of_family) == 2 * arguments.seeds:
                report(of_family, arguments.seeds)
                of_family = []
    if arguments.csv:
        with open(arguments.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=rows[0])
            writer.writeheader()
            writer.writerows(rows)


def report(rows, seeds):
    """Print the medians of one family, and in how many seeds the decoupled prior has the lower symmetric KL."""
    columns = {name: np.array([row[name] for row in rows]).reshape(2, seeds) for name in
               ("symmetric_kl", "distance", "squared_error")}  # fmt: skip
    plain, decoupled = columns["symmetric_kl"]
    (skl, skl_dp), (dist, dist_dp), (error, error_dp) = (np.median(values, axis=1) for values in columns.values())
    lower = f"{int((decoupled < plain).sum())} of {seeds}"
    print(f"{rows[0]['family']:22} {skl:10.3f} {skl_dp:10.3f} {lower:>9} {dist:10.3f} {dist_dp:8.3f} {error:11.4f} "
          f"{error_dp:9.4f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
