"""
Beta: what is kept, and what is left out
========================================

The strength of the KL is a price on information. A low price keeps everything, noise included; a high one leaves out
what a code does not earn. Along a dashed line the evidence lower bound is the same.
"""

from typing import Any

from sklearn.datasets import load_digits

from vaekit import BetaVAE, fit_many
from vaekit.inspection import RateDistortionDisplay
from vaekit.likelihoods import Normal

X = load_digits(return_X_y=True)[0] / 16
strengths = [0.5, 1, 2, 4, 8, 16]
how: dict[str, Any] = {
    "likelihood": Normal(scale=0.2),
    "n_components": 8,
    "learning_rate": 2e-3,
    "max_epochs": 40,
    "random_state": 0,
}
models = fit_many([BetaVAE(beta=beta, **how) for beta in strengths], X)

# %%
# How many of eight latents are awake, and how many nats they carry.
for beta, model in zip(strengths, models):
    print(f"beta {beta:4g}: {model.active_components_.sum()} of 8 latents, {model.kl_per_component_.sum():5.1f} nats")

# %%
# The strength that is best depends on what codes are for: `GridSearchCV` finds it where there are labels, and
# `vaekit.model_selection.UDRSearch` where there are none.
named = {f"beta {beta:g}": model for beta, model in zip(strengths, models)}
RateDistortionDisplay.from_estimators(named, X, random_state=0).plot()
