"""
Priors: what samples are drawn from
===================================

The codes of data with clusters do not look like one normal distribution. A mixture and a decoupled prior learn what
they look like; both are words.
"""

from typing import Any

import matplotlib.pyplot as plt

from vaekit import VAE, fit_many
from vaekit.datasets import make_two_moons
from vaekit.evaluation import symmetric_kl
from vaekit.inspection import LatentSpaceDisplay
from vaekit.likelihoods import Normal

X, moon = make_two_moons(1000, random_state=0, return_X_y=True)
how: dict[str, Any] = {
    "n_components": 2,
    "hidden_layer_sizes": (100, 50),
    "likelihood": Normal(scale=0.15),
    "learning_rate": 2e-3,
}
priors = ["normal", "mixture", "decoupled"]
models = fit_many([VAE(prior=prior, max_epochs=100, random_state=0, **how) for prior in priors], X)

# %%
# Distance between the codes and the prior, in nats: at 0, samples come from where codes are.
for prior, model in zip(priors, models):
    print(f"{prior:9} symmetric KL {symmetric_kl(model, X, random_state=0).value:.2f}, score {model.score(X):.2f}")

# %%
# Samples (orange) over data (grey): those between the moons come from where no code is.
figure, axes = plt.subplots(1, 3, figsize=(10, 3.5), layout="constrained")
for ax, prior, model in zip(axes, priors, models):
    samples = model.sample(1000, random_state=0, noise=False)
    ax.scatter(*X.T, s=5, color="0.8", linewidths=0)
    ax.scatter(*samples.T, s=5, color="#d55e00", linewidths=0)
    ax.set(title=prior, xticks=[], yticks=[], aspect="equal")

# %%
# The decoupled prior from the inside: an invertible network leads from a normal distribution to the codes.
LatentSpaceDisplay.from_estimator(models[2], X, y=moon, random_state=0).plot()
