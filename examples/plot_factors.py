"""
Which code is which factor
==========================

Where the factors of images are known, a disentangled representation has one dark cell in each row and column: a code
that tells one factor, and nothing else.
"""

from vaekit import BetaTCVAE
from vaekit.datasets import make_xy_squares
from vaekit.inspection import FactorCodeDisplay
from vaekit.likelihoods import Normal
from vaekit.metrics import dci_scores, mig_score

squares = make_xy_squares()
X, factors = squares.images, squares.factors
model = BetaTCVAE(
    beta=4,
    n_components=6,
    likelihood=Normal(scale=0.1),
    batch_size=32,
    learning_rate=2e-3,
    max_epochs=100,
    random_state=0,
).fit(X)
codes = model.transform(X)

# %%
# Two scores in [0, 1] that say it in a number.
print(f"mutual information gap {mig_score(factors, codes):.2f}")
print(f"DCI disentanglement    {dci_scores(factors, codes).disentanglement:.2f}")

# %%
# Mutual information, and how much trees that predict a factor use each code. Size has a code of its own, x and y
# lean to one each, and intensity is spread over all: the scores are low, and the picture says why.
FactorCodeDisplay.from_arrays(factors, codes, factor_names=squares.factor_names).plot()
