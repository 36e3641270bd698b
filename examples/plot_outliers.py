"""
Rows that do not belong, explained
==================================

One cell of each of thirty patients is exchanged for that of another: every value is in the range of its column, and
wrong beside the others. A forest that looks at columns one at a time sees nothing; a density does, and says which cell.
"""

from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from vaekit import VAE
from vaekit.inspection import OutlierScoresDisplay
from vaekit.outlier import VAEOutlierDetector

patients: Any = load_breast_cancer(as_frame=True)
table = patients.data.iloc[:, :10]  # ten means of each cell nucleus
train, test = table[::2], table[1::2].copy()
rng = np.random.default_rng(0)
planted = rng.choice(len(test), 30, replace=False)
column = rng.choice([0, 2, 3], 30)  # radius, perimeter, area: one tells the others
values = test.to_numpy().copy()
for row, j in zip(planted, column):
    candidates = table.to_numpy()[:, j]
    values[row, j] = rng.choice(candidates[np.abs(candidates - values[row, j]) > candidates.std()])
test[:] = values
is_planted = np.isin(np.arange(len(test)), planted)

# %%
# Area under the curve: 0.5 is guessing.
forest = IsolationForest(random_state=0).fit(train)
detector = VAEOutlierDetector(VAE(n_components=5, max_epochs=200, random_state=0)).fit(train)
for name, model in {"isolation forest": forest, "density": detector}.items():
    print(f"{name:17} AUC {roc_auc_score(~is_planted, model.score_samples(test)):.2f}")

# %%
# Of the planted cells, how many are named as the one that is wrong?
named = detector.explain(test[is_planted]).to_numpy().argmin(axis=1)
right = named == column[np.argsort(planted)]
print(f"named right: {right.sum()} of {len(right)}")

# %%
# Scores of all rows, and the worst of them with the columns that make them so.
OutlierScoresDisplay.from_estimator(detector, test, y=np.where(is_planted, -1, 1), n_rows=6).plot()
