"""
FactorDPVAE beside FactorVAE
============================

The two differ in one word, the prior. FactorVAE presses codes to be independent, and what is pressed no longer looks
like the normal distribution that samples are drawn from. A decoupled prior lets codes be what the objective makes of
them, and draws samples in a space of its own.
"""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from vaekit import FactorDPVAE, FactorVAE, fit_many
from vaekit.datasets import make_two_moons
from vaekit.evaluation import symmetric_kl
from vaekit.inspection import LatentSpaceDisplay
from vaekit.likelihoods import Normal

X, moon = make_two_moons(1000, random_state=0, return_X_y=True)
how: dict[str, Any] = {
    "gamma": 10,
    "n_components": 2,
    "hidden_layer_sizes": (100, 50),
    "discriminator_layer_sizes": (64, 64),
    "likelihood": Normal(scale=0.15),
    "learning_rate": 2e-3,
    "max_epochs": 100,
}
kinds = {"FactorVAE": FactorVAE, "FactorDPVAE": FactorDPVAE}
models = {name: fit_many([kind(random_state=seed, **how) for seed in range(3)], X) for name, kind in kinds.items()}

# %%
# How far the codes are from what samples are drawn from, in nats, and how far samples are from data (columns have a
# deviation of 1): three seeds, less is better in both.
samples = {name: [model.sample(1000, random_state=0, noise=False) for model in fits] for name, fits in models.items()}
for name, fits in models.items():
    distances = [np.linalg.norm(made[:, None] - X, axis=-1).min(axis=1).mean() for made in samples[name]]
    divergences = [symmetric_kl(model, X, random_state=0).value for model in fits]
    print(f"{name:12} symmetric KL", *(f"{d:5.2f}" for d in divergences), "  to data", *(f"{d:.3f}" for d in distances))

# %%
# Samples (orange) over data (grey), first seed.
figure, axes = plt.subplots(1, 2, figsize=(7.5, 3.5), layout="constrained")
for ax, (name, made) in zip(axes, samples.items()):
    ax.scatter(*X.T, s=5, color="0.8", linewidths=0)
    ax.scatter(*made[0].T, s=5, color="#d55e00", linewidths=0)
    ax.set(title=name, xticks=[], yticks=[], aspect="equal")

# %%
# Codes of the two moons, and the prior as lines that hold half and nine tenths of it.
LatentSpaceDisplay.from_estimator(models["FactorVAE"][0], X, y=moon, random_state=0).plot()
LatentSpaceDisplay.from_estimator(models["FactorDPVAE"][0], X, y=moon, random_state=0).plot()
