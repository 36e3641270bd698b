"""Growth: time and peak memory against rows, features, batch size, latents, candidates, and rows that stay on a disk.

    python benchmarks/growth.py [--device cpu] [--csv growth.csv] [--plot growth.png] [--only n disk] [--largest 3e5]

Each measurement is a process of its own, forked from one that has done the imports: what is reported is the peak over
that of the same process after a small fit. One number of a plain setting changes at a time; the exponent is the slope
of log(processor time) over the upper half of a series (1 is linear). `disk` fits 30 steps on a sparse memory map of so
many GB, and encodes none of it. All of it takes two to three minutes where nobody else computes.
"""

import argparse
import csv
import math
import multiprocessing
import os
import sys
import tempfile

PLAIN = {"n": 100_000, "d": 50, "batch": 128, "latents": 10, "what": "fit"}
SERIES = {  # name: what changes, its values, what else differs
    "fit: rows": ("n", [10_000, 30_000, 100_000, 300_000, 1_000_000], {}),
    "transform: rows": ("n", [10_000, 30_000, 100_000], {"what": "transform"}),
    "score: rows": ("n", [1000, 3000, 10_000], {"what": "score"}),
    "sample: rows": ("n", [10_000, 30_000, 100_000], {"what": "sample"}),
    "fit: features": ("d", [10, 100, 1000], {"n": 10_000}),
    "fit: batch": ("batch", [64, 256, 1024], {}),
    "fit: latents": ("latents", [2, 8, 32, 128], {}),
    "fit_many: candidates": ("candidates", [4, 12, 36], {"what": "many", "n": 2000}),
    "fit: GB on disk": ("gb", [0.25, 0.5, 1], {"what": "disk"}),
}
STEPS = 30


def peak():
    """Largest resident memory so far, MiB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def measure(setting):
    """Seconds and MiB of one setting, in this process."""
    import time
    import warnings

    import numpy as np
    import torch

    from vaekit import VAE, fit_many

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    what, device = setting["what"], setting["device"]
    how = {"n_components": setting["latents"], "batch_size": setting["batch"], "random_state": 0, "device": device}
    rng = np.random.default_rng(0)
    small = VAE(max_steps=STEPS, **how).fit(rng.normal(size=(2100, setting["d"])).astype(np.float32))
    small.transform(rng.normal(size=(200, setting["d"])).astype(np.float32))
    with tempfile.TemporaryDirectory() as folder:
        X = on_disk(folder, setting) if what == "disk" else rng.standard_normal((setting["n"], setting["d"]), "f4")
        calls = {
            "fit": lambda: VAE(max_steps=STEPS, **how).fit(X),
            "disk": lambda: VAE(max_steps=STEPS, **how).fit(X),
            "transform": lambda: small.transform(X),
            "score": lambda: small.score(X),
            "many": lambda: fit_many([VAE(max_steps=STEPS, **how) for _ in range(setting["candidates"])], X),
            "sample": lambda: small.sample(setting["n"]),
        }
        before, started, of_processor = peak(), time.perf_counter(), time.process_time()
        calls[what]()
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - of_processor
        return {"seconds": seconds, "cpu_seconds": cpu_seconds, "MiB": peak() - before}


def on_disk(folder, setting):
    """A sparse memory map of float32 rows, of which the first are drawn."""
    import numpy as np

    n_rows = int(setting["gb"] * 1e9 / 4 / setting["d"])
    path = os.path.join(folder, "rows")
    X = np.memmap(path, "f4", "w+", shape=(n_rows, setting["d"]))
    X[:5000] = np.random.default_rng(0).standard_normal((5000, setting["d"]), "f4")
    X.flush()
    return np.memmap(path, "f4", "r", shape=(n_rows, setting["d"]))


def in_a_process(setting):
    """Measure in a fresh process, whose imports are done."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["vaekit.estimators", "vaekit.batching", "torch._dynamo"])
    with context.Pool(1) as pool:
        return pool.apply(measure, (setting,))


def exponent(points):
    """Slope of log(processor time) against log(size) over the upper half of a series; nan for a single point."""
    upper = points[max(len(points) // 2 - 1, 0) :]
    if len(upper) < 2:
        return math.nan
    (x, first), (y, last) = [(p["size"], p["cpu_seconds"]) for p in (upper[0], upper[-1])]
    return math.log(last / first) / math.log(y / x)


def run_series(name, device, largest):
    """Points of one series; prints them."""
    changing, sizes, differing = SERIES[name]
    points = []
    for size in [size for size in sizes if changing != "n" or size <= largest]:
        setting = {**PLAIN, "device": device, **differing, changing: size}
        point = {"series": name, "size": size, **in_a_process(setting)}
        points.append(point)
        times = f"{point['seconds']:9.3f} s {point['cpu_seconds']:9.3f} s of processor"
        print(f"{name:22s} {size:>10} {times} {point['MiB']:8.1f} MiB", flush=True)
    print(f"{name:18s} time grows with exponent {exponent(points):.2f}\n", flush=True)
    return points


def draw(points, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
    for axis, what in zip(axes, ("cpu_seconds", "MiB")):
        for name in dict.fromkeys(point["series"] for point in points):
            own = [point for point in points if point["series"] == name]
            relative = [point["size"] / own[0]["size"] for point in own]
            axis.loglog(relative, [max(point[what], 0.1 if what == "MiB" else 1e-3) for point in own], "o-", label=name)
        axis.set(
            xlabel="size, relative to the smallest of a series",
            ylabel="seconds of processor time" if what == "cpu_seconds" else what,
        )
    axes[0].set_title("time")
    axes[1].set_title("peak memory, over that of a small fit")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    figure.savefig(path, dpi=90)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--csv")
    parser.add_argument("--plot")
    parser.add_argument("--only", nargs="+", default=[""], help="words that names of series are to hold")
    parser.add_argument("--largest", type=float, default=3e5, help="most rows of a series")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    names = [name for name in SERIES if any(word in name for word in arguments.only)]
    points = [point for name in names for point in run_series(name, arguments.device, arguments.largest)]
    if arguments.csv:
        with open(arguments.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, points[0])
            writer.writeheader()
            writer.writerows(points)
    if arguments.plot:
        draw(points, arguments.plot)


if __name__ == "__main__":
    main()
