"""
n_components: how many latents
==============================

A variational autoencoder puts latents that it has no use for to sleep. Asking for too many costs time, not quality:
look at which are awake. Asking for too few costs score.
"""

import numpy as np

from vaekit import VAE, fit_many
from vaekit.inspection import ActiveLatentsDisplay

rng = np.random.default_rng(0)
loadings = rng.normal(size=(3, 8))
X = rng.normal(size=(600, 3)) @ loadings + 0.3 * rng.normal(size=(600, 8))  # three directions in eight columns
sizes = [1, 2, 3, 8]
models = fit_many([VAE(n_components=size, learning_rate=2e-3, max_epochs=80, random_state=0) for size in sizes], X)

# %%
# Nats per row, a lower bound of the log-density of eight columns, and the latents that are awake.
for size, model in zip(sizes, models):
    print(f"{size:2d} latents: score {model.score(X):6.2f}, awake {model.active_components_.sum()}")

# %%
# How far each posterior mean moves from row to row, beside the noise around it.
ActiveLatentsDisplay.from_estimator(models[-1], X).plot()
