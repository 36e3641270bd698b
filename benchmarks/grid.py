"""Many fits at once against the same one after the other, in one run: `fit_many` and `batched_fits`.

    python benchmarks/grid.py [--rounds 9] [--rows 1000] [--epochs 50] [--device cpu] [--only WORDS] [--csv times.csv]

The first row trains the moons net (2-100-50-2) with 10 seeds and 4 strengths of the KL: 40 bare loops written by hand,
with fused Adam and without books, against `fit_many`. The others are a search of 8 candidates over 5 folds, with one
worker and with two, with and without `batched_fits`. Medians of interleaved rounds, by the clock and, of what runs in
this process alone, in processor time; the first round pays for writing down the programs, and counts.
"""

import argparse
import csv
import statistics
import time
import warnings

from sklearn.model_selection import GridSearchCV
from train_step import HandWrittenVAE

import vaekit
from vaekit.likelihoods import Normal

HIDDEN, BATCH_SIZE, SEEDS, BETAS = (100, 50), 100, range(10), (1.0, 2.0, 4.0, 8.0)
GRID = {"beta": [1.5, 2.0, 4.0, 8.0], "learning_rate": [1e-3, 3e-3]}


def estimator(n_epochs, device, **params):
    return vaekit.BetaVAE(
        n_components=2, hidden_layer_sizes=HIDDEN, batch_size=BATCH_SIZE, max_epochs=n_epochs, device=device,
        likelihood=Normal(scale="learned"), **{"random_state": 0, **params},
    )  # fmt: skip


def bare_loops(X, n_epochs, device):
    for _ in SEEDS:
        for beta in BETAS:
            model = HandWrittenVAE(X, HIDDEN, 2, BATCH_SIZE, beta)
            for _ in range(n_epochs):
                model.epoch()


def many(X, n_epochs, device):
    vaekit.fit_many([estimator(n_epochs, device, random_state=seed, beta=beta) for seed in SEEDS for beta in BETAS], X)


def search(n_jobs):
    def run(X, n_epochs, device):
        return GridSearchCV(estimator(n_epochs, device), GRID, cv=5, n_jobs=n_jobs).fit(X).best_params_

    return run


def batched(n_jobs):
    def run(X, n_epochs, device):
        with vaekit.batched_fits():
            return search(n_jobs)(X, n_epochs, device)

    return run


ROWS = {  # name: what it is held against, and itself
    "40 fits, fit_many against bare loops": (bare_loops, many),
    "search 8 x 5, n_jobs=1, batched_fits against none": (search(1), batched(1)),
    "search 8 x 5, n_jobs=2, batched_fits against none": (search(2), batched(2)),
}


def timed(function, *args):
    """Seconds by the clock and of this process, and what the function returns."""
    start, of_processor = time.perf_counter(), time.process_time()
    result = function(*args)
    return time.perf_counter() - start, time.process_time() - of_processor, result


def measured(rivals, n_rounds, *args):
    """Medians of both and of the ratios of rounds, by either clock; whether both found the same."""
    rounds = [[timed(rival, *args) for rival in rivals] for _ in range(n_rounds)]
    figures = []
    for clock in (0, 1):
        times = [[own[clock] for own in both] for both in rounds]
        figures += [*map(statistics.median, zip(*times)), statistics.median(one / other for one, other in times)]
    return *figures, all(one[2] == other[2] for one, other in rounds)


COLUMNS = ("work", "other_s", "vaekit_s", "ratio", "other_cpu_s", "vaekit_cpu_s", "cpu_ratio", "same_best")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", help="rows whose names hold this")
    parser.add_argument("--csv")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    X = vaekit.datasets.make_two_moons(args.rows, random_state=0).data.astype("float32")
    rows = []
    print(f"{'work':52}{'other [s]':>10}{'vaekit [s]':>11}{'faster':>8}   in processor time{'':13}same best")
    for name, rivals in ROWS.items():
        if args.only is None or args.only in name:
            *figures, same = measured(rivals, args.rounds, X, args.epochs, args.device)
            if "n_jobs=2" in name:
                figures[3:] = [float("nan")] * 3  # the workers are other processes
            rows.append((name, *figures, same))
            print("{:52}{:10.2f}{:11.2f}{:7.2f}x{:10.2f}{:11.2f}{:7.2f}x  {}".format(*rows[-1]), flush=True)
    if args.csv:
        with open(args.csv, "w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
