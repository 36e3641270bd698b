"""
n_components: how many latents
==============================

A variational autoencoder puts latents that it has no use for to sleep. Asking for too many costs time, not quality:
look at which are awake. Asking for too few costs score.
"""

from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

from vaekit import VAE, fit_many
from vaekit.inspection import ActiveLatentsDisplay

X = StandardScaler().fit_transform(load_wine(return_X_y=True)[0])
sizes = [1, 2, 4, 12]
models = fit_many([VAE(n_components=size, max_epochs=150, random_state=0) for size in sizes], X)

# %%
# Nats per row, a lower bound of the log-density of thirteen columns, and the latents that are awake.
for size, model in zip(sizes, models):
    print(f"{size:2d} latents: score {model.score(X):6.2f}, awake {model.active_components_.sum()}")

# %%
# How far each posterior mean moves from row to row, beside the noise around it.
ActiveLatentsDisplay.from_estimator(models[-1], X).plot()
