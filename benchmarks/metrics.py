"""Seconds of disentanglement metrics, beside line-by-line readings of their definitions in the same run.

    OMP_NUM_THREADS=1 python benchmarks/metrics.py [--repeats 3] [--rows 10000]

The readings do what the field's reference code does: one scikit-learn call per pair of code and factor, and, where a
factor is held, one fresh batch of observations, encoded, per vote. Ours take one table of codes, encoded once. Their
time without observing and encoding is given too: what remains is the metric alone. Minimum of interleaved repeats.
"""

import argparse
import time
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mutual_info_score
from sklearn.model_selection import cross_validate
from sklearn.svm import LinearSVC

from vaekit.metrics import beta_vae_score, disentanglement_scorers, factor_vae_score, mig_score, sap_score

SIZES = np.array([3, 6, 40, 32, 32])  # the factors of dSprites: shape, scale, orientation, two positions
N_TRAIN, N_TEST, BATCH_SIZE = 10000, 5000, 64


class Encoder(TransformerMixin, BaseEstimator):
    """A network of 64 hidden units from 32 columns to 10 codes, with fixed weights; counts its calls and rows."""

    calls = rows = 0

    def __init__(self, seed=0):
        self.seed = seed

    def fit(self, X=None, y=None):
        """Draw the weights."""
        rng = np.random.default_rng(self.seed)
        self.hidden_ = rng.normal(size=(32, 64)) / 6
        self.output_ = rng.normal(size=(64, 10)) / 8
        return self

    def transform(self, X):
        """Encode, and count."""
        Encoder.calls += 1
        Encoder.rows += len(X)
        return np.tanh(X @ self.hidden_) @ self.output_


class World:
    """Factors drawn independently, 32 columns that depend on them, and the time spent to observe and encode."""

    def __init__(self, encoder, seed=0):
        self.encoder, self.seconds = encoder, 0.0
        self.weights = np.random.default_rng(seed).normal(size=(len(SIZES), 32))

    def factors(self, n_rows, rng):
        """Draw a table of factors."""
        return rng.integers(SIZES, size=(n_rows, len(SIZES)))

    def observe(self, factors):
        """Columns that show the factors."""
        return np.sin((factors / SIZES - 0.5) @ self.weights)

    def codes(self, factors):
        """Observe and encode, on the clock."""
        start = time.perf_counter()
        codes = self.encoder.transform(self.observe(factors))
        self.seconds += time.perf_counter() - start
        return codes


def read_mig(factors, codes):
    bins = np.zeros_like(codes)
    for j in range(codes.shape[1]):
        bins[:, j] = np.digitize(codes[:, j], np.histogram(codes[:, j], 20)[1][:-1])
    gaps = []
    for k in range(factors.shape[1]):
        information = sorted(mutual_info_score(factors[:, k], bins[:, j]) for j in range(codes.shape[1]))
        gaps.append((information[-1] - information[-2]) / mutual_info_score(factors[:, k], factors[:, k]))
    return np.mean(gaps)


def read_sap(factors, codes, score):
    gaps = []
    for k in range(factors.shape[1]):
        scores = sorted(score(codes[:, j], factors[:, k]) for j in range(codes.shape[1]))
        gaps.append(scores[-1] - scores[-2])
    return np.mean(gaps)


def squared_correlation(code, factor):
    covariance = np.cov(code, factor, ddof=1)
    if covariance[0, 0] <= 1e-12:
        return 0.0
    return covariance[0, 1] ** 2 / (covariance[0, 0] * covariance[1, 1])


def accuracy_of_classifier(code, factor):
    n_test = len(code) // 3
    code = (code - code[n_test:].mean()) / code[n_test:].std()
    classifier = LinearSVC(C=0.01, class_weight="balanced").fit(code[n_test:, np.newaxis], factor[n_test:])
    return np.mean(classifier.predict(code[:n_test, np.newaxis]) == factor[:n_test])


def read_factor_vae(world, rng, n_rows):
    variances = np.var(world.codes(world.factors(n_rows, rng)), axis=0, ddof=1)
    active = np.sqrt(variances) >= 0.05

    def cast(n_votes):
        votes = np.zeros((len(SIZES), len(variances)), dtype=int)
        for _ in range(n_votes):
            k = rng.integers(len(SIZES))
            factors = world.factors(BATCH_SIZE, rng)
            factors[:, k] = factors[0, k]
            local = np.var(world.codes(factors), axis=0, ddof=1)
            votes[k, np.argmin(local[active] / variances[active])] += 1
        return votes

    rule = np.argmax(cast(N_TRAIN), axis=0)
    test = cast(N_TEST)
    return test[rule, np.arange(len(variances))].sum() / test.sum()


def read_beta_vae(world, rng):
    def points(n_points):
        differences, shared = np.zeros((n_points, 10)), np.zeros(n_points, dtype=int)
        for i in range(n_points):
            k = rng.integers(len(SIZES))
            first, second = world.factors(BATCH_SIZE, rng), world.factors(BATCH_SIZE, rng)
            second[:, k] = first[:, k]
            differences[i] = np.mean(np.abs(world.codes(first) - world.codes(second)), axis=0)
            shared[i] = k
        return differences, shared

    return LogisticRegression(max_iter=1000).fit(*points(N_TRAIN)).score(*points(N_TEST))


def timed(function):
    start = time.perf_counter()
    value = function()
    return time.perf_counter() - start, float(value)


def line(name, ours, reading, note=""):
    print(
        f"{name:30} ours {1e3 * ours:8.1f} ms  reading {1e3 * reading:8.1f} ms  {reading / ours:5.1f}x  {note}",
        flush=True,
    )


def race_of_arrays(factors, codes, repeats):
    pairs = {
        "MIG": (partial(mig_score, factors, codes), partial(read_mig, factors, codes)),
        "SAP, correlations": (
            partial(sap_score, factors, codes, continuous_factors="regress"),
            partial(read_sap, factors, codes, squared_correlation),
        ),
        "SAP, classifiers": (
            partial(sap_score, factors, codes, random_state=0),
            partial(read_sap, factors, codes, accuracy_of_classifier),
        ),
    }
    for name, (ours, reading) in pairs.items():
        n_runs = repeats if name == "SAP, classifiers" else 10 * repeats  # milliseconds need more of them
        runs = [(timed(ours), timed(reading)) for _ in range(n_runs)]
        fast, slow = (min(run[side][0] for run in runs) for side in (0, 1))
        line(name, fast, slow, f"scores {runs[0][0][1]:.4f} {runs[0][1][1]:.4f}")


def race_of_interventions(world, n_rows, repeats):
    def table_score(metric):
        factors = world.factors(n_rows, np.random.default_rng(0))
        return metric(factors, world.codes(factors), random_state=0)

    def run(function):
        world.seconds, Encoder.calls, Encoder.rows = 0.0, 0, 0
        seconds, value = timed(function)
        return seconds, seconds - world.seconds, value, f"{Encoder.calls} calls of {Encoder.rows} rows"

    pairs = {
        "FactorVAE": (factor_vae_score, partial(read_factor_vae, n_rows=n_rows)),
        "beta-VAE": (beta_vae_score, read_beta_vae),
    }
    for name, (metric, reading) in pairs.items():
        ours, theirs = [], []
        for _ in range(repeats):
            ours.append(run(partial(table_score, metric)))
            theirs.append(run(partial(reading, world, rng=np.random.default_rng(1))))
        (fast, fast_alone, value, calls), (slow, slow_alone, read, calls_read) = min(ours), min(theirs)
        line(f"{name}, with the encoder", fast, slow, f"scores {value:.4f} {read:.4f}")
        line(f"{name}, without", fast_alone, slow_alone, f"encoder: {calls}, {calls_read}")


def count_encodings(world, n_rows):
    factors = world.factors(n_rows, np.random.default_rng(0))
    scorers = disentanglement_scorers(["mig", "factor_vae", "beta_vae", "modularity"])
    Encoder.calls = 0
    cross_validate(world.encoder, world.observe(factors), factors, scoring=scorers, cv=3)
    print(f"cross-validation, 3 folds, {len(scorers)} scorers: {Encoder.calls} encoder calls")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=10000)
    options = parser.parse_args()
    world = World(Encoder().fit())
    factors = world.factors(options.rows, np.random.default_rng(0))
    race_of_arrays(factors, world.codes(factors), options.repeats)
    race_of_interventions(world, options.rows, options.repeats)
    count_encodings(world, options.rows)


if __name__ == "__main__":
    main()
