import numpy as np
import pytest
from gaussian_worlds import four_dimensional_world
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit.evaluation import collapse_report, generation_report, get_unsupervised_scorer, symmetric_kl
from vaekit.evaluation._fitted import look_through
from vaekit.exceptions import MissingMethodError
from vaekit.model_selection import UDRSearch

WORLD = four_dimensional_world()
X = WORLD.sample(60, random_state=1)
LABELS = np.arange(60) % 2
SCALED = StandardScaler().fit_transform(X)
GRID, NLL = {"scale": [WORLD.scale]}, get_unsupervised_scorer("neg_nll")


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), WORLD),
        make_pipeline(StandardScaler(), WORLD, LogisticRegression()),
        make_pipeline(StandardScaler(), WORLD, StandardScaler(), LogisticRegression()),
        make_pipeline(make_pipeline(StandardScaler(), WORLD), LogisticRegression()),
        GridSearchCV(
            make_pipeline(StandardScaler(), WORLD, LogisticRegression()), {"logisticregression__C": [1]}, cv=2
        ),
        make_pipeline(
            StandardScaler(), GridSearchCV(WORLD, GRID, scoring=lambda model, X, y: 0, cv=2), LogisticRegression()
        ),
    ],
    ids=["last", "classified", "scaled and classified", "nested", "searched", "a search inside"],
)
def test_the_model_is_found_behind_what_follows_and_precedes_it(estimator):
    estimator.fit(X, LABELS)
    model, seen = look_through(estimator, X)
    assert type(model) is type(WORLD)
    np.testing.assert_allclose(seen, SCALED)
    assert symmetric_kl(estimator, X, 100, random_state=0) == symmetric_kl(WORLD, SCALED, 100, random_state=0)


def test_a_pipeline_without_a_model_is_its_last_step():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, LABELS)
    assert look_through(pipeline, X)[0] is pipeline[-1]
    with pytest.raises(
        MissingMethodError, match=r"Nothing can be measured of LogisticRegression.*LogisticRegression has not"
    ):
        generation_report(pipeline, X)


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(WORLD, GRID, scoring=lambda model, X: 0, cv=2),
        GridSearchCV(WORLD, GRID, scoring=lambda model, X: 0, cv=2, refit=False).fit(X),
        UDRSearch(WORLD, GRID),
        make_pipeline(StandardScaler().fit(X), GridSearchCV(WORLD, GRID), LogisticRegression()),
    ],
    ids=["unfitted", "not refitted", "unfitted ranking", "unfitted inside"],
)
def test_a_search_without_a_best_model_says_what_to_do(search):
    with pytest.raises(NotFittedError, match="best_estimator_ to measure: fit it, with refit=True"):
        collapse_report(search, X)
