"""What a GPU makes of vaekit: kinds of the training step, inference, log q(z), and many fits at once, in one table.

    python benchmarks/gpu.py [--device cuda] [--minutes 8] [--only steps many grid inference log_qz] [--csv gpu.csv]

Needs no network and no file: data are drawn. A line of the table is one measurement: the median of interleaved rounds,
and how many times faster that is than the line it is measured against. What does not come about (no compiler, too
little memory) is a line that says why, and the rest goes on. Nothing begins after the minutes are over. Which kind of
step a fit takes is decided by the number of planned steps alone, so `max_steps` plans for each kind.
`--device cpu --smoke` tries every line of the script itself on tiny data, where there is no GPU.
"""

import argparse
import contextlib
import csv
import time
import warnings
from functools import partial

import numpy as np
import torch

import vaekit
from vaekit.datasets import make_dsprites
from vaekit.evaluation import aggregate_posterior_log_density
from vaekit.exceptions import VaekitWarning
from vaekit.fitted._rows import resident_rows
from vaekit.kernels import _convolutions
from vaekit.likelihoods import Normal

GRID = {"models": 170, "steps": 345_600}  # of the thesis
FULL = {
    "few": 20, "long": 1000, "batches": 20,  # planned steps of an eager fit, and of all others; batches of an epoch
    "many": {"tab": (1, 10, 40, 170), "moons": (1, 10, 40, 170), "conv": (1, 8, 40)},
    "epoch": {"tab": 200, "moons": 200, "conv": 100},  # steps of an epoch of many
    "inference": {"tab": 200_000, "conv": 20_000}, "log_qz": (5000, 60_000),
}  # fmt: skip
SMOKE = {
    "few": 2, "long": 4, "batches": 2, "many": {"tab": (1, 2), "moons": (1, 2), "conv": (1, 2)},
    "epoch": {"tab": 2, "moons": 2, "conv": 1}, "inference": {"tab": 300, "conv": 20}, "log_qz": (20, 50),
}  # fmt: skip

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
    shared = {"batch_size": batch_size, "standardize": None, "warmup": 0, "random_state": 0}
    return getattr(vaekit, name)(**{**shared, **own, **parameters, **others})


class Table:
    """Lines, printed as they come; what fails is a line, too."""

    columns = ("part", "what", "how", "value", "unit", "times_faster")

    def __init__(self, arguments):
        self.lines, self.arguments, self.started = [], arguments, time.perf_counter()
        print("{:10} {:24} {:26} {:>12} {:18} {:>12}".format(*self.columns))

    @property
    def minutes(self):
        return (time.perf_counter() - self.started) / 60

    def add(self, part, what, how, value, unit, faster=None):
        self.lines.append((part, what, how, value, unit, faster))
        number = f"{value:12.4g}" if isinstance(value, float) else f"{value!s:>12.160}"
        print(
            f"{part:10} {what:24} {how:26} {number} {unit:18} {'' if faster is None else f'{faster:12.2f}'}", flush=True
        )
        with open(self.arguments.csv, "w", newline="") as file:
            csv.writer(file).writerows([self.columns, *self.lines])

    def tried(self, part, what, how, function):
        """What a function returns; None, and a line that says why, if it fails or if there is no time left."""
        if self.minutes > self.arguments.minutes:
            self.add(part, what, how, f"not begun after {self.minutes:.1f} minutes", "")
            return None
        try:
            return function()
        except Exception as error:
            self.add(part, what, how, f"failed: {type(error).__name__}: {str(error).splitlines()[:1]}", "")
            return None


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


def trained(net, name, parameters, arguments, **others):
    """An estimator after its first epoch, its rows on the device, and the seconds that took."""
    sizes = arguments.sizes
    X = rows_of(net, NETS[net][1] * sizes["batches"])
    n_epochs = -(-sizes["long"] // sizes["batches"])
    model = estimator_of(net, name, parameters, max_epochs=n_epochs, device=arguments.device, **others)
    spent = seconds(partial(model.partial_fit, X), arguments.device)
    return model, resident_rows(model.model_, X), spent


def steps(table, arguments):
    """Microseconds of a step of every kind, and how far its weights are from those of the eager step."""
    for net, name, parameters in STEPS:
        kinds = {"eager": {"max_steps": arguments.sizes["few"]}, "default": {}, "compiled": {"compile": True}}
        kinds |= {"bf16": {"precision": "bf16"}} if net == "conv" else {}
        models, what = {}, f"{net} {name}"
        for kind, how in kinds.items():
            found = table.tried("steps", what, kind, partial(trained, net, name, parameters, arguments, **how))
            models |= {} if found is None else {kind: found}
        table.tried("steps", what, "all", partial(epochs_of, table, arguments, what, models))


def epochs_of(table, arguments, what, models):
    """Time epochs of all kinds, side by side."""
    distances(table, what, {kind: model for kind, (model, *_) in models.items()})
    work = {kind: partial(model.net_.partial_fit, rows) for kind, (model, rows, _) in models.items()}
    first = interleaved(work, 1, arguments.device)  # a graph that another net made room for is recorded again
    times = interleaved(work, arguments.rounds, arguments.device)
    for kind, spent in times.items():
        faster = times["eager"] / spent if "eager" in times else None
        table.add("steps", what, kind, spent / arguments.sizes["batches"] * 1e6, "us per step", faster)
        table.add("steps", what, f"{kind}, first epoch", models[kind][2], "s")
        table.add("steps", what, f"{kind}, recorded again", max(0.0, first[kind] - spent), "s")


def distances(table, what, models):
    """After one epoch from the same seed."""
    flats = {kind: model.net_.flat_.buffer.detach() for kind, model in models.items()}
    for kind, flat in flats.items():
        if kind != "eager" and "eager" in flats:
            distance = float((flat - flats["eager"]).norm() / flats["eager"].norm())
            table.add("steps", what, kind, distance, "from eager")


def inference(table, arguments):
    """Rows per second of transform and score_samples."""
    for net, n_rows in arguments.sizes["inference"].items():
        what, X = f"{net}, {n_rows} rows", rows_of(net, n_rows)
        model = estimator_of(net, "BetaVAE", {}, max_steps=2, device=arguments.device)
        if table.tried("inference", what, "fit", partial(model.fit, X[:256])) is None:
            continue
        for name in ("transform", "score_samples"):
            work = {name: partial(getattr(model, name), X)}
            spent = table.tried("inference", what, name, partial(after_the_first, work, arguments))
            if spent is not None:
                table.add("inference", what, name, n_rows / spent, "rows per s")


def after_the_first(work, arguments):
    interleaved(work, 1, arguments.device)
    (spent,) = interleaved(work, min(3, arguments.rounds), arguments.device).values()
    return spent


def log_qz(table, arguments):
    """Points under the encodings of many rows, ten latents."""
    (n_points, n_rows), generator, base = arguments.sizes["log_qz"], np.random.default_rng(0), None
    loc, scale = generator.standard_normal((n_rows, 10)), generator.uniform(0.05, 0.5, (n_rows, 10))
    points, what = loc[:n_points] + scale[:n_points], f"{n_points} x {n_rows} x 10"
    for dtype in ("float64", "float32"):
        for compiled in (False, True):
            how = f"{dtype}{', compiled' * compiled}"
            job = partial(
                aggregate_posterior_log_density, points, loc, scale, dtype=dtype, device=arguments.device,
                compile=compiled,
            )  # fmt: skip
            spent = table.tried("log_qz", what, how, partial(after_the_first, {how: job}, arguments))
            if spent is not None:
                base = base or spent
                table.add("log_qz", what, how, spent, "s", base / spent)


# ---------------------------------------------------------------------- many fits


def together(net, n_models, n_epochs, arguments, **parameters):
    """Seconds in which so many models of a net are fitted together, in so many epochs."""
    X = rows_of(net, NETS[net][1] * arguments.sizes["epoch"][net])
    shared = {"device": arguments.device, "max_epochs": n_epochs, **parameters}
    betas = np.linspace(1, 10, n_models).tolist()
    models = [
        estimator_of(net, "BetaVAE", {"beta": beta}, **{**shared, "random_state": n}) for n, beta in enumerate(betas)
    ]
    return seconds(partial(vaekit.fit_many, models, X), arguments.device)


def per_model_step(net, n_models, arguments, **parameters):
    """Microseconds: two lengths of training, so that what comes before the first step does not count."""
    spent = [together(net, n_models, n_epochs, arguments, **parameters) for n_epochs in (2, 5)]
    return max(spent[1] - spent[0], 0.0) / (3 * arguments.sizes["epoch"][net]) / n_models * 1e6


@contextlib.contextmanager
def convolutions_by(how):
    """Let nets with convolutions be branches of graphs, or, where there is Triton, one program."""
    before = _convolutions.DEVICES
    _convolutions.DEVICES = set() if how == "branches" else before
    try:
        yield
    finally:
        _convolutions.DEVICES = before


def ways_of(net, n_models, arguments):
    """How so many nets may be taken together: name, way of convolutions, parameters."""
    if net != "conv" or n_models == 1:
        return [(f"{n_models} at once", "Triton", {})]
    ways = [(f"{n_models} at once, branches", "branches", {})]
    if _convolutions.are_at_hand(torch.device(arguments.device)):
        ways += [(f"{n_models} at once, Triton", "Triton", {}),
                 (f"{n_models} at once, Triton, bf16", "Triton", {"precision": "bf16"})]  # fmt: skip
    return ways


def many(table, arguments):
    """Many fits at once against one alone."""
    for net, numbers in arguments.sizes["many"].items():
        alone, what = None, f"{net} BetaVAE"
        for n_models in numbers:
            for how, by, parameters in ways_of(net, n_models, arguments):
                with convolutions_by(by):
                    spent = table.tried(
                        "many", what, how, partial(per_model_step, net, n_models, arguments, **parameters)
                    )
                if spent is not None:
                    alone = alone or spent
                    table.add("many", what, how, spent, "us per model-step", alone / spent if spent else None)


def grid(table, arguments):
    """Hours of the thesis' grid, from the fastest batch of it above, or from one of eight."""
    measured = [line for line in table.lines if line[:2] == ("many", "conv BetaVAE") and line[4] == "us per model-step"]
    (value, how) = min(((line[3], line[2]) for line in measured), default=(None, "8 at once"))
    if value is None:
        n_models = arguments.sizes["many"]["conv"][1]
        value = table.tried("grid", "170 conv models", how, partial(per_model_step, "conv", n_models, arguments))
    if value is not None:
        hours = value * 1e-6 * GRID["models"] * GRID["steps"] / 3600
        table.add("grid", f"170 models, {GRID['steps']:,} steps", how, hours, "h, extrapolated")


PARTS = {"steps": steps, "many": many, "grid": grid, "inference": inference, "log_qz": log_qz}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--minutes", type=float, default=8, help="after which nothing begins")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--csv", default="gpu.csv")
    parser.add_argument("--smoke", action="store_true", help="every line, once, on tiny data")
    arguments = parser.parse_args()
    arguments.sizes, arguments.rounds = (SMOKE, 1) if arguments.smoke else (FULL, arguments.rounds)
    if arguments.smoke:
        NETS.update({net: (shape, 4, parameters) for net, (shape, _, parameters) in NETS.items()})
    is_gpu = torch.device(arguments.device).type == "cuda"
    name = torch.cuda.get_device_name(arguments.device) if is_gpu else arguments.device
    print(f"{name}, torch {torch.__version__}, vaekit {vaekit.__version__}")
    warnings.simplefilter("ignore", VaekitWarning)
    table = Table(arguments)
    for part in arguments.only:
        table.tried(part, "", "", partial(PARTS[part], table, arguments))
    table.add("all", "", "", table.minutes, "minutes")


if __name__ == "__main__":
    main()
