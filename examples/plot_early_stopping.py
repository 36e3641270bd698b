"""
When to stop
============

With `early_stopping=True` a tenth of the rows is held out, training ends when they no longer gain, and the best epoch
is kept. Without it, a small table is learned by heart.
"""

from typing import Any

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from vaekit import VAE
from vaekit.inspection import LossCurveDisplay

X = load_diabetes(return_X_y=True)[0]
train, test = train_test_split(X, random_state=0)
how: dict[str, Any] = {"n_components": 4, "batch_size": 32, "learning_rate": 3e-3, "max_epochs": 300, "random_state": 0}
models = {
    "300 epochs": VAE(**how).fit(train),
    "stopped": VAE(early_stopping=True, validation_fraction=0.2, **how).fit(train),
}

# %%
# Nats per row, on rows of the training and on others.
for name, model in models.items():
    print(f"{name:10} {len(model.history_):3d} epochs, train {model.score(train):.2f}, test {model.score(test):.2f}")

# %%
# Losses of both parts; grey is the warm-up.
LossCurveDisplay.from_estimator(models["stopped"]).plot()
