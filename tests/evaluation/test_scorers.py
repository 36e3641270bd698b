import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
import torch
from gaussian_worlds import four_dimensional_world
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vaekit.evaluation import get_unsupervised_scorer, get_unsupervised_scorer_names, nearest_neighbours

WORLD = four_dimensional_world()
X = WORLD.sample(80, random_state=1) + np.random.default_rng(1).normal(scale=0.5, size=(80, 4))
PIPELINE = make_pipeline(StandardScaler(), WORLD).fit(X)

# The scorers take few importance samples, and a search tries bad models.
pytestmark = pytest.mark.filterwarnings("ignore:.*effective sample size")


@pytest.mark.parametrize("name", get_unsupervised_scorer_names())
def test_every_scorer_is_a_number_and_always_the_same(name):
    scorer = get_unsupervised_scorer(name)
    first = scorer(WORLD, X)
    assert np.isfinite(first)
    assert scorer(WORLD, X, y="ignored") == first


@pytest.mark.parametrize("name", get_unsupervised_scorer_names())
def test_a_pipeline_is_scored_on_what_its_last_step_sees(name):
    scorer = get_unsupervised_scorer(name)
    assert scorer(PIPELINE, X) == pytest.approx(scorer(WORLD, PIPELINE[:-1].transform(X)), rel=1e-9)


CONTAINERS = {
    "frame": pd.DataFrame,
    "nullable frame": lambda X: pd.DataFrame(X).convert_dtypes(),
    "polars": lambda X: polars.DataFrame(X, schema=list("abcd")),
    "Arrow": lambda X: pyarrow.table(dict(zip("abcd", X.T))),
    "tensor": torch.from_numpy,
    "list": np.ndarray.tolist,
    "objects": lambda X: X.astype(object),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_containers(container):
    held = CONTAINERS[container](X)
    scorer = get_unsupervised_scorer("neg_nll")
    assert scorer(WORLD, held) == pytest.approx(scorer(WORLD, X), rel=1e-9)
    samples = WORLD.sample(20, random_state=0)
    assert nearest_neighbours(samples, held).share_closer == nearest_neighbours(samples, X).share_closer


def test_searches_choose_the_better_model():
    """The true spread of the prior against two false ones; every number but recall of the codes prefers it."""
    search = GridSearchCV(
        make_pipeline(WORLD),
        {"gaussianworld__spread": [0.05 * WORLD.spread, WORLD.spread, 20 * WORLD.spread]},
        scoring={name: get_unsupervised_scorer(name) for name in get_unsupervised_scorer_names()},
        refit="neg_nll",
        cv=2,
        error_score="raise",
    ).fit(X)
    for name in ("neg_nll", "neg_frechet_distance", "neg_symmetric_kl", "sample_coverage"):
        assert np.argmax(search.cv_results_[f"mean_test_{name}"]) == 1, name
    assert get_unsupervised_scorer("neg_nll")(search, X) == pytest.approx(
        get_unsupervised_scorer("neg_nll")(search.best_estimator_, X)
    )


def test_scorers_stand_beside_score():
    class Scored(type(WORLD)):
        def score(self, X, y=None):
            return self.exact_log_marginal(X).mean()

    world = Scored(**WORLD.get_params())
    results = cross_validate(
        world, X, scoring={"score": lambda e, X, y=None: e.score(X), "nll": get_unsupervised_scorer("neg_nll")}
    )
    np.testing.assert_allclose(results["test_nll"], results["test_score"], atol=0.02)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"neg_symmetric_kl.*got 'frechet_distance'"):
        get_unsupervised_scorer("frechet_distance")
