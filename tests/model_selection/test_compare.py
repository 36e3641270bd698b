"""Models side by side: the same rows and seeds for all, and what is told from luck."""

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import ttest_rel
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

from vaekit import VAE, BetaVAE
from vaekit.metrics import gaussian_total_correlation_scorer
from vaekit.model_selection import Comparison, ComparisonRun, compare
from vaekit.persistence import Checkpoint

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
X, Y = load_iris(return_X_y=True)
QUICK = {"n_components": 2, "max_epochs": 1}


def scores_of(table, overlap=0.0):
    runs = [
        ComparisonRun(name, seed, "score", score, 0.0) for name, row in table.items() for seed, score in enumerate(row)
    ]
    return Comparison(runs, overlap)


def test_every_score_is_that_of_a_fit_by_hand():
    comparison = compare({"pca": PCA(2), "vae": VAE(**QUICK)}, X, seeds=[3, 7])
    for number, seed in enumerate([3, 7]):
        train, test = train_test_split(X, test_size=0.25, random_state=seed)
        for name, model in (("pca", PCA(2)), ("vae", VAE(**QUICK, random_state=seed))):
            told = comparison.scores["score"][comparison.models.index(name), number]
            assert told == model.fit(train).score(test)
    assert comparison.seeds == [3, 7]


def test_jobs_change_nothing():
    models = {beta: BetaVAE(beta=beta, **QUICK) for beta in (1, 4)}
    together, apart = (compare(models, X, seeds=2, n_jobs=jobs) for jobs in (None, 1))
    assert_array_equal(together.scores["score"], apart.scores["score"])


def test_labels_reach_fits_and_scorers():
    models = {"lda": LinearDiscriminantAnalysis(), "search": GridSearchCV(
        make_pipeline(StandardScaler(), LinearDiscriminantAnalysis()), {"lineardiscriminantanalysis__tol": [1e-3]}, cv=2
    )}  # fmt: skip
    comparison = compare(models, X, Y, scorers=["accuracy", "balanced_accuracy"], seeds=2)
    assert list(comparison.scores) == ["accuracy", "balanced_accuracy"]
    assert comparison.scores["accuracy"].min() > 0.8


def test_scorers_of_ours_and_no_held_out_rows():
    comparison = compare([PCA(2)], X, scorers={"tc": gaussian_total_correlation_scorer}, seeds=3, test_size=0)
    assert_array_equal(comparison.scores["tc"], np.full((1, 3), comparison.scores["tc"][0, 0]))
    assert comparison.overlap == 0


def test_a_list_is_named_by_what_differs():
    models = [BetaVAE(beta=1), BetaVAE(beta=4), PCA(2)]
    assert compare([model.set_params(n_components=2) for model in models], X, seeds=1).models[2] == "PCA"
    assert compare([PCA(1), PCA(2)], X, seeds=1).models == ["PCA(n_components=1)", "PCA(n_components=2)"]
    with pytest.raises(ValueError, match="twice"):
        compare([PCA(2), PCA(2)], X)


def test_differences_are_paired():
    rng = np.random.default_rng(0)
    luck = 10 * rng.normal(size=6)
    table = {"a": luck, "b": luck + 1 + 0.1 * rng.normal(size=6)}
    (found,) = scores_of(table).paired()
    expected = ttest_rel(table["b"], table["a"])
    assert_allclose(found.p_value, expected.pvalue)
    assert_allclose([found.mean, found.mean / found.standard_error], [np.mean(table["b"] - luck), expected.statistic])
    assert (found.wins, found.n_seeds) == (6, 6)
    assert scores_of(table).paired("b")[0].mean == -found.mean


def test_rows_that_trainings_share_are_no_evidence():
    table = {"a": [0, 0, 0, 0], "b": [1, 2, 3, 4]}
    plain, corrected = (scores_of(table, overlap).paired()[0] for overlap in (0, 1 / 3))
    assert_allclose(corrected.standard_error / plain.standard_error, np.sqrt((1 / 4 + 1 / 3) * 4))
    assert corrected.p_value > plain.p_value


def test_what_never_differs_is_certain():
    found = scores_of({"a": [1, 2], "b": [1, 2], "c": [2, 3]}).paired()
    assert [one.p_value for one in found] == [1, 0]


def test_tables():
    comparison = compare([PCA(2), FactorAnalysis(2)], X, seeds=3)
    frame = comparison.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == ["model", "seed", "scorer", "score", "fit_time"]
    means = frame.groupby("model", sort=False).score.mean()
    assert_allclose(comparison.summary()["score", "mean"], means)
    assert len(repr(comparison).splitlines()) == 3
    assert "FactorAnalysis" in comparison._repr_html_()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: compare({}, X), "'models'"),
        (lambda: compare([PCA()], X, seeds=0), "'seeds'"),
        (lambda: compare([PCA()], X, seeds=[1, 1]), "'seeds'"),
        (lambda: compare([PCA(2)], X, seeds=1).paired(), "'seeds'"),
        (lambda: scores_of({"a": [1, 2], "b": [1, 2]}).paired("z"), "'reference'"),
    ],
)
def test_bad_calls(call, words):
    with pytest.raises(ValueError, match=words):
        call()


class NeverFitted(PCA):
    def fit(self, X, y=None):
        raise AssertionError


@pytest.mark.parametrize("scorers", ["nonsense", ["accuracy", "nonsense"], {"own": "nonsense"}])
def test_scorers_are_looked_at_before_anything_is_fitted(scorers):
    with pytest.raises(ValueError, match=r"'scorers'.*nonsense"):
        compare([NeverFitted()], X, scorers=scorers)
    with pytest.raises(TypeError, match=r"'scorers'.*'score' method"):
        compare([NeverFitted(), KMeansWithoutScore()], X)


class KMeansWithoutScore(NeverFitted):
    score = property(doc="It has none.")


# ---------------------------------------------------------------------- what fails


def failing(model, X, y=None):
    """A score that models of two components have not."""
    if model.n_components_ == 2:
        raise FloatingPointError("no score of two")
    return 1.0


def test_a_score_that_fails_costs_no_other():
    scorers = {"own": PCA.score, "failing": failing}
    with pytest.warns(UserWarning, match="score 'failing' of 'two' with seed 1 failed, and counts as nan.*no score of"):
        comparison = compare({"one": PCA(1), "two": PCA(2)}, X, scorers=scorers, seeds=3)
    assert_array_equal(comparison.scores["failing"], [[1] * 3, [np.nan] * 3])
    assert_array_equal(comparison.scores["own"], compare({"one": PCA(1), "two": PCA(2)}, X, seeds=3).scores["score"])
    lone = compare({"one": PCA(1), "two": PCA(2)}, X, scorers=failing, seeds=2, error_score=-5)
    assert_array_equal(lone.scores["failing"], [[1, 1], [-5, -5]])


@pytest.mark.parametrize("n_jobs", [None, 1])
def test_a_fit_that_fails_costs_no_other(n_jobs):
    models = {"good": PCA(2), "bad": PCA(99)}
    with pytest.warns(
        FitFailedWarning, match="The fit of 'bad' with seed 0 failed, and counts as nan.*n_components=99"
    ):
        comparison = compare(models, X, seeds=2, n_jobs=n_jobs)
    assert_array_equal(np.isnan(comparison.scores["score"]), [[False] * 2, [True] * 2])
    assert "nan" in repr(comparison)
    (found,) = comparison.paired()
    assert found.n_seeds == 0
    assert np.isnan([found.mean, found.standard_error, found.p_value]).all()
    with pytest.raises(ValueError, match="n_components=99"):
        compare(models, X, seeds=2, n_jobs=n_jobs, error_score="raise")


def test_where_nothing_succeeds_it_says_why():
    with pytest.raises(ValueError, match=r"No model could be fitted and scored: .*n_components=99"):
        compare([PCA(99)], X, seeds=2)


@pytest.mark.parametrize("error_score", ["nan", True])
def test_an_error_score_is_a_number(error_score):
    with pytest.raises(ValueError, match="'error_score' parameter must be 'raise' or a number"):
        compare([PCA(99)], X, error_score=error_score)


def test_differences_are_of_seeds_that_both_have():
    known = scores_of({"a": [1, 2, 4], "b": [2, 4, 5]}).paired()
    assert scores_of({"a": [1, np.nan, 2, 4], "b": [2, 7, 4, 5]}).paired() == known


class Counting(Callback):
    """Counts what is trained anywhere."""

    n_epochs = 0

    def on_epoch_end(self, net, **kwargs):
        type(self).n_epochs += 1


def test_a_comparison_that_was_killed_goes_on_from_the_fits_that_had_ended(tmp_path):
    how = {"checkpoint": Checkpoint(tmp_path, shared=True), "callbacks": [Counting()]}
    models, scored = {"one": VAE(**QUICK, **how), "two": VAE(**QUICK, **how, learning_rate=1e-2)}, []

    def killed(model, X, y=None):
        scored.append(model)
        if len(scored) == 3:
            raise KeyboardInterrupt
        return model.score(X)

    with pytest.raises(KeyboardInterrupt):
        compare(models, X, seeds=2, scorers=killed, n_jobs=1)
    comparison = compare(models, X, seeds=2, scorers=killed)
    assert Counting.n_epochs == 4
    plain = {name: model.set_params(checkpoint=None) for name, model in models.items()}
    assert_array_equal(comparison.scores["killed"], compare(plain, X, seeds=2).scores["score"])
