"""Which types a file of skops may hold: what pipelines and searches are made of, and nothing that could do harm."""

import importlib
import warnings

import numpy as np
import pytest
import skops.io
from sklearn.compose import make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer, get_scorer_names, make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, PredefinedSplit, RepeatedKFold, StratifiedGroupKFold
from sklearn.neighbors import BallTree, KDTree, KernelDensity, KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils import all_estimators

import vaekit.evaluation
import vaekit.metrics
from tests.helpers.family import X, same_bits, tiny
from vaekit.exceptions import UnreadableFileError
from vaekit.persistence import load, save, trusted_types
from vaekit.persistence._neighbours import with_sound_trees
from vaekit.priors import PostHoc

Y = np.arange(len(X)) % 2
TREES = {"sklearn.tree._tree.Tree", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"}
OF_OTHERS = {"scipy.interpolate._bsplines.BSpline", "scipy._lib.array_api_compat.numpy._aliases.asarray"}


def foreign(value):
    """Types of the file of an object that `load` would refuse."""
    return set(skops.io.get_untrusted_types(data=skops.io.dumps(value))) - set(trusted_types())


def test_what_is_trusted_is_there():
    for path in trusted_types():
        module, _, name = path.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name)), path


def test_types_that_run_code_of_others_are_not_trusted():
    assert not any(path.endswith("Custom") for path in trusted_types())
    assert {path.split(".")[0] for path in trusted_types()} == {"vaekit", "sklearn", "numpy"}
    assert not TREES & set(trusted_types())


@pytest.mark.parametrize("kind", ["classifier", "regressor", "cluster", "transformer"])
def test_estimators_of_scikit_learn_are_kept(kind):
    """All that learn from such a table, but for trees and what splines of scipy's are made of."""
    n_kept, rows = 0, np.abs(X[:20])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, cls in all_estimators(kind):
            cheap = {name: 2 for name in ("max_iter", "n_estimators") if name in cls._get_param_names()}
            try:
                content = skops.io.dumps(cls(**cheap).fit(rows, Y[:20]))
            except (TypeError, ValueError, AttributeError):
                continue  # it wants other rows, or has no place in any file of skops
            found = set(skops.io.get_untrusted_types(data=content)) - set(trusted_types())
            assert found <= TREES | OF_OTHERS, (name, found)
            n_kept += not found
    assert n_kept >= 10


SCORERS = {
    **{name: get_scorer(name) for name in get_scorer_names()},
    **{f"metrics {name}": vaekit.metrics.get_scorer(name) for name in vaekit.metrics.get_scorer_names()},
    **{
        f"evaluation {name}": vaekit.evaluation.get_unsupervised_scorer(name)
        for name in vaekit.evaluation.get_unsupervised_scorer_names()
    },
    "made": make_scorer(roc_auc_score, max_fpr=0.5),
}


def test_scorers_splitters_and_selectors_are_kept():
    splitters = [KFold(2), RepeatedKFold(n_splits=2), StratifiedGroupKFold(2), PredefinedSplit(Y)]
    for value in [*SCORERS.values(), *splitters, make_column_selector(dtype_include="number")]:
        assert not foreign(value), value


@pytest.mark.parametrize("scoring", ["accuracy", {"by": "roc_auc", "other": make_scorer(roc_auc_score)}])
def test_a_search_with_a_score_comes_back(scoring, tmp_path):
    pipeline = make_pipeline(tiny("VAE"), LogisticRegression())
    search = GridSearchCV(
        pipeline,
        {"vae__n_components": [1, 2]},
        cv=2,
        scoring=scoring,
        refit="by" if isinstance(scoring, dict) else True,
    )
    save(search.fit(X, Y), tmp_path / "search")
    other = load(tmp_path / "search")
    assert same_bits(other.predict_proba(X), search.predict_proba(X))
    assert other.score(X, Y) == search.score(X, Y)


def test_a_search_by_disentanglement_comes_back(tmp_path):
    factors = (X[:, :2] > 0).astype(int)
    search = GridSearchCV(tiny("BetaVAE"), {"beta": [1, 4]}, cv=2, scoring=vaekit.metrics.get_scorer("mig"))
    save(search.fit(X, factors), tmp_path / "search")
    assert load(tmp_path / "search").score(X, factors) == search.score(X, factors)


def test_trees_are_kept_for_those_who_trust_them(tmp_path):
    pipeline = make_pipeline(tiny("VAE"), HistGradientBoostingClassifier(max_iter=3)).fit(X, Y)
    with pytest.warns(UserWarning, match=r"takes only where it is told that you trust them: load\(path, trusted=\["):
        save(pipeline, tmp_path / "trees")
    with pytest.raises(UnreadableFileError, match=r"say load\(path, trusted=\['sklearn.ensemble.*TreePredictor'\]"):
        load(tmp_path / "trees")
    assert same_bits(load(tmp_path / "trees", trusted=sorted(TREES)).predict_proba(X), pipeline.predict_proba(X))


# ---------------------------------------------------------------------- trees of neighbours

TREES_OF_NEIGHBOURS = {
    "ball": lambda points: BallTree(points, leaf_size=3),
    "kd": lambda points: KDTree(points, leaf_size=3, metric="chebyshev"),
    "weighted": lambda points: KDTree(points, metric="minkowski", p=3, sample_weight=np.arange(1.0, 1 + len(points))),
}


@pytest.mark.parametrize("name", TREES_OF_NEIGHBOURS)
def test_a_sound_tree_stays_what_it_is(name):
    tree = TREES_OF_NEIGHBOURS[name](X)
    held = [np.array(array) for array in tree.get_arrays()]
    density = tree.kernel_density(X[:5], 1.0)
    with_sound_trees({"of": [(tree,)]})
    assert all(same_bits(array, np.array(one)) for array, one in zip(held, tree.get_arrays()))
    assert same_bits(tree.kernel_density(X[:5], 1.0), density)


def forged(tree):
    """Let all nodes of a tree point far beyond its points; whoever follows them is ended by the system."""
    state = list(tree.__getstate__())
    nodes = state[2].copy()
    nodes["idx_start"], nodes["idx_end"], nodes["is_leaf"] = 5 * 10**8, 10**9, 1
    state[2] = nodes
    tree.__setstate__(tuple(state))


def test_a_forged_tree_leads_nowhere(tmp_path):
    pipeline = make_pipeline(tiny("VAE"), KNeighborsClassifier(algorithm="ball_tree")).fit(X, Y)
    expected = pipeline.predict(X)
    forged(pipeline[-1]._tree)
    save(pipeline, tmp_path / "pipeline")
    assert same_bits(load(tmp_path / "pipeline").predict(X), expected)

    model = tiny("VAE", prior=PostHoc(estimator=KernelDensity())).fit(X)
    expected = model.log_prior(model.transform(X))
    forged(model.model_.module.prior.fitted.tree_)
    save(model, tmp_path / "model")
    other = load(tmp_path / "model")
    assert same_bits(other.log_prior(other.transform(X)), expected)
