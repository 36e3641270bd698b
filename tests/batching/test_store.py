"""Rows that are equal are stored once, whoever brings them; nothing is kept for it."""

import gc
import weakref

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tiny_training import X, tiny

from vaekit import BetaVAE, batched_fits
from vaekit.batching._store import Store
from vaekit.engine import _many

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


def test_equal_bits_are_one_tensor():
    store, rows = Store(), torch.randn(50, 3, 4)
    assert store.one_of(rows) is rows
    assert store.one_of(rows.clone()) is rows
    assert store.one_of(rows[:]) is rows


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.index_put((torch.tensor(31), torch.tensor(1), torch.tensor(2)), torch.tensor(7.0)),
        lambda rows: rows[:-1],
        lambda rows: rows.double(),
        lambda rows: rows.view(50, 12),
        lambda rows: torch.where(rows == 0, -rows, rows),
        lambda rows: rows.mT,
    ],
)
def test_other_bits_are_another_tensor(change):
    store, rows = Store(), torch.arange(600.0).view(50, 3, 4)
    store.one_of(rows)
    other = change(rows.clone())
    assert store.one_of(other) is other


def test_what_nobody_holds_is_forgotten():
    store, rows = Store(), torch.zeros(4, 2)
    told = weakref.ref(store.one_of(rows))
    del rows
    gc.collect()
    assert told() is None
    rows = torch.zeros(4, 2)
    assert store.one_of(rows) is rows


def test_folds_of_a_search_are_stored_once(monkeypatch):
    held, take = [], _many._Together.run
    monkeypatch.setattr(_many, "FEWEST_STEPS", 0)
    monkeypatch.setattr(
        _many._Together, "run", lambda self: held.extend(m.epoch.rows.values for m in self.members) or take(self)
    )
    search = GridSearchCV(tiny(BetaVAE, max_epochs=1), {"beta": [1, 2, 3]}, cv=KFold(5), refit=False)
    with batched_fits():
        search.fit(X)
        assert (len(held), len({id(values) for values in held})) == (15, 5)
        held.clear()
        scaled = GridSearchCV(make_pipeline(StandardScaler(), tiny(BetaVAE, max_epochs=1)), {"betavae__beta": [1, 2]},
                              cv=KFold(5), refit=False)  # fmt: skip
        scaled.fit(np.asarray(X, dtype=np.float32))
    assert (len(held), len({id(values) for values in held})) == (10, 5)
