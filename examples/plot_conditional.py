"""
Rows of one kind: samples with a condition
==========================================

`ConditionalVAE` learns p(x | y). Codes need not tell what y tells already, and samples are drawn for the y that is
asked for.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from vaekit import ConditionalVAE

X, y = load_digits(return_X_y=True)
model = ConditionalVAE(n_components=6, max_epochs=60, random_state=0).fit(X, y)
asked = np.repeat(np.arange(10), 8)
samples = model.sample(80, y=asked, random_state=0, noise=False)

# %%
# A classifier of digits reads from the samples what was asked for.
classifier = LogisticRegression(max_iter=2000).fit(X / 16, y)
print(f"read as asked: {(classifier.predict(samples / 16) == asked).mean():.0%} of 80")

# %%
# A column for each digit.
figure, axes = plt.subplots(8, 10, figsize=(6, 5), layout="constrained")
for ax, image in zip(axes.T.flat, samples):
    ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
    ax.set_axis_off()
