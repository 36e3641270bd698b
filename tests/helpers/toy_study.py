"""A study that takes moments: principal components and small VAEs of a table that is drawn."""

import dataclasses
import time
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA

from vaekit import VAE
from vaekit.experiments import Claim, Data, Finding, Study, StudyRun, Table
from vaekit.nn import MLP

SMALL = VAE(n_components=1, network=MLP(hidden_layer_sizes=(4,)), max_epochs=2)
MODELS = {"smoke": {"PCA": PCA(1), "VAE": SMALL}, "small": {"PCA": PCA(1)}, "paper": {"VAE": SMALL}}


def runs(scale):
    """Three seeds of each."""
    return [
        StudyRun({"method": name}, model, {"n_rows": 40}, seed)
        for name, model in MODELS[scale].items()
        for seed in range(3)
    ]


def load(data, folder):
    """Normal rows."""
    return Data(np.random.default_rng(0).normal(size=(data["n_rows"], 3)))


def measure(model, data, run):
    """Squared error, and the seed, which is noise."""
    time.sleep(0.02)
    back = model.inverse_transform(model.transform(data.X))
    return {"error": np.mean((back - data.X) ** 2), "luck": run.seed}


def is_better(frame):
    """Of the means."""
    means = frame.groupby("method").error.mean()
    return Finding(means["PCA"] < means["VAE"], f"{means['PCA']:.2f}") if len(means) == 2 else None


STUDY = Study(
    "toy", "A toy", "nobody", runs, load, measure,
    claims=[Claim("PCA errs less", "page 1", is_better), Claim("the moon is cheese", "page 2", why_not="too far away")],
    tables=[Table("Errors", ["method"], {"error": "error:.2f"}, {("PCA",): {"error": "0.5"}, ("AE",): {"error": "1"}})],
)  # fmt: skip


def slow(n_seeds, folder):
    """The same with more seeds, whose runs mostly wait: some are under way until the folder has a file "calm"."""

    def seeds(scale):
        return [dataclasses.replace(run, seed=seed) for run in runs(scale)[::3] for seed in range(n_seeds)]

    def wait(model, data, run):
        time.sleep(0.3)
        while run.labels["method"] == "VAE" and run.seed == n_seeds - 1 and not Path(folder, "calm").exists():
            time.sleep(0.05)
        return measure(model, data, run)

    return dataclasses.replace(STUDY, runs=seeds, measure=wait)
