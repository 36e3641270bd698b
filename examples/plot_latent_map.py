"""
A map to look around in
=======================

Codes as points: under the pointer, the row and what its code decodes to. The map is one piece of HTML that needs no
network; `save("map.html")` writes it, and in a notebook it is its own representation.
"""

from sklearn.datasets import load_digits

from vaekit import DPVAE
from vaekit.inspection import AggregatePosteriorDisplay, LatentMap

X, y = load_digits(return_X_y=True)
model = DPVAE(n_components=2, max_epochs=80, random_state=0).fit(X)
print(f"two latents, {model.kl_per_component_.sum():.1f} nats")

# %%
# The codes of all rows over the prior, one latent at a time.
AggregatePosteriorDisplay.from_estimator(model, X, random_state=0).plot()

# %%
# Three hundred digits.
LatentMap.from_estimator(model, X, y, n_points=300, image_shape=(8, 8), random_state=0)
