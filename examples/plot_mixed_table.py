"""
Categories, dates and gaps: in as they are, and out
===================================================

A frame of customers with numbers, words, truths, counts, dates, and a tenth of the cells empty. Nothing is encoded by
hand; what the model makes is a frame of the same kind.
"""

from typing import Any

from vaekit import DPVAE
from vaekit.datasets import make_mixed_table
from vaekit.inspection import TableSamplesDisplay

table = make_mixed_table(800, missing=0.1, random_state=0)
X = table.data
model = DPVAE(n_components=2, max_epochs=80, missing_values="mask", random_state=0).fit(X)

# %%
# Codes, and how likely a row is, in nats.
print(model.transform(X).shape, f"score {model.score(X):.2f}")

# %%
# Rows that never were: with possible values, no gaps, and the types of the columns.
made: Any = model.sample(800, random_state=1)
print(made.head(3).to_string(index=False))

# %%
# Marginals of data and samples.
TableSamplesDisplay.from_arrays(table.complete, made).plot()

# %%
# How columns hang together, words and numbers side by side, and what the samples miss of it.
TableSamplesDisplay.from_arrays(table.complete, made).plot(kind="associations")
