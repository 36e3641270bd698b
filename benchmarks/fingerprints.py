"""Do all estimators still give the same bits? Fingerprints of what they learn, to be compared across a change.

    python benchmarks/fingerprints.py --out before.json         (before the change)
    python benchmarks/fingerprints.py --against before.json     (after it: says what differs; status 1 if any)

Every estimator is fitted for a few epochs on a small table, on images of bytes and on images of floats; codes,
posteriors, decoded codes, samples, scores and histories are hashed (SHA-256 of type, shape and bytes), and again after
the training has gone on, in place and from a pickle. Durations are left out. Public names only; one thread; on the same
machine and library versions, because these decide the last bits, too.
"""

import argparse
import hashlib
import json
import pickle
import sys
import time
import warnings

import numpy as np
import torch

import vaekit
from vaekit.nn import ConvNet

N_ROWS = 48
VERSIONS = {"torch": torch.__version__, "numpy": np.__version__}
SETTINGS = {"n_components": 3, "batch_size": 16, "max_epochs": 3, "random_state": 0, "device": "cpu"}


def make_data():
    """A table in unlike units, images of bytes, and images of floats in two channels; name -> (rows, parameters)."""
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(N_ROWS, 3)) @ rng.normal(size=(3, 6)) + 0.1 * rng.normal(size=(N_ROWS, 6))
    waves = np.sin(np.arange(64).reshape(8, 8) * rng.uniform(0.1, 0.5, size=(2 * N_ROWS, 1, 1)))
    network = ConvNet(channels=8, hidden_layer_sizes=(16,))
    return {
        "table": (mixed * [1, 1, 1, 10, 10, 1000], {"hidden_layer_sizes": (16, 8)}),
        "bytes": (np.uint8(255 * (waves[:N_ROWS] > 0)), {"network": network}),
        "floats": (waves.reshape(N_ROWS, 2, 8, 8).astype(np.float32), {"network": network}),
    }


def fingerprint(value):
    """SHA-256 of an array, or of the repr of plain Python, shortened to what tells any two apart."""
    if isinstance(value, np.ndarray):
        text = f"{value.dtype.str} {value.shape} ".encode() + np.ascontiguousarray(value).tobytes()
    else:
        text = repr(value).encode()
    return hashlib.sha256(text).hexdigest()[:24]


def history_of(model):
    """Every number of every epoch but the time it took."""
    return [{name: number for name, number in row.items() if name != "duration"} for row in model.history_]


def observe(model, X):
    """All that a fitted model says of rows, by name; scores where it has any."""
    codes = model.transform(X)
    posterior = model.posterior(X)
    seen = {
        "codes": codes,
        "posterior_loc": posterior.loc,
        "posterior_scale": posterior.scale,
        "sampled_codes": model.sample_posterior(X, n_samples=2, random_state=1),
        "kl_per_component": model.kl_per_component_,
        "active_components": model.active_components_,
        "history": history_of(model),
    }
    if hasattr(model, "sample"):
        seen["decoded"], seen["samples"] = model.inverse_transform(codes), model.sample(5, random_state=1)
    if hasattr(model, "score_samples"):
        seen["scores"] = model.score_samples(X)
        seen["importance_scores"] = model.score_samples(X, n_importance_samples=4)
    if hasattr(model, "to_generation_space"):
        seen["generation_space"] = model.to_generation_space(codes)
    return {name: fingerprint(value) for name, value in seen.items()}


def follow(name, X, parameters):
    """Fit an estimator, then let the training go on, in place and from a pickle; return fingerprints by name."""
    y = np.arange(len(X)) % 2  # for the one that is told conditions
    model = getattr(vaekit, name)(**SETTINGS, **parameters).fit(X, y)
    seen = observe(model, X)
    copy = pickle.loads(pickle.dumps(model))
    for label, continued in (("continued", model), ("pickled", copy)):
        continued.partial_fit(X, y)
        seen |= {f"{label}_{what}": fingerprint(value) for what, value in (
            ("codes", continued.transform(X)),
            ("samples", continued.sample(5, random_state=1) if hasattr(continued, "sample") else None),
            ("history", history_of(continued)),
        )}  # fmt: skip
    return seen


def collect():
    """Fingerprints of every estimator on every data set, as {"estimator data what": fingerprint}."""
    data, found = make_data(), {}
    for name in vaekit.estimators.__all__:
        for kind, (X, parameters) in data.items():
            found |= {f"{name} {kind} {what}": value for what, value in follow(name, X, parameters).items()}
    return found


def differences(found, before):
    """A line for each estimator and data set about what is not the same as before, or is on one side only."""
    lines = {}
    for key in sorted(found.keys() | before.keys()):
        name, kind, what = key.split(" ")
        if found.get(key) != before.get(key):
            mark = "-" if key not in found else "+" if key not in before else ""
            lines.setdefault(f"{name} on {kind}", []).append(mark + what)
    return [f"{where}: {', '.join(things)}" for where, things in lines.items()]


def write(found, path):
    """Keep fingerprints, beside the versions that decide them, too."""
    with open(path, "w") as file:
        json.dump({"versions": VERSIONS, "fingerprints": found}, file, indent=1)


def compare(found, path):
    """Lines about what is not as in a file; first, where anything is not, about other versions of libraries."""
    with open(path) as file:
        before = json.load(file)
    lines = differences(found, before["fingerprints"])
    others = [
        f"versions: {name} {was} then, {VERSIONS[name]} now"
        for name, was in before["versions"].items()
        if was != VERSIONS[name]
    ]
    return [*others, *lines] if lines else []


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", help="where the fingerprints go, as JSON")
    parser.add_argument("--against", help="fingerprints of another commit to compare with")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect()
    summary = f"{len(found)} fingerprints in {time.perf_counter() - started:.0f} s"
    if arguments.out:
        write(found, arguments.out)
    lines = compare(found, arguments.against) if arguments.against else []
    told = f", {'not all' if lines else 'all'} as in {arguments.against}" if arguments.against else ""
    print(*lines, summary + told, sep="\n")
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()
