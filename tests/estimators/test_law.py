"""The law of the defaults: held-out densities are those of principal components or better, on tables of any kind."""

import functools

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.model_selection import KFold, cross_val_score
from sklearn.preprocessing import StandardScaler

from vaekit import DPVAE, VAE, BetaVAE, batched_fits

TABLES = {"iris": load_iris, "wine": load_wine, "breast cancer": load_breast_cancer, "diabetes": load_diabetes}
FOLDS = KFold(3, shuffle=True, random_state=0)


def standardized(table):
    return StandardScaler().fit_transform(TABLES[table]().data)


@functools.cache
def held_out(estimator, table, **params):
    """Nats per row, a number for each fold; the folds of one of ours are fitted together, as they are alone."""
    with batched_fits():
        return cross_val_score(estimator(n_components=2, **params), standardized(table), cv=FOLDS)


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.UnfinishedTrainingWarning")  # a fold of iris is one batch
@pytest.mark.parametrize(
    ("estimator", "table"), [*((VAE, table) for table in TABLES), (DPVAE, "wine"), (DPVAE, "breast cancer")]
)
def test_defaults_are_not_behind_principal_components(estimator, table):
    assert held_out(estimator, table, random_state=0).mean() > held_out(PCA, table).mean() - 1


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.UnfinishedTrainingWarning")
@pytest.mark.parametrize("table", ["iris", "wine"])
def test_nor_is_a_beta_of_1_which_is_the_same_model(table):
    np.testing.assert_array_equal(
        held_out(BetaVAE, table, beta=1, random_state=0), held_out(VAE, table, random_state=0)
    )


@pytest.mark.filterwarnings("error::vaekit.exceptions.VaekitWarning")  # nor is it said that training was not over
@pytest.mark.parametrize("estimator", [VAE, DPVAE])
def test_nor_are_they_on_images(estimator):
    """On one fold: ten or more nats above, where folds differ by two."""
    X = load_digits().data / 16
    train, test = next(FOLDS.split(X))
    score = estimator(n_components=10, random_state=0).fit(X[train]).score(X[test])
    assert score > PCA(10).fit(X[train]).score(X[test]) - 1


@pytest.mark.parametrize("table", ["iris", "wine"])
def test_the_linear_model_comes_to_the_best_of_its_kind_from_below(table):
    """Probabilistic PCA has the largest likelihood that a linear model can have on its training rows."""
    X = standardized(table)
    model = VAE(n_components=2, hidden_layer_sizes=(), learning_rate=1e-2, max_epochs=1000, random_state=0).fit(X)
    assert 0 < PCA(2).fit(X).score(X) - model.score(X) < 0.1
