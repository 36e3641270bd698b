"""
Windows of signals
==================

`network="conv1d"` reads rows as windows of time. Here two channels hold a wave of any phase and pitch, and noise.
"""

import numpy as np

from vaekit import VAE
from vaekit.inspection import ReconstructionDisplay, SamplesDisplay

rng = np.random.default_rng(0)
time = np.linspace(0, 4 * np.pi, 64)
phase, pitch = rng.uniform(0, 2 * np.pi, size=(600, 1)), rng.uniform(0.8, 1.2, size=(600, 1))
clean = np.stack([np.sin(pitch * time + phase), 10 * np.cos(pitch * time + phase)], axis=1)
X = clean + 0.1 * clean.std(axis=(0, 2), keepdims=True) * rng.normal(size=clean.shape)
model = VAE(network="conv1d", n_components=4, batch_size=40, learning_rate=2e-3, max_epochs=40, random_state=0).fit(X)

# %%
# Channels are standardised one by one, and come back in their own units.
print(model.transform(X).shape, f"score {model.score(X):.0f} nats per window")
error = ((model.inverse_transform(model.transform(X)) - clean) ** 2).mean(axis=(0, 2)) / clean.var(axis=(0, 2))
print("error against the wave without its noise, share of the variance:", error.round(3))

# %%
# Windows, and what they decode to.
ReconstructionDisplay.from_estimator(model, X).plot()

# %%
# Data beside samples.
SamplesDisplay.from_estimator(model, X, random_state=0).plot()
