"""
The scale of the likelihood: how exact is exact
===============================================

`Normal(scale=0.1)` says that values are told to within a tenth. A smaller scale pays for finer reconstructions with
more nats of code; a scale that is found (the default) is the one that the data deserve.
"""

from typing import Any

from sklearn.datasets import load_digits

from vaekit import VAE, fit_many
from vaekit.inspection import ReconstructionDisplay
from vaekit.likelihoods import Normal

X = load_digits(return_X_y=True)[0] / 16
scales = {"0.5": Normal(scale=0.5), "0.1": Normal(scale=0.1), "found": Normal()}
how: dict[str, Any] = {"n_components": 8, "max_epochs": 40, "random_state": 0}
models = fit_many([VAE(likelihood=scale, **how) for scale in scales.values()], X)

# %%
# Nats that a code carries, and the mean squared error of what it decodes to.
for name, model in zip(scales, models):
    error = ((model.inverse_transform(model.transform(X)) - X) ** 2).mean()
    print(f"scale {name:5}: {model.kl_per_component_.sum():5.1f} nats, error {error:.4f}, score {model.score(X):7.1f}")

# %%
# Too large a scale: every digit becomes a cloud.
ReconstructionDisplay.from_estimator(models[0], X, image_shape=(8, 8)).plot()

# %%
# The scale that was found.
ReconstructionDisplay.from_estimator(models[-1], X, image_shape=(8, 8)).plot()
