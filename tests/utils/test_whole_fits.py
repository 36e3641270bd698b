"""Estimators around others: a fit that is refused leaves the one before, training that ended early is kept."""

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture
from skorch.callbacks import Callback

from vaekit import VAE
from vaekit.impute import VAEImputer
from vaekit.outlier import VAEOutlierDetector
from vaekit.utils._whole_fits import attempted, is_fitted, reachable

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
ROWS = np.random.default_rng(0).normal(size=(30, 3))
ASKED = {"score_samples": VAEOutlierDetector, "transform": VAEImputer}
over_kinds = pytest.mark.parametrize("method", ASKED)


def tiny(**params):
    return VAE(
        **{"n_components": 2, "hidden_layer_sizes": (4,), "max_epochs": 2, "warmup": 0, "random_state": 0} | params
    )


def around(method, **params):
    few = {"n_importance_samples": 5} if method == "transform" else {}
    return ASKED[method](tiny(**params), random_state=0, **few)


def answer(model, method):
    rows = np.where(np.eye(30, 3) > 0, np.nan, ROWS) if method == "transform" else ROWS
    return getattr(model, method)(rows)


class Falling(Callback):
    """Fails after the first epoch."""

    def on_epoch_end(self, net, **kwargs):
        raise ZeroDivisionError


@over_kinds
@pytest.mark.parametrize("wrong", [ROWS[:4, :2], np.full((4, 2), np.inf), ROWS[:1]], ids=["few", "infinite", "one"])
def test_a_fit_that_is_refused_leaves_the_one_before(method, wrong):
    model = around(method, prior="post_hoc").fit(ROWS)
    before = answer(model, method)
    with pytest.raises(ValueError, match=r"codes|infinity|row|sample"):
        model.fit(wrong)
    np.testing.assert_array_equal(answer(model, method), before)
    assert model.n_features_in_ == 3


@over_kinds
def test_training_that_ended_early_is_kept(method):
    model = around(method, callbacks=[Falling()])
    with pytest.raises(ZeroDivisionError):
        model.fit(ROWS)
    expected = around(method, max_epochs=1).fit(ROWS)
    np.testing.assert_array_equal(answer(model, method), answer(expected, method))


def test_whether_there_is_something_to_ask():
    assert not is_fitted(around("transform"))
    assert is_fitted(around("transform").fit(ROWS))


def test_samples_that_a_density_cannot_take_are_refused_before_it_is_fitted():
    model = VAEOutlierDetector(GaussianMixture(), n_importance_samples=3)
    with pytest.raises(
        ValueError, match="'n_importance_samples' parameter is for models whose 'score_samples' takes it"
    ):
        model.fit(ROWS)
    assert not is_fitted(model)


class Unscored(GaussianMixture):
    """Has a density, and no memory left to tell it."""

    def score_samples(self, X):
        raise MemoryError


def test_a_density_that_was_fitted_is_handed_out_when_its_line_cannot_be_drawn():
    detector = VAEOutlierDetector(Unscored())
    with pytest.raises(MemoryError) as told:
        detector.fit(ROWS)
    assert is_fitted(told.value.fitted)
    assert not is_fitted(detector)


def test_an_attempt_is_a_result_or_a_text_and_passes_on_what_it_is_told_to():
    assert attempted(int, "3")[:2] == (3, None)
    assert attempted(int, "x").error.startswith("ValueError(")
    with pytest.raises(ValueError, match="invalid literal"):
        attempted(int, "x", passes_on=ValueError)


def test_an_error_names_where_the_work_is():
    with pytest.raises(KeyboardInterrupt) as told, reachable([1]):
        raise KeyboardInterrupt
    assert told.value.fitted == [1]
    assert "'fitted'" in told.value.__notes__[0]
