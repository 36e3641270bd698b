"""
Many fits, and what is no luck
==============================

One seed is an anecdote. `compare` fits every model on the same seeds and splits, as one program where they are alike,
and pairs the scores.
"""

from typing import Any

from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

from vaekit import DPVAE, VAE, BetaVAE
from vaekit.inspection import ComparisonDisplay
from vaekit.model_selection import compare

X = StandardScaler().fit_transform(load_wine(return_X_y=True)[0])
how: dict[str, Any] = {"n_components": 3, "max_epochs": 60}
models = {"VAE": VAE(**how), "beta 4": BetaVAE(beta=4, **how), "decoupled": DPVAE(**how)}
comparison = compare(models, X, seeds=5)

# %%
# Held-out nats per row beside those of the first model, seed by seed.
for difference in comparison.paired("VAE"):
    print(
        f"{difference.model:9} {difference.mean:+.2f} +- {difference.standard_error:.2f}, "
        f"ahead in {difference.wins} of {difference.n_seeds}, p = {difference.p_value:.2g}"
    )

# %%
# Every dot is a fit; a line joins the fits of a seed.
ComparisonDisplay.from_comparison(comparison).plot()
