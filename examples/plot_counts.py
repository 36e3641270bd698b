"""
Topics in sparse counts
=======================

Texts as counts of words, in a sparse matrix, their lengths apart by a factor of ten. With `exposure="total"` a code
tells what a text is made of, not how long it is.
"""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from scipy import sparse

from vaekit import VAE
from vaekit.likelihoods import Poisson

rng = np.random.default_rng(0)
topics = rng.dirichlet(np.full(100, 0.1), size=2)
share, length = rng.uniform(size=(600, 1)), rng.lognormal(4, 0.7, size=(600, 1))
X = sparse.csr_array(rng.poisson(length * (share * topics[0] + (1 - share) * topics[1])))
how: dict[str, Any] = {
    "n_components": 1,
    "hidden_layer_sizes": (32,),
    "batch_size": 40,
    "max_epochs": 60,
    "learning_rate": 3e-3,
}
model = VAE(likelihood=Poisson(exposure="total"), random_state=0, **how).fit(X)
codes = model.transform(X)[:, 0]

# %%
# Correlations of the code.
print(f"with the share of the first topic {np.corrcoef(codes, share[:, 0])[0, 1]:.2f}")
print(f"with the length of the text       {np.corrcoef(codes, np.log(length[:, 0]))[0, 1]:.2f}")

# %%
# Each point is a text.
figure, ax = plt.subplots(figsize=(5, 4), layout="constrained")
points = ax.scatter(share, codes, c=np.log10(length), s=8, cmap="viridis", linewidths=0)
figure.colorbar(points, label="words, power of ten")
ax.set(xlabel="share of the first topic", ylabel="code")
