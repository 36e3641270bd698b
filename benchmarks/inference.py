"""Inference and precision: rows per second of a fitted model against its bare net, one row's latency, bf16's gain.

    python benchmarks/inference.py [--device cpu] [--rounds 9] [--rows 20000] [--csv times.csv]

For each net and type of rows: `transform` and `score_samples` as they are called, and the encoder alone on rows that
are tensors on the device already, in blocks of the size that the model takes; the median of interleaved rounds. Then
milliseconds of `transform` for a single row, and of a training step in float32 and in bf16. One thread on a CPU.
"""

import argparse
import csv
import statistics
import sys
import time
import warnings

import numpy as np
import torch

from vaekit import VAE

CUDA_BLOCKS = {2: 4096, 3: 512, 4: 512}  # rows of a block, by axes of X


def make_data(n_rows):
    """name: rows. Images of bytes are as many as take about as long on a CPU."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(n_rows, 64))
    images = (rng.random((max(256, n_rows // 20), 64, 64)) > 0.7).astype(np.uint8)
    return {
        "table float64, 64-128-64-10": table,
        "table float32, 64-128-64-10": table.astype(np.float32),
        "images uint8, 64 x 64, ConvNet": 255 * images,
        "images float32, 64 x 64, ConvNet": images.astype(np.float32),
    }


def synchronize(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(function, device):
    synchronize(device)
    started = time.perf_counter()
    function()
    synchronize(device)
    return time.perf_counter() - started


def medians(functions, device, n_rounds):
    """Median seconds of each of some functions, by name, timed one after the other in every round."""
    for function in functions.values():
        function()
    rounds = [{name: seconds(function, device) for name, function in functions.items()} for _ in range(n_rounds)]
    return {name: statistics.median(times[name] for times in rounds) for name in functions}


def bare_encoder(model, X, device):
    """The encoder over all rows, which are float32 tensors on the device."""
    size = CUDA_BLOCKS[X.ndim] if device.type == "cuda" else model.model_.blueprint.network.inference_rows
    rows = torch.from_numpy(model.model_.blueprint.preprocessing.to_network(X.reshape(len(X), -1)))
    blocks = rows.reshape(-1, *model.model_.blueprint.event_shape).to(device).split(size)
    module = model.model_.module.eval()

    @torch.inference_mode()
    def encode():
        return torch.cat([module.encode(block).loc for block in blocks]).cpu()

    return encode


def fitted(X, device, **parameters):
    how = {"max_steps": 4, "random_state": 0, "device": str(device), "batch_size": 64, **parameters}
    return VAE(likelihood="bernoulli" if X.max() == 1 else "auto", **how).fit(X[:512])


def measure(name, X, device, n_rounds):
    """A row of the table for one kind of rows."""
    model = fitted(X, device)
    few = X[: max(1, len(X) // 10)]
    rates = {
        "transform": (len(X), lambda: model.transform(X)),
        "bare encoder": (len(X), bare_encoder(model, X, device)),
        "score_samples": (len(few), lambda: model.score_samples(few)),
        "one row": (1, lambda: model.transform(X[:1])),
    }
    times = medians({what: function for what, (_, function) in rates.items()}, device, n_rounds)
    found = {f"{what}, rows/s": round(n / times[what]) for what, (n, _) in rates.items() if what != "one row"}
    return {"rows": name, **found, "one row, ms": round(1e3 * times["one row"], 3)}


def measure_step(name, X, device, n_rounds):
    """Milliseconds of a training step in each precision."""
    n_steps = 8
    models = {precision: fitted(X, device, precision=precision) for precision in ("float32", "bf16")}
    functions = {precision: lambda m=model: m.partial_fit(X[: 64 * n_steps]) for precision, model in models.items()}
    times = medians(functions, device, n_rounds)
    found = {f"{precision} step, ms": round(1e3 * spent / n_steps, 2) for precision, spent in times.items()}
    return {"rows": name, **found, "gain": round(times["float32"] / times["bf16"], 2)}


def show(rows):
    columns = list(rows[0])
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(row[column]) for column in columns) + " |")
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--csv")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    device = torch.device(arguments.device)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU, one thread"
    print(f"{where}; torch {torch.__version__}, numpy {np.__version__}, Python {sys.version.split()[0]}\n")
    data = make_data(arguments.rows)
    table = [measure(name, X, device, arguments.rounds) for name, X in data.items()]
    show(table)
    steps = [measure_step(name, X, device, arguments.rounds) for name, X in list(data.items())[1:3]]
    show(steps)
    if arguments.csv:
        with open(arguments.csv, "w", newline="") as file:
            writer = csv.writer(file)
            for some in (table, steps):
                writer.writerow(some[0])
                writer.writerows(row.values() for row in some)


if __name__ == "__main__":
    main()
