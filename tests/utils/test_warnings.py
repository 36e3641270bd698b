"""Warnings that point at the line of the caller's, however deep in the libraries they arise."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from vaekit import VAE
from vaekit.metrics import frechet_distance
from vaekit.utils._warnings import warn_user

X = np.random.default_rng(0).normal(size=(20, 3))
SHORT = VAE(n_components=2, max_epochs=1, warmup=1000, random_state=0)

CALLS = {
    "itself": lambda: warn_user("beware"),
    "a metric": lambda: frechet_distance(X[:3], X[:3]),
    "a fit": lambda: SHORT.fit(X),
    "a search": lambda: GridSearchCV(SHORT, {"n_components": [2]}, cv=2).fit(X),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_warning_points_at_the_users_line(call):
    with pytest.warns() as caught:
        call()
    assert {warning.filename for warning in caught} == {__file__}
