"""
Synthetic rows, and what they are worth
=======================================

Rows to share in place of data: are they like them, useful like them, and copies of none? Each number stands beside the
one that held-out rows get in the samples' place.
"""

from typing import Any

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from vaekit import DPVAE
from vaekit.evaluation import table_report
from vaekit.inspection import TableSamplesDisplay

patients: Any = load_breast_cancer(as_frame=True)
table = patients.data[["mean radius", "mean texture", "mean smoothness"]]
table = table.assign(target=patients.target.map({0: "malignant", 1: "benign"}).astype("category"))
train, test = train_test_split(table, random_state=0)
model = DPVAE(n_components=3, max_epochs=150, random_state=0).fit(train)
samples = model.sample(len(train), random_state=1)

# %%
# `use` is how well a forest that learned from samples alone tells real tumours apart.
report = table_report(train, test, samples, target="target", random_state=0)
print(report.to_frame().round(3).to_string())

# %%
# Pairs of columns, data and samples.
TableSamplesDisplay.from_arrays(train, samples).plot(kind="pairs")
