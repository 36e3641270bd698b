"""
A direction that means something
================================

The mean code of rows with an attribute, less that of rows without: added to a code, it gives a row the attribute.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from vaekit import VAE
from vaekit.inspection import AttributeDisplay, attribute_vector

X, y = load_digits(return_X_y=True)
X, y = X[np.isin(y, [3, 8])], y[np.isin(y, [3, 8])]
model = VAE(n_components=6, max_epochs=200, random_state=0).fit(X)
direction = attribute_vector(model, X, y == 8)

# %%
# How many threes a classifier of images takes for eights, before and after.
classifier = LogisticRegression(max_iter=1000).fit(X / 16, y)
codes = model.transform(X[y == 3])
for strength in (0, 1, 2):
    changed = model.inverse_transform(codes + strength * direction)
    print(f"strength {strength}: {(classifier.predict(changed / 16) == 8).mean():.0%}")

# %%
# Five threes on their way.
AttributeDisplay.from_estimator(model, X, y == 8, name="eight", image_shape=(8, 8)).plot()
