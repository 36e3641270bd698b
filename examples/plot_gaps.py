"""
Missing cells, filled
=====================

A third of the cells is missing. The mean of a column knows nothing of a row; a model fills what it does not see by what
it sees.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from vaekit import VAE
from vaekit.impute import VAEImputer

full = StandardScaler().fit_transform(load_breast_cancer(return_X_y=True)[0][:, :10])
is_missing = np.random.default_rng(0).random(full.shape) < 0.3
X = np.where(is_missing, np.nan, full)

model = VAE(n_components=5, max_epochs=150, random_state=0)
imputers = {"column means": SimpleImputer(), "VAEImputer": VAEImputer(model, n_importance_samples=200, random_state=0)}
filled = {name: imputer.fit_transform(X) for name, imputer in imputers.items()}

# %%
# Mean squared error in the missing cells, in units of each column's variance.
for name, values in filled.items():
    print(f"{name:13} {((values - full)[is_missing] ** 2).mean():.2f}")

# %%
# What was there, against what was put in its place.
figure, axes = plt.subplots(1, 2, sharey=True, figsize=(8, 4), layout="constrained")
for ax, (name, values) in zip(axes, filled.items()):
    ax.plot([-3, 3], [-3, 3], color="0.7", linewidth=1)
    ax.scatter(full[is_missing], values[is_missing], s=5, color="#0072b2", alpha=0.5, linewidths=0)
    ax.set(title=name, xlabel="true value", xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
axes[0].set_ylabel("filled in")
