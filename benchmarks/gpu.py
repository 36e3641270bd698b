"""What a GPU makes of vaekit: kinds of the training step, inference, log q(z), and many fits at once, in one table.

    python benchmarks/gpu.py [--device cuda] [--minutes 8] [--only steps inference log_qz many grid] [--csv gpu.csv]

Needs no network and no file: data are drawn. A line of the table is one measurement: the median of interleaved rounds,
and how many times faster that is than the line it is measured against. What does not come about (no compiler, too
little memory) is a line that says why. No part begins after the minutes are over; `--device cpu --rounds 1` tries the
script itself where there is no GPU. Which kind of step a fit takes is decided by the number of planned steps alone, so
`max_steps` plans for each kind.
"""

import argparse
import csv
import time
from functools import partial

import numpy as np
import torch

import vaekit
from vaekit.datasets import make_dsprites
from vaekit.evaluation import aggregate_posterior_log_density
from vaekit.fitted._rows import resident_rows
from vaekit.likelihoods import Normal

FEW, LONG = 20, 1000  # planned steps of an eager fit, and of all others
N_BATCHES = 20  # of an epoch that is timed
GRID = {"models": 170, "steps": 345_600}  # of the thesis

NETS = {  # name: (shape of a row, batch size, parameters)
    "tab": ((64,), 128, {"n_components": 10, "hidden_layer_sizes": (128, 64), "likelihood": Normal()}),
    "moons": ((2,), 100, {"n_components": 2, "hidden_layer_sizes": (100, 50), "likelihood": Normal()}),
    "conv": ((64, 64), 64, {"n_components": 10}),
}
STEPS = [  # net, estimator, parameters
    ("tab", "BetaVAE", {"beta": 4}),
    ("moons", "BetaVAE", {"beta": 4}),
    ("moons", "DPVAE", {}),
    ("tab", "FactorVAE", {}),
    ("conv", "BetaVAE", {"beta": 4}),
    ("conv", "BetaTCVAE", {}),
    ("conv", "FactorVAE", {"discriminator_layer_sizes": (1000,) * 5}),
]


def rows_of(net, n_rows):
    """Rows for a net: standard normal tables, or images of dSprites as bytes."""
    shape = NETS[net][0]
    if len(shape) == 1:
        return np.random.default_rng(0).standard_normal((n_rows, *shape)).astype(np.float32)
    return make_dsprites(n_rows, random_state=0).images


def estimator_of(net, name, parameters, **others):
    _, batch_size, own = NETS[net]
    shared = {"batch_size": batch_size, "standardize": None, "warmup": 100, "random_state": 0}
    return getattr(vaekit, name)(**{**shared, **own, **parameters, **others})


class Table:
    """Lines, printed as they come."""

    columns = ("part", "what", "how", "value", "unit", "times_faster")

    def __init__(self):
        self.lines = []
        print("{:10} {:24} {:22} {:>12} {:16} {:>12}".format(*self.columns))

    def add(self, part, what, how, value, unit, faster=None):
        self.lines.append((part, what, how, value, unit, faster))
        number = f"{value:12.4g}" if isinstance(value, float) else f"{value!s:>12.60}"
        print(
            f"{part:10} {what:24} {how:22} {number} {unit:16} {'' if faster is None else f'{faster:12.2f}'}", flush=True
        )

    def write(self, path):
        with open(path, "w", newline="") as file:
            csv.writer(file).writerows([self.columns, *self.lines])


def wait_for(device):
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()


def seconds(function, device):
    wait_for(device)
    started = time.perf_counter()
    function()
    wait_for(device)
    return time.perf_counter() - started


def interleaved(functions, rounds, device):
    """Median seconds of each function, all of them timed in every round."""
    times = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            times[name].append(seconds(function, device))
    return {name: float(np.median(own)) for name, own in times.items()}


# ---------------------------------------------------------------------- the parts


def trained(net, name, parameters, device, **others):
    """An estimator after its first epoch, its rows on the device, and the seconds that took; or an error."""
    X = rows_of(net, NETS[net][1] * N_BATCHES)
    n_epochs = -(-LONG // N_BATCHES)
    model = estimator_of(net, name, parameters, max_epochs=n_epochs, device=device, **others)
    started = time.perf_counter()
    model.partial_fit(X)
    wait_for(device)
    return model, resident_rows(model.model_, X), time.perf_counter() - started


def steps(table, arguments):
    """Microseconds of a step of every kind, and how far its weights are from those of the eager step."""
    kinds = {"eager": {"max_steps": FEW}, "default": {}, "compiled": {"compile": True}}
    for net, name, parameters in STEPS:
        models, what = {}, f"{net} {name}"
        for kind, how in kinds.items():
            try:
                models[kind] = trained(net, name, parameters, arguments.device, **how)
            except Exception as error:
                table.add("steps", what, kind, f"{type(error).__name__}: {error}", "")
        distances(table, what, {kind: model for kind, (model, *_) in models.items()})
        work = {kind: partial(model.net_.partial_fit, rows) for kind, (model, rows, _) in models.items()}
        first = interleaved(work, 1, arguments.device)  # a graph that another net made room for is recorded again
        times = interleaved(work, arguments.rounds, arguments.device)
        for kind, time_of_epoch in times.items():
            faster = times["eager"] / time_of_epoch if "eager" in times else None
            table.add("steps", what, kind, time_of_epoch / N_BATCHES * 1e6, "us per step", faster)
            table.add("steps", what, f"{kind}, first epoch", models[kind][2], "s")
            table.add("steps", what, f"{kind}, recorded again", max(0.0, first[kind] - time_of_epoch), "s")


def distances(table, what, models):
    """After one epoch from the same seed."""
    flats = {kind: model.net_.flat_.buffer.detach() for kind, model in models.items()}
    for kind, flat in flats.items():
        if kind != "eager" and "eager" in flats:
            distance = float((flat - flats["eager"]).norm() / flats["eager"].norm())
            table.add("steps", what, kind, distance, "from eager")


def inference(table, arguments):
    """Rows per second of transform and score_samples."""
    for net, n_rows in (("tab", 200_000), ("conv", 20_000)):
        X = rows_of(net, n_rows)
        model = estimator_of(net, "BetaVAE", {}, max_steps=2, device=arguments.device).fit(X[:256])
        work = {name: partial(getattr(model, name), X) for name in ("transform", "score_samples")}
        interleaved(work, 1, arguments.device)
        for name, spent in interleaved(work, min(3, arguments.rounds), arguments.device).items():
            table.add("inference", f"{net}, {n_rows} rows", name, n_rows / spent, "rows per s")


def log_qz(table, arguments):
    """5,000 points under 60,000 encodings of ten latents."""
    generator = np.random.default_rng(0)
    loc, scale = generator.standard_normal((60_000, 10)), generator.uniform(0.05, 0.5, (60_000, 10))
    points, base = loc[:5000] + scale[:5000], None
    for dtype in ("float64", "float32"):
        for compiled in (False, True):
            how = f"{dtype}{', compiled' * compiled}"
            job = partial(
                aggregate_posterior_log_density, points, loc, scale, dtype=dtype, device=arguments.device,
                compile=compiled,
            )  # fmt: skip
            try:
                job()
                spent = float(np.median([seconds(job, arguments.device) for _ in range(min(3, arguments.rounds))]))
            except Exception as error:
                table.add("log_qz", "5000 x 60000 x 10", how, f"{type(error).__name__}: {error}", "")
                continue
            base = base or spent
            table.add("log_qz", "5000 x 60000 x 10", how, spent, "s", base / spent)


def together(net, n_models, n_steps, device):
    """Seconds in which so many models of a net are fitted together."""
    X = rows_of(net, NETS[net][1] * N_BATCHES)
    betas = np.linspace(1, 10, n_models)
    models = [
        estimator_of(net, "BetaVAE", {"beta": float(beta)}, device=device, max_epochs=-(-n_steps // N_BATCHES),
                     random_state=seed) for seed, beta in enumerate(betas)
    ]  # fmt: skip
    return seconds(partial(vaekit.fit_many, models, X), device)


def per_model_step(net, n_models, device, few=200, many=600):
    """Microseconds: two lengths of training, so that what comes before the first step does not count."""
    spent = together(net, n_models, many, device) - together(net, n_models, few, device)
    return spent / (many - few) / n_models * 1e6


def many(table, arguments):
    """Many fits at once against one alone."""
    if not hasattr(vaekit, "fit_many"):
        table.add("many", "vaekit.fit_many", "", "is not there", "")
        return
    for net, numbers in (("tab", (1, 10, 40, 170)), ("moons", (1, 10, 40, 170)), ("conv", (1, 8, 40))):
        alone = None
        for n_models in numbers:
            try:
                spent = per_model_step(net, n_models, arguments.device)
            except Exception as error:
                table.add("many", f"{net} BetaVAE", f"{n_models} at once", f"{type(error).__name__}: {error}", "")
                continue
            alone = alone or spent
            table.add("many", f"{net} BetaVAE", f"{n_models} at once", spent, "us per model-step", alone / spent)


def grid(table, arguments):
    """Hours of the thesis' grid, from a batch of it."""
    if not hasattr(vaekit, "fit_many"):
        return
    try:
        spent = per_model_step("conv", 8, arguments.device)
    except Exception as error:
        table.add("grid", "170 conv models", "8 at once", f"{type(error).__name__}: {error}", "")
        return
    hours = spent * 1e-6 * GRID["models"] * GRID["steps"] / 3600
    table.add("grid", "170 conv models", "345,600 steps each", hours, "h, extrapolated")


PARTS = {"steps": steps, "inference": inference, "log_qz": log_qz, "many": many, "grid": grid}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--minutes", type=float, default=8, help="after which no part begins")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--csv", default="gpu.csv")
    arguments = parser.parse_args()
    is_gpu = torch.device(arguments.device).type == "cuda"
    name = torch.cuda.get_device_name(arguments.device) if is_gpu else arguments.device
    print(f"{name}, torch {torch.__version__}, vaekit {vaekit.__version__}")
    table, started = Table(), time.perf_counter()
    for part in arguments.only:
        spent = (time.perf_counter() - started) / 60
        if spent > arguments.minutes:
            table.add(part, "", "", f"not begun after {spent:.1f} minutes", "")
            continue
        PARTS[part](table, arguments)
        table.write(arguments.csv)
    table.add("all", "", "", (time.perf_counter() - started) / 60, "minutes")
    table.write(arguments.csv)


if __name__ == "__main__":
    main()
