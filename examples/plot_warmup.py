"""
Warm-up: latents find a use before they cost
============================================

At first the decoder knows nothing, and a code is a cost without a benefit: latents may fall asleep for good.
`warmup=0.3` (the default) lets the weight of the KL rise over the first three tenths of the training.
"""

from typing import Any

from sklearn.datasets import load_digits

from vaekit import BetaVAE, fit_many
from vaekit.inspection import LossCurveDisplay
from vaekit.likelihoods import Normal

X = load_digits(return_X_y=True)[0] / 16
shares = [0.0, 0.3, 0.6]
how: dict[str, Any] = {
    "beta": 4,
    "likelihood": Normal(scale=0.2),
    "n_components": 10,
    "learning_rate": 2e-3,
    "max_epochs": 40,
}
models = fit_many([BetaVAE(warmup=warmup, random_state=0, **how) for warmup in shares], X)

# %%
# Latents that are awake at the end, and the score.
for warmup, model in zip(shares, models):
    print(f"warm-up {warmup:.1f}: {model.active_components_.sum():2d} of 10 awake, score {model.score(X):7.1f}")

# %%
# The grey part is the warm-up: losses before its end compare with none after.
LossCurveDisplay.from_estimator(models[1]).plot()
