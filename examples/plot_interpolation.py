"""
The way from one row to another
===============================

Straight lines (lerp) cut through the middle, where a normal distribution of many dimensions has hardly any mass; arcs
(slerp) keep to where it has it.
"""

import numpy as np
from sklearn.datasets import load_digits

from vaekit import DPVAE
from vaekit.inspection import InterpolationDisplay, latent_walk

X, y = load_digits(return_X_y=True)
model = DPVAE(n_components=8, max_epochs=60, random_state=0).fit(X)
start, end = X[y == 0][:4], X[y == 7][:4]

# %%
# Distance from the origin of generation space, halfway; codes there have about the square root of eight.
for path in ("lerp", "slerp"):
    halfway = latent_walk(model, start, end, n_steps=3, path=path)[:, 1]
    print(f"{path:5} {np.linalg.norm(model.to_generation_space(halfway), axis=1).mean():.2f}")

# %%
# Lines.
InterpolationDisplay.from_estimator(model, start, end, path="lerp", image_shape=(8, 8)).plot()

# %%
# Arcs.
InterpolationDisplay.from_estimator(model, start, end, path="slerp", image_shape=(8, 8)).plot()
