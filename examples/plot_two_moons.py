"""
Where samples come from
=======================

A regulariser shapes the codes of a VAE, and samples pay for it: the prior draws where no code is. A decoupled prior
draws in a space of its own, from which an invertible network leads to the codes.
"""

from vaekit import BetaDPVAE, BetaVAE, fit_many
from vaekit.datasets import make_two_moons
from vaekit.evaluation import symmetric_kl
from vaekit.inspection import LatentSpaceDisplay
from vaekit.likelihoods import Normal

X, moon = make_two_moons(1000, random_state=0, return_X_y=True)
params = {
    "n_components": 2,
    "hidden_layer_sizes": (100, 50),
    "likelihood": Normal(scale=0.15),
    "learning_rate": 2e-3,
    "max_epochs": 100,
    "random_state": 0,
}
plain, decoupled = fit_many([BetaVAE(beta=4, **params), BetaDPVAE(beta=4, **params)], X)

# %%
# How far the codes as a whole are from what samples are drawn from, in nats: less is better.
for model in (plain, decoupled):
    print(f"{type(model).__name__}: {symmetric_kl(model, X, random_state=0).value:.2f}")

# %%
# Codes of the two moons, and lines that hold half and nine tenths of the prior.
LatentSpaceDisplay.from_estimator(plain, X, y=moon).plot()
LatentSpaceDisplay.from_estimator(decoupled, X, y=moon).plot()
