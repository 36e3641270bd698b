"""Samples on MNIST, plain against decoupled prior: each family trained the same way.

    python benchmarks/mnist_generation.py --data DIR [--rows 20000] [--epochs 10] [--seeds 3]
                                          [--csv docs/mnist.csv] [--page docs/mnist.md]

DIR holds `mnist/` with the idx files. Rows are written to the CSV as they come; rows that it already has are not run
again. The table is made from the CSV alone, printed, and put between the two marks of the page. What the numbers mean
is said there.
"""

import argparse
import csv
import itertools
import re
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.base import clone

from vaekit import DIPVAE, VAE, WAE, AnnealedVAE, BetaTCVAE, BetaVAE, FactorVAE, FlowPriorVAE, InfoVAE
from vaekit.datasets import load_mnist
from vaekit.evaluation import (
    AggregatePosterior,
    ClassifierFeatures,
    importance_nll,
    leakage_curve,
    low_posterior_frechet_distance,
    reconstruction_error,
    standard_normal_thresholds,
    symmetric_kl,
)
from vaekit.nn import MLP
from vaekit.objectives import Capacity

FAMILIES = {
    "VAE": VAE(),
    "β-VAE (4)": BetaVAE(beta=4),
    "β-VAE-B (25)": AnnealedVAE(max_capacity=25),  # more nats than a VAE of this size takes
    "β-VAE-B (10)": AnnealedVAE(max_capacity=10),
    "β-VAE-B (10), one-sided": VAE(objective=Capacity(max_capacity=10, prior_training="one_sided")),
    "β-VAE-B (10), split": VAE(objective=Capacity(max_capacity=10, prior_training="split")),
    "FactorVAE (10)": FactorVAE(gamma=10),
    "β-TCVAE (1, 4, 1)": BetaTCVAE(alpha=1, beta=4, gamma=1),
    "InfoVAE (0, 1000)": InfoVAE(alpha=0, lam=1000),
    "DIP-VAE II (10)": DIPVAE(lambda_od=10),
    "WAE (100)": WAE(lam=100, likelihood="bernoulli"),
    "FP-VAE (0.1)": FlowPriorVAE(beta=0.1),
}
PRIORS = {"normal": "plain", "decoupled": "decoupled"}
N_COMPONENTS = 8
N_SAMPLES = 2000
N_LIKELIHOOD_ROWS, N_IMPORTANCE_SAMPLES = 250, 500
LEAKAGE_THRESHOLD = standard_normal_thresholds(0.1, N_COMPONENTS)  # 10% of N(0, I) below

NUMBERS = {  # column of the CSV: heading and format of the table
    "frechet_distance": ("FID", ".1f"),
    "low_posterior_frechet_distance": ("FID-LP", ".1f"),
    "symmetric_kl": ("sKL", ".2f"),
    "nll": ("NLL", ".1f"),
    "leakage": ("leakage", ".3f"),
    "reconstruction": ("reconstruction", ".1f"),
}
SETTING = ("family", "prior", "seed", "rows", "epochs")
MARKS = "<!-- table: benchmarks/mnist_generation.py -->", "<!-- end of table -->"


# ---------------------------------------------------------------------- runs


def fit(family, prior, seed, epochs, X):
    model = clone(FAMILIES[family]).set_params(
        prior=prior, n_components=N_COMPONENTS, network=MLP(hidden_layer_sizes=(256, 128)), max_epochs=epochs,
        random_state=seed,
    )  # fmt: skip
    return model.fit(X)


def measure(model, X, X_test, features, seed):
    """Return the numbers of the table: q(z) from the training images, everything else from test images."""
    q = AggregatePosterior.from_estimator(model, X)
    draws = {"random_state": seed, "aggregate_posterior": q}
    frechet = low_posterior_frechet_distance(model, X_test, features, N_SAMPLES, **draws)
    nll = importance_nll(model, X_test[:N_LIKELIHOOD_ROWS], N_IMPORTANCE_SAMPLES, random_state=seed)
    return {
        "frechet_distance": frechet.plain,
        "low_posterior_frechet_distance": frechet.value,
        "symmetric_kl": symmetric_kl(model, X, N_SAMPLES, **draws).value,
        "nll": nll.value,
        "leakage": float(leakage_curve(model, X, [LEAKAGE_THRESHOLD], n_samples=N_SAMPLES, **draws).value[0]),
        "reconstruction": reconstruction_error(model, X_test, random_state=seed).value,
        "effective_sample_size": float(np.median(nll.effective_sample_size)),
    }


def run(settings, images, test_images, features):
    """Fit and measure each setting; yield a row of the CSV."""
    for setting in settings:
        X, start = images[: setting["rows"]], time.perf_counter()
        model = fit(setting["family"], setting["prior"], setting["seed"], setting["epochs"], X)
        trained = time.perf_counter()
        numbers = measure(model, X, test_images, features, setting["seed"])
        seconds = {"fit_seconds": trained - start, "measure_seconds": time.perf_counter() - trained}
        yield {**setting, **{name: f"{value:.4g}" for name, value in {**numbers, **seconds}.items()}}


def missing_settings(path, arguments):
    """Return the settings of which the CSV has no row; twins run one after the other, seed by seed."""
    done = {tuple(row[name] for name in SETTING) for row in read(path)} if path.exists() else set()
    wanted = itertools.product(range(arguments.seeds), arguments.families, PRIORS)
    settings = [dict(zip(SETTING, (family, prior, seed, arguments.rows, arguments.epochs)))
                for seed, family, prior in wanted]  # fmt: skip
    return [setting for setting in settings if tuple(map(str, setting.values())) not in done]


def append(path, row):
    is_new = not path.exists()
    with open(path, "a", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=row, lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------------- table


def table(rows):
    """Return the Markdown table: mean over seeds and half the range, bold where every run beats the twin's runs."""
    header = ["family", "prior", *(heading for heading, _ in NUMBERS.values())]
    lines = [header, ["---"] * len(header)]
    for family in sorted({row["family"] for row in rows}, key=list(FAMILIES).index):
        values = {
            prior: {
                name: [float(row[name]) for row in rows if (row["family"], row["prior"]) == (family, prior)]
                for name in NUMBERS
            }
            for prior in PRIORS
        }
        for (prior, said), twin in zip(PRIORS.items(), reversed(PRIORS)):
            cells = [cell(name, values[prior][name], values[twin][name]) for name in NUMBERS]
            lines.append([family if prior == "normal" else "", said, *cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(name, values, of_twin):
    """mean ± half the range; every number of the table is better when lower."""
    if not values:
        return ""
    form = NUMBERS[name][1]
    mean = format(np.mean(values), form)
    is_better = of_twin and max(values) < min(of_twin)
    return f"{f'**{mean}**' if is_better else mean} ± {format(np.ptp(values) / 2, form)}"


def put_on_page(path, text):
    opening, closing = MARKS
    between = re.compile(f"(?<={re.escape(opening)}\n).*(?={re.escape(closing)})", re.DOTALL)
    path.write_text(between.sub(lambda _: text + "\n", path.read_text()))


# ---------------------------------------------------------------------- command


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds mnist/")
    parser.add_argument("--rows", type=int, default=20_000, help="training images")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--csv", type=Path, default=Path("docs/mnist.csv"))
    parser.add_argument("--page", type=Path, help="Markdown page to put the table on")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")

    train = load_mnist(arguments.data / "mnist")
    test = load_mnist(arguments.data / "mnist", subset="test")
    settings = missing_settings(arguments.csv, arguments)
    if settings:
        features = ClassifierFeatures().fit(train.images[:20_000], train.target[:20_000])
        print(f"the classifier whose features are compared: accuracy {features.score(test.images, test.target):.3f}")
    for row in run(settings, train.images, test.images, features if settings else None):
        append(arguments.csv, row)
        print(" ".join(f"{name}={value}" for name, value in row.items()), flush=True)
    text = table(read(arguments.csv))
    print(text)
    if arguments.page:
        put_on_page(arguments.page, text)


if __name__ == "__main__":
    main()
