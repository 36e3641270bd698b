"""
What a latent does to an image
==============================

Squares that move, grow and brighten. Along each row one latent changes and the others stay: the most informative first,
with the nats that it carries. Those that carry nothing are folded away.
"""

from vaekit import BetaVAE
from vaekit.datasets import make_xy_squares
from vaekit.inspection import SamplesDisplay, TraversalDisplay
from vaekit.likelihoods import Normal

squares = make_xy_squares()
X = squares.images
model = BetaVAE(
    beta=2,
    n_components=6,
    likelihood=Normal(scale=0.1),
    batch_size=32,
    learning_rate=2e-3,
    max_epochs=100,
    random_state=0,
).fit(X)

# %%
# Four factors made these images.
print(f"{model.active_components_.sum()} latents are awake; nats each:", model.kl_per_component_.round(1))

# %%
# From left to right through 95% of the prior.
TraversalDisplay.from_estimator(model, X, row=200).plot()

# %%
# Data beside samples.
SamplesDisplay.from_estimator(model, X, random_state=0).plot()
